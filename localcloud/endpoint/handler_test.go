package endpoint_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"newsfeed/localcloud/endpoint"
)

type named string

func (n named) ServeAWS(w http.ResponseWriter, _ *http.Request, region string) {
	io.WriteString(w, string(n)+" in "+region)
}

func TestScope(t *testing.T) {
	t.Parallel()
	h := endpoint.New(map[string]endpoint.Service{"s3": named("s3"), "sqs": named("sqs"), "sns": named("sns")})
	sign := func(r *http.Request, service string) *http.Request {
		r.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=KEY/20260101/eu-west-1/"+service+"/aws4_request, SignedHeaders=host, Signature=0")
		return r
	}
	form := func(body, kind string) *http.Request {
		r := httptest.NewRequest("POST", "/", strings.NewReader(body))
		r.Header.Set("Content-Type", kind)
		return r
	}
	jsonForm := form("{}", "application/x-amz-json-1.1")
	for sentence, c := range map[string]struct {
		request *http.Request
		status  int
		want    string
	}{
		"a signed header says service and region": {sign(httptest.NewRequest("POST", "/", nil), "sqs"), 200, "sqs in eu-west-1"},
		"a presigned query does": {httptest.NewRequest("GET", "/b/k?X-Amz-Credential=KEY%2F20260101%2Feu-west-1%2Fs3%2Faws4_request", nil),
			200, "s3 in eu-west-1"},
		"a form's credential does": {form("x-amz-credential=KEY%2F20260101%2Feu-west-1%2Fsns%2Faws4_request", "application/x-www-form-urlencoded"),
			200, "sns in eu-west-1"},
		"an upload form is for S3, unread":         {form("--x", "multipart/form-data; boundary=x"), 200, "s3 in "},
		"a browser's plain request is for S3":      {httptest.NewRequest("OPTIONS", "/b/k", nil), 200, "s3 in "},
		"a credential that is none is as unsigned": {httptest.NewRequest("GET", "/b/k?X-Amz-Credential=nonsense", nil), 200, "s3 in "},
		"an unknown service is told, in XML":       {sign(httptest.NewRequest("POST", "/", nil), "ec2"), 501, `&#34;ec2&#34; (asked for in region &#34;eu-west-1&#34;); it has: s3, sns, sqs`},
		"an unknown service is told, in JSON too":  {sign(jsonForm, "kms"), 501, `"__type":"UnknownService"`},
	} {
		t.Run(sentence, func(t *testing.T) {
			t.Parallel()
			w := httptest.NewRecorder()
			h.ServeHTTP(w, c.request)
			if w.Code != c.status || !strings.Contains(w.Body.String(), c.want) {
				t.Fatalf("%d %s, want %d %s", w.Code, w.Body, c.status, c.want)
			}
		})
	}
}
