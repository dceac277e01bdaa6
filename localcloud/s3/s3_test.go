package s3_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	awss3 "github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/smithy-go"

	"newsfeed/localcloud/cloud"
	"newsfeed/localcloud/endpoint"
	"newsfeed/localcloud/s3"
)

const (
	seoul      = "ap-northeast-2"
	bucketType = "aws:s3/bucketV2:BucketV2"
	objectType = "aws:s3/bucketObjectv2:BucketObjectv2"
	corsType   = "aws:s3/bucketCorsConfigurationV2:BucketCorsConfigurationV2"
	media      = "media"
)

// rig is a service with the bucket "media", on HTTPS, where the SDK sends
// aws-chunked bodies with a trailer, and an ordinary SDK client to it.
type rig struct {
	*awss3.Client
	t       *testing.T
	dir     string
	service *s3.Service
	server  *httptest.Server
}

func newRig(t *testing.T) *rig {
	t.Helper()
	r := &rig{t: t, dir: t.TempDir()}
	r.start()
	handler := http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		endpoint.New(map[string]endpoint.Service{"s3": r.service}).ServeHTTP(w, req)
	})
	r.server = httptest.NewTLSServer(handler)
	t.Cleanup(r.server.Close)
	r.Client = r.client(seoul)
	return r
}

func (r *rig) client(region string) *awss3.Client {
	return awss3.New(awss3.Options{
		Region: region, BaseEndpoint: &r.server.URL, HTTPClient: r.server.Client(), UsePathStyle: true, RetryMaxAttempts: 1,
		RequestChecksumCalculation: aws.RequestChecksumCalculationWhenSupported, // the default of package config
		Credentials:                credentials.NewStaticCredentialsProvider("local", "local", ""),
	})
}

// start makes a new service on the directory, as after a restart.
func (r *rig) start() {
	r.t.Helper()
	var err error
	if r.service, err = s3.New(r.dir); err != nil {
		r.t.Fatal(err)
	}
	r.apply(bucketType, media, nil)
}

func (r *rig) apply(kind, id string, outputs map[string]any) *cloud.Resource {
	r.t.Helper()
	res := &cloud.Resource{Type: kind, ID: id, Region: seoul, Inputs: map[string]any{}, Outputs: map[string]any{}}
	for k, v := range outputs {
		res.Outputs[k] = v
	}
	if err := r.service.Bodies()[kind].Apply(r.t.Context(), res, nil); err != nil {
		r.t.Fatal(err)
	}
	return res
}

func (r *rig) put(key, content string) {
	r.t.Helper()
	_, err := r.PutObject(r.t.Context(), &awss3.PutObjectInput{Bucket: aws.String(media), Key: &key, Body: strings.NewReader(content)})
	if err != nil {
		r.t.Fatal(err)
	}
}

func (r *rig) expect(key, want string) {
	r.t.Helper()
	out, err := r.GetObject(r.t.Context(), &awss3.GetObjectInput{Bucket: aws.String(media), Key: &key})
	if err != nil {
		r.t.Fatal(err)
	}
	defer out.Body.Close()
	if got, err := io.ReadAll(out.Body); err != nil || string(got) != want {
		r.t.Fatalf("object %s: %q, %v; want %q", key, got, err, want)
	}
}

// do sends a plain request, as a browser does, and returns the answer's body.
func (r *rig) do(method, url string, body io.Reader, headers ...string) (*http.Response, string) {
	r.t.Helper()
	req, err := http.NewRequestWithContext(r.t.Context(), method, url, body)
	if err != nil {
		r.t.Fatal(err)
	}
	for i := 0; i < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	res, err := r.server.Client().Do(req)
	if err != nil {
		r.t.Fatal(err)
	}
	defer res.Body.Close()
	content, err := io.ReadAll(res.Body)
	if err != nil {
		r.t.Fatal(err)
	}
	return res, string(content)
}

