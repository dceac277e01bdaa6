package rollout

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"newsfeed/infra"
)

// Binary is a build of the app.
type Binary struct {
	Path   string
	Digest string // SHA-256, in hex
}

// OpenBinary reads the file's digest.
func OpenBinary(path string) (Binary, error) {
	file, err := os.Open(path)
	if err != nil {
		return Binary{}, fmt.Errorf("the binary is missing: %w: build it: make programs", err)
	}
	defer file.Close()
	sum := sha256.New()
	if _, err := io.Copy(sum, file); err != nil {
		return Binary{}, err
	}
	return Binary{path, hex.EncodeToString(sum.Sum(nil))}, nil
}

// Release is how the binary stands in a stack's file.
func (b Binary) Release(name string) infra.Release {
	return infra.Release(name + "@sha256:" + b.Digest)
}

// Objects is what an upload needs of S3: *s3.Client.
type Objects interface {
	HeadObject(context.Context, *s3.HeadObjectInput, ...func(*s3.Options)) (*s3.HeadObjectOutput, error)
	PutObject(context.Context, *s3.PutObjectInput, ...func(*s3.Options)) (*s3.PutObjectOutput, error)
}

// Upload keeps the binary in the bucket under its digest. One that is there already
// is not sent again: what a key holds never changes. S3 checks the digest of what it
// receives.
func (b Binary) Upload(ctx context.Context, objects Objects, bucket string) (sent bool, err error) {
	key := infra.ReleaseKey(b.Digest)
	_, err = objects.HeadObject(ctx, &s3.HeadObjectInput{Bucket: &bucket, Key: &key})
	if err == nil {
		return false, nil
	}
	file, err := os.Open(b.Path)
	if err != nil {
		return false, err
	}
	defer file.Close()
	_, err = objects.PutObject(ctx, &s3.PutObjectInput{Bucket: &bucket, Key: &key, Body: file, ChecksumAlgorithm: types.ChecksumAlgorithmSha256,
		ContentType: aws.String("application/octet-stream")})
	if missing := (*types.NoSuchBucket)(nil); errors.As(err, &missing) {
		return false, fmt.Errorf("there is no bucket %s yet: it comes with the stack, which without a release has no instances: make deploy first, "+
			"then make release: %w", bucket, err)
	}
	return err == nil, err
}
