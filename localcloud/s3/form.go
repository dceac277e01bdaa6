package s3

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"newsfeed/localcloud/endpoint"
)

// maxFields bounds what of a form comes before its file.
const maxFields = 20 << 10

func isForm(r *http.Request) bool {
	kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	return r.Method == http.MethodPost && kind == "multipart/form-data"
}

// serveForm answers a presigned POST: a browser's form whose policy says what
// may be uploaded.
func (b *bucket) serveForm(w http.ResponseWriter, r *http.Request) {
	fields, file, err := readForm(r)
	if err != nil {
		endpoint.WriteRestError(w, r, err)
		return
	}
	o, err := b.putForm(r.Context(), fields, file)
	if err != nil {
		endpoint.WriteRestError(w, r, err)
		return
	}
	h := w.Header()
	h.Set("ETag", quote(o.ETag))
	location := "http://" + r.Host + "/" + b.name + "/" + url.PathEscape(o.Key)
	h.Set("Location", location)
	if to, err := url.Parse(fields["success_action_redirect"]); err == nil && to.IsAbs() {
		query := to.Query()
		query.Set("bucket", b.name)
		query.Set("key", o.Key)
		query.Set("etag", quote(o.ETag))
		to.RawQuery = query.Encode()
		h.Set("Location", to.String())
		w.WriteHeader(http.StatusSeeOther)
		return
	}
	switch fields["success_action_status"] {
	case "201":
		answer(w, http.StatusCreated, struct {
			XMLName                     xml.Name `xml:"PostResponse"`
			Location, Bucket, Key, ETag string
		}{Location: location, Bucket: b.name, Key: o.Key, ETag: quote(o.ETag)})
	case "200":
		w.WriteHeader(http.StatusOK)
	default:
		w.WriteHeader(http.StatusNoContent)
	}
}

// readForm returns the fields that come before the file, names in lower case,
// and the file, whose name replaces ${filename} in the key.
func readForm(r *http.Request) (map[string]string, io.Reader, error) {
	malformed := func(err error) error {
		return failure(400, "MalformedPOSTRequest", fmt.Sprintf("The body of your POST request is not well-formed multipart/form-data: %v", err))
	}
	parts, err := r.MultipartReader()
	if err != nil {
		return nil, nil, malformed(err)
	}
	fields := map[string]string{}
	for left := int64(maxFields); ; {
		part, err := parts.NextPart()
		if errors.Is(err, io.EOF) {
			return nil, nil, failure(400, "InvalidArgument", "POST requires exactly one file upload per request.")
		}
		if err != nil {
			return nil, nil, malformed(err)
		}
		name := strings.ToLower(part.FormName())
		if name == "file" {
			fields["key"] = strings.ReplaceAll(fields["key"], "${filename}", part.FileName())
			return fields, upload{part}, nil
		}
		value, err := io.ReadAll(io.LimitReader(part, left+1))
		if err != nil {
			return nil, nil, malformed(err)
		}
		if left -= int64(len(value)); left < 0 {
			return nil, nil, failure(400, "MaxPostPreDataLengthExceeded", "Your POST request fields preceding the upload file were too large.")
		}
		fields[name] = string(value)
	}
}

// upload names an upload that broke off for what it is.
type upload struct{ *multipart.Part }

func (u upload) Read(p []byte) (int, error) {
	n, err := u.Part.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		err = errIncomplete
	}
	return n, err
}