func (r *rig) files() int {
	r.t.Helper()
	files, err := os.ReadDir(filepath.Join(r.dir, media))
	if err != nil {
		r.t.Fatal(err)
	}
	return len(files)
}

var objectCases = map[string]func(t *testing.T, r *rig){
	"an object comes back with its type and metadata": func(t *testing.T, r *rig) {
		put, err := r.PutObject(t.Context(), &awss3.PutObjectInput{
			Bucket: aws.String(media), Key: aws.String("a/b c?.jpg"), Body: strings.NewReader("hello"),
			ContentType: aws.String("image/jpeg"), Metadata: map[string]string{"owner": "7"}})
		if err != nil {
			t.Fatal(err)
		}
		head, err := r.HeadObject(t.Context(), &awss3.HeadObjectInput{Bucket: aws.String(media), Key: aws.String("a/b c?.jpg")})
		if err != nil {
			t.Fatal(err)
		}
		if *head.ContentType != "image/jpeg" || head.Metadata["owner"] != "7" || *head.ContentLength != 5 ||
			*head.ETag != *put.ETag || *head.ETag != `"5d41402abc4b2a76b9719d911017c592"` {
			t.Fatalf("head %+v", head)
		}
		r.expect("a/b c?.jpg", "hello")
	},
	"a streamed body with a trailing checksum is decoded and its checksum kept": func(t *testing.T, r *rig) {
		content := strings.Repeat("0123456789abcdef", 20_000)
		for _, algorithm := range []types.ChecksumAlgorithm{"", "CRC32", "CRC32C", "CRC64NVME", "SHA1", "SHA256"} {
			_, err := r.PutObject(t.Context(), &awss3.PutObjectInput{Bucket: aws.String(media), Key: aws.String("stream"),
				Body: io.MultiReader(strings.NewReader(content)), ContentLength: aws.Int64(int64(len(content))), ChecksumAlgorithm: algorithm})
			if err != nil {
				t.Fatal(algorithm, err)
			}
			out, err := r.GetObject(t.Context(), &awss3.GetObjectInput{Bucket: aws.String(media), Key: aws.String("stream"), ChecksumMode: "ENABLED"})
			if err != nil {
				t.Fatal(err)
			}
			got, err := io.ReadAll(out.Body)
			out.Body.Close()
			if err != nil || string(got) != content || out.ContentEncoding != nil {
				t.Fatalf("%s: %d bytes, %v, %v", algorithm, len(got), err, out.ContentEncoding)
			}
			if algorithm == "SHA256" && out.ChecksumSHA256 == nil || algorithm == "" && out.ChecksumCRC32 == nil {
				t.Fatalf("%s: no checksum", algorithm)
			}
		}
	},
	"a range is answered with its part, a bad one with InvalidRange": func(t *testing.T, r *rig) {
		r.put("k", "0123456789")
		get := func(part string) (*awss3.GetObjectOutput, error) {
			return r.GetObject(t.Context(), &awss3.GetObjectInput{Bucket: aws.String(media), Key: aws.String("k"), Range: &part})
		}
		out, err := get("bytes=2-4")
		if err != nil {
			t.Fatal(err)
		}
		defer out.Body.Close()
		if got, _ := io.ReadAll(out.Body); string(got) != "234" || *out.ContentRange != "bytes 2-4/10" {
			t.Fatalf("%q %v", got, *out.ContentRange)
		}
		if _, err := get("bytes=50-"); code(err) != "InvalidRange" {
			t.Fatal(err)
		}
	},
	"what is gone is NoSuchKey, and deleting it again is no error": func(t *testing.T, r *rig) {
		r.put("k", "x")
		for range 2 {
			if _, err := r.DeleteObject(t.Context(), &awss3.DeleteObjectInput{Bucket: aws.String(media), Key: aws.String("k")}); err != nil {
				t.Fatal(err)
			}
		}
		_, err := r.GetObject(t.Context(), &awss3.GetObjectInput{Bucket: aws.String(media), Key: aws.String("k")})
		if !errors.As(err, new(*types.NoSuchKey)) {
			t.Fatal(err)
		}
		_, err = r.HeadObject(t.Context(), &awss3.HeadObjectInput{Bucket: aws.String(media), Key: aws.String("k")})
		if !errors.As(err, new(*types.NotFound)) {
			t.Fatal(err)
		}
		if n := r.files(); n != 0 {
			t.Fatalf("%d files are left", n)
		}
	},
	"a list goes by pages, prefix and delimiter": lists,
	"a copy keeps content and metadata": func(t *testing.T, r *rig) {
		r.put("from here", "content")
		if _, err := r.CopyObject(t.Context(), &awss3.CopyObjectInput{Bucket: aws.String(media), Key: aws.String("to"),
			CopySource: aws.String(media + "/from%20here")}); err != nil {
			t.Fatal(err)
		}
		r.expect("to", "content")
	},
	"a put that must not replace does not": func(t *testing.T, r *rig) {
		r.put("k", "first")
		_, err := r.PutObject(t.Context(), &awss3.PutObjectInput{Bucket: aws.String(media), Key: aws.String("k"),
			Body: strings.NewReader("second"), IfNoneMatch: aws.String("*")})
		if code(err) != "PreconditionFailed" || r.files() != 2 {
			t.Fatal(err, r.files())
		}
		r.expect("k", "first")
	},
	"a body that is not what its digest says is refused and leaves nothing": func(t *testing.T, r *rig) {
		_, err := r.PutObject(t.Context(), &awss3.PutObjectInput{Bucket: aws.String(media), Key: aws.String("k"),
			Body: strings.NewReader("x"), ContentMD5: aws.String("XUFAKrxLKna5cZ2REBfFkg==")})
		if code(err) != "BadDigest" || r.files() != 0 {
			t.Fatal(err, r.files())
		}
	},
	"a bucket of another region or none is an error": func(t *testing.T, r *rig) {
		r.put("k", "x")
		_, err := r.client("ap-northeast-1").GetObject(t.Context(), &awss3.GetObjectInput{Bucket: aws.String(media), Key: aws.String("k")})
		if code(err) != "PermanentRedirect" {
			t.Fatal(err)
		}
		_, err = r.GetObject(t.Context(), &awss3.GetObjectInput{Bucket: aws.String("none"), Key: aws.String("k")})
		if !errors.As(err, new(*types.NoSuchBucket)) && code(err) != "NoSuchBucket" {
			t.Fatal(err)
		}
	},
	"an operation that is not there says so": func(t *testing.T, r *rig) {
		_, err := r.CreateMultipartUpload(t.Context(), &awss3.CreateMultipartUploadInput{Bucket: aws.String(media), Key: aws.String("k")})
		if code(err) != "NotImplemented" {
			t.Fatal(err)
		}
	},
}

