package s3

import (
	"encoding/xml"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"

	"newsfeed/localcloud/endpoint"
)

// kept are the headers of a write that are answered to reads.
var kept = []string{"Content-Type", "Cache-Control", "Content-Disposition", "Content-Encoding", "Content-Language", "Expires"}

const metaPrefix = "X-Amz-Meta-"

// headersOf returns the headers to keep. aws-chunked is how a body travelled,
// not how it is encoded.
func headersOf(h http.Header) map[string]string {
	out := map[string]string{}
	for _, name := range kept {
		if v := h.Get(name); v != "" {
			out[name] = v
		}
	}
	encoding := strings.TrimLeft(strings.TrimPrefix(out["Content-Encoding"], "aws-chunked"), ", ")
	if out["Content-Encoding"] = encoding; encoding == "" {
		delete(out, "Content-Encoding")
	}
	if out["Content-Type"] == "" {
		out["Content-Type"] = "binary/octet-stream"
	}
	for name := range h {
		if strings.HasPrefix(name, metaPrefix) {
			out[name] = h.Get(name)
		}
	}
	return out
}

func (b *bucket) putObject(w http.ResponseWriter, r *http.Request, key string) error {
	if err := b.mayWrite(r.Context(), key); err != nil {
		return err
	}
	body, err := newPayload(r)
	if err != nil {
		return err
	}
	o := &object{Key: key, Headers: headersOf(r.Header)}
	if err := b.put(o, body, r.Header.Get("If-None-Match") == "*", body.verify); err != nil {
		return err
	}
	for name, value := range o.Checksums {
		w.Header().Set(name, value)
	}
	w.Header().Set("ETag", quote(o.ETag))
	return nil
}

func quote(etag string) string { return `"` + etag + `"` }

func (b *bucket) deleteObject(w http.ResponseWriter, r *http.Request, key string) error {
	if err := b.permit(r.Context(), "s3:DeleteObject", key); err != nil {
		return err
	}
	if err := b.delete(key); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// serveObject answers GET and HEAD, ranges and conditions included.
func (b *bucket) serveObject(w http.ResponseWriter, r *http.Request, key string) error {
	sums := r.Header.Get("X-Amz-Checksum-Mode") == "ENABLED"
	o, f, err := b.read(r.Context(), key, r.Method == http.MethodGet || sums)
	if err != nil {
		return err
	}
	defer f.Close()
	h := w.Header()
	for name, value := range o.Headers {
		h.Set(name, value)
	}
	for _, name := range kept { // a presigned URL may say how to answer
		if v := r.URL.Query().Get("response-" + strings.ToLower(name)); v != "" {
			h.Set(name, v)
		}
	}
	h.Set("ETag", quote(o.ETag))
	if sums && r.Header.Get("Range") == "" {
		for name, value := range o.Checksums {
			h.Set(name, value)
		}
	}
	http.ServeContent(&refusals{ResponseWriter: w, r: r, size: o.Size}, r, "", o.Modified, f)
	return nil
}

// refusals turns the plain text that ServeContent refuses with into XML.
type refusals struct {
	http.ResponseWriter
	r       *http.Request
	size    int64
	refused bool
}

func (w *refusals) WriteHeader(status int) {
	switch status {
	case http.StatusRequestedRangeNotSatisfiable:
		w.refused = true
		endpoint.WriteRestError(w.ResponseWriter, w.r, errRange)
	case http.StatusPreconditionFailed:
		w.refused = true
		endpoint.WriteRestError(w.ResponseWriter, w.r, errPrecondition)
	default:
		if status == http.StatusOK { // ServeContent leaves it out beside a Content-Encoding
			w.Header().Set("Content-Length", strconv.FormatInt(w.size, 10))
		}
		w.ResponseWriter.WriteHeader(status)
	}
}

func (w *refusals) Write(p []byte) (int, error) {
	if w.refused {
		return len(p), nil
	}
	return w.ResponseWriter.Write(p)
}

func (s *Service) copyObject(w http.ResponseWriter, r *http.Request, b *bucket, key string) error {
	source, err := url.PathUnescape(strings.TrimPrefix(r.Header.Get("X-Amz-Copy-Source"), "/"))
	if err != nil {
		return failure(400, "InvalidArgument", "x-amz-copy-source: "+err.Error())
	}
	fromBucket, fromKey, _ := strings.Cut(source, "/")
	from := s.bucket(fromBucket)
	if from == nil {
		return errNoBucket
	}
	old, content, err := from.read(r.Context(), fromKey, true)
	if err != nil {
		return err
	}
	defer content.Close()
	if err := b.mayWrite(r.Context(), key); err != nil {
		return err
	}
	o := &object{Key: key, Headers: old.Headers, Checksums: old.Checksums}
	if r.Header.Get("X-Amz-Metadata-Directive") == "REPLACE" {
		o.Headers = headersOf(r.Header)
	}
	if err := b.put(o, content, false, accept); err != nil {
		return err
	}
	answer(w, http.StatusOK, struct {
		XMLName            xml.Name `xml:"CopyObjectResult"`
		LastModified, ETag string
	}{LastModified: o.Modified.Format(timeFormat), ETag: quote(o.ETag)})
	return nil
}

const timeFormat = "2006-01-02T15:04:05.000Z"

func accept(*object) error { return nil }

// removeAll deletes the bucket's files, refusing while it has objects unless forced.
func (b *bucket) removeAll(force bool) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.objects) > 0 && !force {
		return fmt.Errorf("BucketNotEmpty: bucket %s has %d objects: empty it first, or set forceDestroy", b.name, len(b.objects))
	}
	b.objects = map[string]*object{}
	return os.RemoveAll(b.dir)
}
