package s3

import (
	"context"
	"encoding/base64"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"newsfeed/localcloud/cloud"
)

// Bodies returns what gives buckets, objects and CORS rules life.
func (s *Service) Bodies() map[string]cloud.Body {
	return map[string]cloud.Body{
		"aws:s3/bucketV2:BucketV2":                                   bucketBody{s},
		"aws:s3/bucketObjectv2:BucketObjectv2":                       objectBody{s},
		"aws:s3/bucketObject:BucketObject":                           objectBody{s},
		"aws:s3/bucketCorsConfigurationV2:BucketCorsConfigurationV2": corsBody{s},
	}
}

var validName = regexp.MustCompile(`^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$`)

type bucketBody struct{ *Service }

// Apply opens the bucket with the objects that it has on disk.
func (s bucketBody) Apply(_ context.Context, r, _ *cloud.Resource) error {
	_, err := s.openNamed(r.Region, r.ID)
	return err
}

// openNamed returns a bucket, opened when it is not. Objects may be brought
// back before their bucket.
func (s *Service) openNamed(region, name string) (*bucket, error) {
	if !validName.MatchString(name) {
		return nil, fmt.Errorf("bucket name %q: 3 to 63 lower-case letters, digits, hyphens and dots", name)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if b := s.buckets[name]; b != nil {
		if b.region != region {
			return nil, fmt.Errorf("BucketAlreadyExists: bucket %s is in %s already: names are global", name, b.region)
		}
		return b, nil
	}
	b, err := openBucket(name, region, filepath.Join(s.dir, name))
	if err != nil {
		return nil, fmt.Errorf("bucket %s: %w", name, err)
	}
	s.buckets[name] = b
	return b, nil
}

// Remove deletes the bucket; one with objects only where forceDestroy is set.
func (s bucketBody) Remove(_ context.Context, r *cloud.Resource) error {
	if _, err := os.Stat(filepath.Join(s.dir, r.ID)); os.IsNotExist(err) {
		return nil
	}
	b, err := s.openNamed(r.Region, r.ID)
	if err != nil {
		return err
	}
	if err := b.removeAll(r.Bool("forceDestroy")); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.buckets, r.ID)
	return nil
}

// Put keeps a file as an object, as one that was uploaded before its bucket was
// declared: by its name, which is known.
func (s *Service) Put(region, bucket, key, path string) error {
	b, err := s.openNamed(region, bucket)
	if err != nil {
		return err
	}
	content, err := os.Open(path)
	if err != nil {
		return err
	}
	defer content.Close()
	o := &object{Key: key, Headers: map[string]string{"Content-Type": "application/octet-stream"}}
	return b.put(o, content, false, accept)
}

type objectBody struct{ *Service }

// Apply writes the object. Its content is the output content, contentBase64
// or source, of which source is the absolute path of a local file. After a
// restart the object on disk is kept, told by the etag that was set before:
// the file it came from may be gone by then.
func (s objectBody) Apply(_ context.Context, r, old *cloud.Resource) error {
	bucketName, key := r.String("bucket"), r.String("key")
	b, err := s.openNamed(r.Region, bucketName)
	if err != nil {
		return err
	}
	o := b.get(key)
	if old != nil || o == nil || o.ETag != r.String("etag") {
		if o, err = putResource(b, key, r); err != nil {
			return fmt.Errorf("object s3://%s/%s: %w", bucketName, key, err)
		}
	}
	r.Outputs["etag"] = o.ETag
	r.Outputs["contentType"] = o.Headers["Content-Type"]
	return nil
}

func putResource(b *bucket, key string, r *cloud.Resource) (*object, error) {
	content, err := contentOf(r)
	if err != nil {
		return nil, err
	}
	defer content.Close()
	headers := map[string]string{"Content-Type": "application/octet-stream"}
	for property, header := range map[string]string{
		"contentType": "Content-Type", "cacheControl": "Cache-Control", "contentDisposition": "Content-Disposition",
		"contentEncoding": "Content-Encoding", "contentLanguage": "Content-Language",
	} {
		if v := r.String(property); v != "" {
			headers[header] = v
		}
	}
	var metadata map[string]string
	if err := r.Decode("metadata", &metadata); err != nil {
		return nil, err
	}
	for name, value := range metadata {
		headers[metaPrefix+name] = value
	}
	o := &object{Key: key, Headers: headers}
	return o, b.put(o, content, false, accept)
}

func contentOf(r *cloud.Resource) (io.ReadCloser, error) {
	source, ok := r.Inputs["source"].(string)
	if !ok {
		source = r.String("source")
	}
	if source != "" {
		return os.Open(source)
	}
	if encoded := r.String("contentBase64"); encoded != "" {
		return io.NopCloser(base64.NewDecoder(base64.StdEncoding, strings.NewReader(encoded))), nil
	}
	return io.NopCloser(strings.NewReader(r.String("content"))), nil
}

func (s objectBody) Remove(_ context.Context, r *cloud.Resource) error {
	b := s.bucket(r.String("bucket"))
	if b == nil {
		return nil
	}
	return b.delete(r.String("key"))
}

type corsBody struct{ *Service }

func (s corsBody) Apply(_ context.Context, r, _ *cloud.Resource) error {
	var rules []corsRule
	if err := r.Decode("corsRules", &rules); err != nil {
		return fmt.Errorf("CORS rules of bucket %s: %w", r.String("bucket"), err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.cors[r.String("bucket")] = rules
	return nil
}

func (s corsBody) Remove(_ context.Context, r *cloud.Resource) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.cors, r.String("bucket"))
	return nil
}