func TestObjects(t *testing.T) {
	t.Parallel()
	for sentence, run := range objectCases {
		t.Run(sentence, func(t *testing.T) {
			t.Parallel()
			run(t, newRig(t))
		})
	}
}

func code(err error) string {
	var api smithy.APIError
	if errors.As(err, &api) {
		return api.ErrorCode()
	}
	return fmt.Sprint(err)
}

func lists(t *testing.T, r *rig) {
	for _, key := range []string{"a", "dir/1", "dir/2", "other/1", "z"} {
		r.put(key, "x")
	}
	var got []string
	pages := awss3.NewListObjectsV2Paginator(r, &awss3.ListObjectsV2Input{Bucket: aws.String(media), MaxKeys: aws.Int32(2), Delimiter: aws.String("/")})
	for pages.HasMorePages() {
		page, err := pages.NextPage(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, o := range page.Contents {
			got = append(got, *o.Key)
		}
		for _, p := range page.CommonPrefixes {
			got = append(got, *p.Prefix)
		}
	}
	slices.Sort(got) // a page has its keys before its prefixes
	if want := []string{"a", "dir/", "other/", "z"}; !reflect.DeepEqual(got, want) {
		t.Fatalf("got %q, want %q", got, want)
	}
	out, err := r.ListObjectsV2(t.Context(), &awss3.ListObjectsV2Input{Bucket: aws.String(media), Prefix: aws.String("dir/"), StartAfter: aws.String("dir/1")})
	if err != nil || len(out.Contents) != 1 || *out.Contents[0].Key != "dir/2" || *out.Contents[0].Size != 1 {
		t.Fatalf("%+v %v", out, err)
	}
}

func TestPresigned(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	signer := awss3.NewPresignClient(r.Client)
	put, err := signer.PresignPutObject(t.Context(), &awss3.PutObjectInput{Bucket: aws.String(media), Key: aws.String("k"), ContentType: aws.String("image/png")})
	if err != nil {
		t.Fatal(err)
	}
	if res, body := r.do(put.Method, put.URL, strings.NewReader("png"), "Content-Type", "image/png"); res.StatusCode != 200 {
		t.Fatal(res.Status, body)
	}
	get := func(expires time.Duration) string {
		out, err := signer.PresignGetObject(t.Context(), &awss3.GetObjectInput{Bucket: aws.String(media), Key: aws.String("k"),
			ResponseContentType: aws.String("text/x-asked")}, awss3.WithPresignExpires(expires))
		if err != nil {
			t.Fatal(err)
		}
		return out.URL
	}
	if res, body := r.do("GET", get(time.Minute), nil); body != "png" || res.Header.Get("Content-Type") != "text/x-asked" {
		t.Fatal(res.Status, res.Header, body)
	}
	past := strings.Replace(get(time.Minute), "X-Amz-Date=20", "X-Amz-Date=19", 1)
	if res, body := r.do("GET", past, nil); res.StatusCode != 403 || !strings.Contains(body, "expired") {
		t.Fatal(res.Status, body)
	}
	if res, body := r.do("GET", r.server.URL+"/media/k", nil); res.StatusCode != 403 || !strings.Contains(body, "AccessDenied") {
		t.Fatal(res.Status, body)
	}
}

// post sends a presigned form with its fields changed by edit.
func (r *rig) post(expires time.Duration, content string, edit map[string]string) (*http.Response, string) {
	r.t.Helper()
	form, err := awss3.NewPresignClient(r.Client).PresignPostObject(r.t.Context(),
		&awss3.PutObjectInput{Bucket: aws.String(media), Key: aws.String("users/7/photo")},
		func(o *awss3.PresignPostOptions) {
			o.Expires = expires
			o.Conditions = []any{
				[]any{"content-length-range", 2, 10},
				[]any{"starts-with", "$Content-Type", "image/"},
				[]any{"starts-with", "$x-amz-meta-by", ""},
				map[string]string{"success_action_status": "201"},
			}
		})
	if err != nil {
		r.t.Fatal(err)
	}
	fields := form.Values
	fields["Content-Type"], fields["success_action_status"], fields["x-amz-meta-by"] = "image/png", "201", "me"
	for name, value := range edit {
		if fields[name] = value; value == "" {
			delete(fields, name)
		}
	}
	var body bytes.Buffer
	w := multipart.NewWriter(&body)
	for name, value := range fields {
		w.WriteField(name, value)
	}
	part, _ := w.CreateFormFile("file", "p.png")
	io.WriteString(part, content)
	w.Close()
	return r.do(http.MethodPost, form.URL, &body, "Content-Type", w.FormDataContentType(), "Origin", "https://page")
}

func TestForm(t *testing.T) {
	t.Parallel()
	for sentence, c := range map[string]struct {
		expires time.Duration
		content string
		edit    map[string]string
		status  int
		says    string
	}{
		"what the policy allows is stored":           {time.Minute, "pixels", nil, 201, "<Key>users/7/photo</Key>"},
		"a file of the largest size is stored":       {time.Minute, "0123456789", nil, 201, "PostResponse"},
		"a file too large is refused":                {time.Minute, "0123456789a", nil, 400, "EntityTooLarge"},
		"a file too small is refused":                {time.Minute, "x", nil, 400, "EntityTooSmall"},
		"another key is refused":                     {time.Minute, "pixels", map[string]string{"key": "users/8/photo"}, 403, "Policy Condition failed"},
		"another type is refused":                    {time.Minute, "pixels", map[string]string{"Content-Type": "text/html"}, 403, "Policy Condition failed"},
		"another status is refused":                  {time.Minute, "pixels", map[string]string{"success_action_status": "200"}, 403, "Policy Condition failed"},
		"a field that the policy has not":            {time.Minute, "pixels", map[string]string{"x-amz-meta-more": "x"}, 403, "Extra input fields"},
		"an expired policy is refused":               {-time.Minute, "pixels", nil, 403, "expired"},
		"a form without a policy is refused":         {time.Minute, "pixels", map[string]string{"policy": ""}, 403, "AccessDenied"},
		"a form signed for another region":           {time.Minute, "pixels", map[string]string{"X-Amz-Credential": "local/20260101/us-east-1/s3/aws4_request"}, 400, "us-east-1"},
		"a form without a key is refused":            {time.Minute, "pixels", map[string]string{"key": ""}, 400, "InvalidArgument"},
		"a form whose policy is nonsense is refused": {time.Minute, "pixels", map[string]string{"policy": "e30x"}, 400, "InvalidPolicyDocument"},
	} {
		t.Run(sentence, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			res, body := r.post(c.expires, c.content, c.edit)
			if res.StatusCode != c.status || !strings.Contains(body, c.says) {
				t.Fatal(res.Status, body)
			}
			if c.status != 201 {
				if n := r.files(); n != 0 {
					t.Fatalf("%d files are left", n)
				}
				return
			}
			r.expect("users/7/photo", c.content)
			head, err := r.HeadObject(t.Context(), &awss3.HeadObjectInput{Bucket: aws.String(media), Key: aws.String("users/7/photo")})
			if err != nil || *head.ContentType != "image/png" || head.Metadata["by"] != "me" {
				t.Fatalf("%+v %v", head, err)
			}
		})
	}
}

