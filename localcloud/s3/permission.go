package s3

import (
	"context"
	"errors"
	"net/url"
	"os"

	"newsfeed/localcloud/endpoint"
)

// refused words an action that the caller may not take, as S3 does: 403, and its
// own resources in quotes.
func refused(err error) error {
	var denied *endpoint.Denied
	if errors.As(err, &denied) {
		return failure(403, "AccessDenied", denied.Error())
	}
	return err
}

func quoted(err error) error {
	var denied *endpoint.Denied
	if errors.As(err, &denied) {
		denied.Resource = `"` + denied.Resource + `"`
	}
	return refused(err)
}

func (b *bucket) arn() string { return "arn:aws:s3:::" + b.name }

// permit asks for an action on an object.
func (b *bucket) permit(ctx context.Context, action, key string) error {
	return quoted(endpoint.Permit(ctx, action, b.arn()+"/"+key, nil))
}

// mayWrite asks for a new object, and for the bucket's key to encrypt it with.
func (b *bucket) mayWrite(ctx context.Context, key string) error {
	if err := b.permit(ctx, "s3:PutObject", key); err != nil {
		return err
	}
	return refused(endpoint.PermitKey(ctx, b.arn()+"/"+key, "kms:GenerateDataKey"))
}

// mayList asks for the bucket's keys, or whether it is there.
func (b *bucket) mayList(ctx context.Context, query url.Values) error {
	conditions := map[string]string{}
	for _, name := range []string{"prefix", "delimiter", "max-keys"} {
		if query.Has(name) {
			conditions["s3:"+name] = query.Get(name)
		}
	}
	return quoted(endpoint.Permit(ctx, "s3:ListBucket", b.arn(), conditions))
}

// read opens an object, and asks for the bucket's key where the content is read:
// HeadObject needs it only for checksums. Without the object: 404 for who may list
// the bucket, 403 for others, who shall not learn of it (S3 API, HeadObject and
// GetObject: Permissions).
func (b *bucket) read(ctx context.Context, key string, content bool) (*object, *os.File, error) {
	if err := b.permit(ctx, "s3:GetObject", key); err != nil {
		return nil, nil, err
	}
	o, f, err := b.open(key)
	if err != nil {
		return nil, nil, err
	}
	if o == nil {
		if err := b.mayList(ctx, nil); err != nil {
			return nil, nil, err
		}
		return nil, nil, errNoKey
	}
	if content {
		if err := endpoint.PermitKey(ctx, b.arn()+"/"+key, "kms:Decrypt"); err != nil {
			f.Close()
			return nil, nil, refused(err)
		}
	}
	return o, f, nil
}
