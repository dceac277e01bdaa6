package s3

import (
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"

	"newsfeed/localcloud/endpoint"
)

const maxKey = 1024

// Service is every bucket of every region: bucket names are global.
type Service struct {
	dir string

	mu      sync.RWMutex
	buckets map[string]*bucket
	cors    map[string][]corsRule // by bucket
	aliases map[string]string     // origin to the one that CORS rules know it by
}

// New returns a service that keeps objects under dir, which it creates. A
// bucket and its objects are there once its resource was applied.
func New(dir string) (*Service, error) {
	s := &Service{dir: dir, buckets: map[string]*bucket{}, cors: map[string][]corsRule{}, aliases: map[string]string{}}
	return s, os.MkdirAll(dir, 0o700)
}

// Alias has CORS rules that allow one origin allow another too: the domain's
// page comes in by the front door.
func (s *Service) Alias(origin, of string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.aliases[origin] = of
}

// Open returns the content of an object, which the caller closes.
func (s *Service) Open(bucket, key string) (io.ReadCloser, error) {
	path, err := s.Path(bucket, key)
	if err != nil {
		return nil, err
	}
	return os.Open(path)
}

// Path returns the file that holds an object's content. It is never written
// again, so it may be hard-linked, but it goes away with the object: link or
// copy it at once, and ask again when it is gone.
func (s *Service) Path(bucket, key string) (string, error) {
	if b := s.bucket(bucket); b != nil {
		if o := b.get(key); o != nil {
			return filepath.Join(b.dir, o.File), nil
		}
	}
	return "", fmt.Errorf("object s3://%s/%s: there is none", bucket, key)
}

// Status is how a bucket is.
type Status struct {
	Bucket, Region string
	Objects        int
	Bytes          int64
}

// Status returns every bucket's, in no particular order.
func (s *Service) Status() []Status {
	s.mu.RLock()
	defer s.mu.RUnlock()
	var all []Status
	for _, b := range s.buckets {
		status := Status{Bucket: b.name, Region: b.region}
		b.mu.RLock()
		for _, o := range b.objects {
			status.Objects++
			status.Bytes += o.Size
		}
		b.mu.RUnlock()
		all = append(all, status)
	}
	return all
}

func (s *Service) bucket(name string) *bucket {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.buckets[name]
}

// ServeAWS implements endpoint.Service.
func (s *Service) ServeAWS(w http.ResponseWriter, r *http.Request, region string) {
	name, key, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	if allowed := s.allowOrigin(w, r, name); r.Method == http.MethodOptions {
		if !allowed {
			endpoint.WriteRestError(w, r, failure(403, "AccessForbidden", "CORSResponse: This CORS request is not allowed."))
		}
		return
	}
	b := s.bucket(name)
	if b == nil {
		endpoint.WriteRestError(w, r, errNoBucket)
		return
	}
	if isForm(r) && key == "" {
		b.serveForm(w, r)
		return
	}
	err := admit(r, b, region, key)
	if err == nil {
		err = s.serve(w, r, b, key)
	}
	if err != nil {
		endpoint.WriteRestError(w, r, err)
	}
}

// admit refuses what is not signed, expired, or for another region.
func admit(r *http.Request, b *bucket, region, key string) error {
	if region == "" {
		return errUnsigned
	}
	if region != b.region {
		return failure(301, "PermanentRedirect", fmt.Sprintf("bucket %s is in %s, and the request is signed for %s", b.name, b.region, region))
	}
	if len(key) > maxKey {
		return errLongKey
	}
	query := r.URL.Query()
	if !query.Has("X-Amz-Credential") {
		return nil
	}
	signed, err := time.Parse("20060102T150405Z", query.Get("X-Amz-Date"))
	lasts, err2 := strconv.Atoi(query.Get("X-Amz-Expires"))
	if err != nil || err2 != nil || lasts < 1 || lasts > 7*24*3600 {
		return failure(400, "AuthorizationQueryParametersError", "X-Amz-Date must be a time, and X-Amz-Expires 1 to 604800 seconds")
	}
	if time.Now().After(signed.Add(time.Duration(lasts) * time.Second)) {
		return errExpired
	}
	return nil
}

// other tells the operations that are not here by their query: parts of
// multipart uploads, tags, policies and the like.
func other(query url.Values) bool {
	for _, name := range []string{"uploads", "uploadId", "tagging", "acl", "delete", "versions", "policy", "cors", "location", "versioning"} {
		if query.Has(name) {
			return true
		}
	}
	return false
}

func (s *Service) serve(w http.ResponseWriter, r *http.Request, b *bucket, key string) error {
	switch {
	case other(r.URL.Query()):
		return errNoMethod
	case key == "" && r.Method == http.MethodGet && r.URL.Query().Get("list-type") == "2":
		return b.list(w, r)
	case key == "" && r.Method == http.MethodHead:
		w.Header().Set("X-Amz-Bucket-Region", b.region)
		return b.mayList(r.Context(), nil)
	case key == "":
		return errNoMethod
	case r.Method == http.MethodGet, r.Method == http.MethodHead:
		return b.serveObject(w, r, key)
	case r.Method == http.MethodPut && r.Header.Get("X-Amz-Copy-Source") != "":
		return s.copyObject(w, r, b, key)
	case r.Method == http.MethodPut:
		return b.putObject(w, r, key)
	case r.Method == http.MethodDelete:
		return b.deleteObject(w, r, key)
	}
	return errNoMethod
}