func TestCORS(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	preflight := func(origin, method, headers string) *http.Response {
		res, _ := r.do("OPTIONS", r.server.URL+"/media/k", nil, "Origin", origin,
			"Access-Control-Request-Method", method, "Access-Control-Request-Headers", headers)
		return res
	}
	if res := preflight("https://app.example", "POST", ""); res.StatusCode != 403 {
		t.Fatal("without rules:", res.Status)
	}
	r.apply(corsType, media, map[string]any{"bucket": media, "corsRules": []any{map[string]any{
		"allowedOrigins": []any{"https://*.example"}, "allowedMethods": []any{"GET", "POST"},
		"allowedHeaders": []any{"content-type"}, "exposeHeaders": []any{"ETag"}, "maxAgeSeconds": 300.0}}})
	res := preflight("https://app.example", "POST", "Content-Type")
	h := res.Header
	if res.StatusCode != 200 || h.Get("Access-Control-Allow-Origin") != "https://app.example" || h.Get("Access-Control-Max-Age") != "300" {
		t.Fatal(res.Status, h)
	}
	r.service.Alias("http://127.0.0.1:8080", "https://app.example")
	if got := preflight("http://127.0.0.1:8080", "POST", "").Header.Get("Access-Control-Allow-Origin"); got != "http://127.0.0.1:8080" {
		t.Errorf("an alias is allowed as %q", got)
	}
	for sentence, res := range map[string]*http.Response{
		"another origin": preflight("https://evil", "POST", ""),
		"another method": preflight("https://app.example", "DELETE", ""),
		"another header": preflight("https://app.example", "POST", "x-other"),
	} {
		if res.StatusCode != 403 || res.Header.Get("Access-Control-Allow-Origin") != "" {
			t.Errorf("%s: %s", sentence, res.Status)
		}
	}
	res, _ = r.do("GET", r.server.URL+"/media/none", nil, "Origin", "https://app.example")
	if res.Header.Get("Access-Control-Expose-Headers") != "ETag" {
		t.Fatal(res.Header)
	}
}

