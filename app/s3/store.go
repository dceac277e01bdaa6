package s3

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"newsfeed/app"
)

// Store is the media bucket. Its methods are safe for concurrent use.
type Store struct {
	client *s3.Client
	sign   *s3.PresignClient
	bucket string
}

// Open prepares the client; it doesn't connect yet.
func Open(config aws.Config, bucket string) *Store {
	client := s3.NewFromConfig(config, func(o *s3.Options) {
		o.UsePathStyle = config.BaseEndpoint != nil // an endpoint of our own has no bucket names in DNS
	})
	return &Store{client: client, sign: s3.NewPresignClient(client), bucket: bucket}
}

// Origin is the scheme and host that uploads go to and links lead to.
func (s *Store) Origin(ctx context.Context) (string, error) {
	o := s.client.Options()
	endpoint, err := o.EndpointResolverV2.ResolveEndpoint(ctx, s3.EndpointParameters{
		Bucket: &s.bucket, Region: &o.Region, ForcePathStyle: &o.UsePathStyle, Endpoint: o.BaseEndpoint,
	})
	if err != nil {
		return "", fmt.Errorf("media bucket %q: %w", s.bucket, err)
	}
	return endpoint.URI.Scheme + "://" + endpoint.URI.Host, nil
}

const (
	uploadFor = 15 * time.Minute
	linkFor   = 10 * time.Minute
)

// Upload signs a form that S3 accepts for that key and type only, with a file of
// one byte to size bytes.
func (s *Store) Upload(ctx context.Context, key, contentType string, size int64) (app.Upload, error) {
	form, err := s.sign.PresignPostObject(ctx, &s3.PutObjectInput{Bucket: &s.bucket, Key: &key}, func(o *s3.PresignPostOptions) {
		o.Expires = uploadFor
		o.Conditions = []any{
			[]any{"content-length-range", 1, size},
			map[string]string{"Content-Type": contentType},
		}
	})
	if err != nil {
		return app.Upload{}, fmt.Errorf("sign an upload: %w", err)
	}
	fields := form.Values
	fields["Content-Type"] = contentType
	return app.Upload{Key: key, URL: form.URL, Fields: fields}, nil
}

// Stat tells what was uploaded under key.
func (s *Store) Stat(ctx context.Context, key string) (app.Media, error) {
	out, err := s.client.HeadObject(ctx, &s3.HeadObjectInput{Bucket: &s.bucket, Key: &key})
	var missing *types.NotFound
	switch {
	case errors.As(err, &missing):
		return app.Media{}, app.Invalid("media", "names %.100q, which was never uploaded", key)
	case err != nil:
		return app.Media{}, app.Dependency(fmt.Errorf("media bucket: %w", err))
	}
	return app.Media{Key: key, Type: aws.ToString(out.ContentType), Bytes: aws.ToInt64(out.ContentLength)}, nil
}

// Link signs an address from which the file can be read for ten minutes.
func (s *Store) Link(ctx context.Context, key string) (string, error) {
	request, err := s.sign.PresignGetObject(ctx, &s3.GetObjectInput{Bucket: &s.bucket, Key: &key}, s3.WithPresignExpires(linkFor))
	if err != nil {
		return "", fmt.Errorf("sign a link: %w", err)
	}
	return request.URL, nil
}