func (b *bucket) putForm(ctx context.Context, fields map[string]string, file io.Reader) (*object, error) {
	region, _, ok := endpoint.ParseScope(fields["x-amz-credential"])
	if !ok || fields["policy"] == "" {
		return nil, errUnsigned
	}
	if region != b.region {
		return nil, failure(400, "AuthorizationHeaderMalformed", fmt.Sprintf("the form is signed for %s, and bucket %s is in %s", region, b.name, b.region))
	}
	if key := fields["key"]; key == "" || len(key) > maxKey {
		return nil, failure(400, "InvalidArgument", "Bucket POST must contain a field named 'key' of at most 1024 bytes.")
	}
	p, err := parsePolicy(fields["policy"])
	if err != nil {
		return nil, err
	}
	if ctx, err = endpoint.FormCaller(ctx, fields); err != nil {
		return nil, err
	}
	if err := p.admit(b.name, fields); err != nil {
		return nil, err
	}
	if err := b.mayWrite(ctx, fields["key"]); err != nil {
		return nil, err
	}
	h := http.Header{}
	for name, value := range fields {
		h.Set(name, value)
	}
	o := &object{Key: fields["key"], Headers: headersOf(h)}
	limited := io.LimitReader(file, p.most+1) // one more tells too large
	return o, b.put(o, limited, false, func(o *object) error {
		switch {
		case o.Size > p.most:
			return failure(400, "EntityTooLarge", "Your proposed upload exceeds the maximum allowed size")
		case o.Size < p.least:
			return failure(400, "EntityTooSmall", "Your proposed upload is smaller than the minimum allowed size")
		}
		return nil
	})
}

// maxUpload is the largest object that one POST may make on AWS.
const maxUpload = 5 << 30

// policy is what a presigned POST allows.
type policy struct {
	Expiration  time.Time         `json:"expiration"`
	Conditions  []json.RawMessage `json:"conditions"`
	least, most int64
}

func parsePolicy(encoded string) (*policy, error) {
	raw, err := base64.StdEncoding.DecodeString(encoded)
	p := &policy{most: maxUpload}
	if err == nil {
		err = json.Unmarshal(raw, p)
	}
	if err != nil {
		return nil, failure(400, "InvalidPolicyDocument", "Invalid Policy: "+err.Error())
	}
	return p, nil
}

// admit checks every condition, and that every field has one.
func (p *policy) admit(bucket string, fields map[string]string) error {
	denied := func(format string, args ...any) error {
		return failure(403, "AccessDenied", "Invalid according to Policy: "+fmt.Sprintf(format, args...))
	}
	if time.Now().After(p.Expiration) {
		return denied("Policy expired.")
	}
	covered := map[string]bool{"policy": true, "x-amz-signature": true, "file": true}
	for _, c := range p.Conditions {
		var exact map[string]string
		var list []any
		if json.Unmarshal(c, &exact) == nil {
			for name, value := range exact {
				list = []any{"eq", "$" + name, value}
			}
		} else if err := json.Unmarshal(c, &list); err != nil {
			return failure(400, "InvalidPolicyDocument", "Invalid Policy: condition "+string(c))
		}
		ok, field := p.holds(list, bucket, fields)
		if !ok {
			return denied("Policy Condition failed: %s", c)
		}
		covered[field] = true
	}
	for name := range fields {
		if !covered[name] && !strings.HasPrefix(name, "x-ignore-") {
			return denied("Extra input fields: %s", name)
		}
	}
	return nil
}

// holds checks one condition, [operator, "$field", value] or
// ["content-length-range", least, most], and returns the field it covers. A
// range is noted for when the size is known.
func (p *policy) holds(condition []any, bucket string, fields map[string]string) (ok bool, field string) {
	if len(condition) != 3 {
		return false, ""
	}
	operator, _ := condition[0].(string)
	operator = strings.ToLower(operator)
	if operator == "content-length-range" {
		least, ok1 := number(condition[1])
		most, ok2 := number(condition[2])
		p.least, p.most = least, min(most, p.most)
		return ok1 && ok2, ""
	}
	field, _ = condition[1].(string)
	field = strings.ToLower(strings.TrimPrefix(field, "$"))
	want, isString := condition[2].(string)
	got := fields[field]
	if field == "bucket" {
		got = bucket
	}
	switch operator {
	case "eq":
		return isString && got == want, field
	case "starts-with":
		return isString && strings.HasPrefix(got, want), field
	}
	return false, ""
}

func number(v any) (int64, bool) {
	switch v := v.(type) {
	case float64:
		return int64(v), true
	case string:
		n, err := strconv.ParseInt(v, 10, 64)
		return n, err == nil
	}
	return 0, false
}