func (r *rig) remove(kind, id string, outputs map[string]any) error {
	return r.service.Bodies()[kind].Remove(context.Background(), &cloud.Resource{Type: kind, ID: id, Region: seoul, Outputs: outputs})
}

var declaredCases = map[string]func(t *testing.T, r *rig){
	"an object from a file is kept after a restart without the file": func(t *testing.T, r *rig) {
		source := filepath.Join(t.TempDir(), "feed")
		if err := os.WriteFile(source, []byte("binary"), 0o600); err != nil {
			t.Fatal(err)
		}
		o := r.apply(objectType, "o", map[string]any{"bucket": media, "key": "feed/1", "source": source})
		if err := os.Remove(source); err != nil {
			t.Fatal(err)
		}
		r.start()
		r.apply(objectType, "o", o.Outputs)
		content, err := r.service.Open(media, "feed/1")
		if err != nil {
			t.Fatal(err)
		}
		defer content.Close()
		if got, _ := io.ReadAll(content); string(got) != "binary" {
			t.Fatalf("got %q", got)
		}
	},
	"an object of text or Base64 is what was declared": func(t *testing.T, r *rig) {
		r.apply(objectType, "a", map[string]any{"bucket": media, "key": "a", "content": "text", "contentType": "text/plain"})
		r.apply(objectType, "b", map[string]any{"bucket": media, "key": "b", "contentBase64": "AAE="})
		r.expect("a", "text")
		r.expect("b", "\x00\x01")
		if err := r.remove(objectType, "a", map[string]any{"bucket": media, "key": "a"}); err != nil {
			t.Fatal(err)
		}
		if _, err := r.service.Path(media, "a"); err == nil {
			t.Fatal("still there")
		}
	},
	"a bucket with objects stays, unless forced": func(t *testing.T, r *rig) {
		r.put("k", "x")
		if err := r.remove(bucketType, media, nil); err == nil || !strings.Contains(err.Error(), "BucketNotEmpty") {
			t.Fatal(err)
		}
		r.expect("k", "x")
		for range 2 {
			if err := r.remove(bucketType, media, map[string]any{"forceDestroy": true}); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := os.Stat(filepath.Join(r.dir, media)); !os.IsNotExist(err) {
			t.Fatal(err)
		}
	},
	"a name taken in another region is refused": func(t *testing.T, r *rig) {
		err := r.service.Bodies()[bucketType].Apply(t.Context(), &cloud.Resource{ID: media, Region: "ap-northeast-1"}, nil)
		if err == nil || !strings.Contains(err.Error(), "BucketAlreadyExists") {
			t.Fatal(err)
		}
	},
	"a restart keeps objects and sweeps what a crash left half-written": func(t *testing.T, r *rig) {
		r.put("k", "old")
		r.put("k", "new")
		if err := os.WriteFile(filepath.Join(r.dir, media, "half-written"), []byte("x"), 0o600); err != nil {
			t.Fatal(err)
		}
		r.start()
		r.expect("k", "new")
		if n := r.files(); n != 2 {
			t.Fatalf("%d files", n)
		}
	},
}

func TestDeclared(t *testing.T) {
	t.Parallel()
	for sentence, run := range declaredCases {
		t.Run(sentence, func(t *testing.T) {
			t.Parallel()
			run(t, newRig(t))
		})
	}
}
