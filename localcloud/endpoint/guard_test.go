package endpoint_test

import (
	"crypto/sha256"
	"encoding/hex"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"

	"newsfeed/localcloud/endpoint"
)

// holders knows two keys: one that lasts, and one with the token "token", which
// has expired if the token is "old".
type holders struct{}

type who string

func (w who) Identity() endpoint.Identity                      { return endpoint.Identity{ARN: string(w)} }
func (who) Permit(string, string, map[string]string) error     { return nil }
func (who) PermitKey(resource string, actions ...string) error { return nil }

func (holders) Holder(key, token string) (string, endpoint.Caller, error) {
	switch {
	case key == "lasting" && token == "":
		return "secret", who("operator"), nil
	case key != "temporary":
		return "", nil, endpoint.ErrUnknownKey
	case token == "old":
		return "", nil, endpoint.ErrExpiredToken
	case token != "token":
		return "", nil, endpoint.ErrInvalidToken
	}
	return "secret", who("role"), nil
}

// tells answers with who asks.
type tells struct{}

func (tells) ServeAWS(w http.ResponseWriter, r *http.Request, _ string) {
	if who := endpoint.CallerOf(r.Context()); who != nil {
		body, _ := io.ReadAll(r.Body)
		io.WriteString(w, who.Identity().ARN+" says "+string(body))
	}
}

// protocols are a service of each, with the type of its requests' content.
var protocols = map[string]string{
	"s3": "text/plain", "autoscaling": "application/x-www-form-urlencoded",
	"secretsmanager": "application/x-amz-json-1.1", "sqs": "application/x-amz-json-1.0",
}

const body = "Action=X"

func hashed(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

// request is one that was signed with the keys some time ago.
func request(t testing.TB, service string, keys aws.Credentials, ago time.Duration) *http.Request {
	t.Helper()
	r := httptest.NewRequest("POST", "http://127.0.0.1:4566/a%20b/c?y=1&x=%2F", strings.NewReader(body))
	r.Header.Set("Content-Type", protocols[service])
	r.Header.Set("X-Amz-Meta-A", "  two   words ")
	if service == "s3" {
		r.Header.Set("X-Amz-Content-Sha256", hashed(body))
	}
	err := v4.NewSigner(func(o *v4.SignerOptions) { o.DisableURIPathEscaping = service == "s3" }).SignHTTP(
		t.Context(), keys, r, hashed(body), service, "ap-northeast-2", time.Now().Add(-ago))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func answer(r *http.Request) (int, string) {
	h := endpoint.Guarded(map[string]endpoint.Service{"s3": tells{}, "sqs": tells{}, "secretsmanager": tells{}, "autoscaling": tells{}}, holders{})
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Code, w.Header().Get("X-Amzn-Query-Error") + w.Body.String()
}

func TestASignatureIsVerified(t *testing.T) {
	t.Parallel()
	lasting := aws.Credentials{AccessKeyID: "lasting", SecretAccessKey: "secret"}
	temporary := aws.Credentials{AccessKeyID: "temporary", SecretAccessKey: "secret", SessionToken: "token"}
	wrong, unknown, old, forged := lasting, lasting, temporary, temporary
	wrong.SecretAccessKey, unknown.AccessKeyID, old.SessionToken, forged.SessionToken = "guessed", "other", "old", "x"
	mismatch := [4]string{"403 SignatureDoesNotMatch", "403 SignatureDoesNotMatch", "400 InvalidSignatureException", "403 SignatureDoesNotMatch;Sender"}
	for sentence, c := range map[string]struct {
		keys   aws.Credentials
		ago    time.Duration
		change func(*http.Request)
		want   [4]string // of S3, the query protocol, JSON, SQS
	}{
		"with a key that lasts": {lasting, 0, nil, [4]string{"200 operator says " + body, "200 operator says " + body, "200 operator says " + body, "200 operator says " + body}},
		"with a temporary one":  {temporary, time.Minute, nil, [4]string{"200 role", "200 role", "200 role", "200 role"}},
		"with another secret":   {wrong, 0, nil, mismatch},
		"with an unknown key": {unknown, 0, nil, [4]string{"403 InvalidAccessKeyId", "403 InvalidClientTokenId",
			"400 UnrecognizedClientException", "403 InvalidClientTokenId;Sender"}},
		"with another token": {forged, 0, nil, [4]string{"400 InvalidToken", "403 InvalidClientTokenId",
			"400 UnrecognizedClientException", "403 InvalidClientTokenId;Sender"}},
		"with a token that has expired": {old, 0, nil, [4]string{"400 ExpiredToken", "403 ExpiredToken",
			"400 ExpiredTokenException", "403 ExpiredToken;Sender"}},
		"ten minutes ago": {lasting, 10 * time.Minute, nil, [4]string{"200 operator", "403 SignatureDoesNotMatch",
			"400 Signature expired: ", "403 SignatureDoesNotMatch;Sender"}},
		"twenty minutes ago": {lasting, 20 * time.Minute, nil, [4]string{"403 RequestTimeTooSkewed", "403 Signature expired: ",
			"400 InvalidSignatureException", "403 SignatureDoesNotMatch;Sender"}},
		"in twenty minutes": {lasting, -20 * time.Minute, nil, [4]string{"403 RequestTimeTooSkewed", "403 Signature not yet current: ",
			"400 InvalidSignatureException", "403 SignatureDoesNotMatch;Sender"}},
		"of another path":   {lasting, 0, func(r *http.Request) { r.URL.Path, r.URL.RawPath = "/d", "" }, mismatch},
		"of another query":  {lasting, 0, func(r *http.Request) { r.URL.RawQuery += "&z=1" }, mismatch},
		"of another method": {lasting, 0, func(r *http.Request) { r.Method = "PUT" }, mismatch},
		"of another host":   {lasting, 0, func(r *http.Request) { r.Host = "evil" }, mismatch},
		"of another header": {lasting, 0, func(r *http.Request) { r.Header.Set("X-Amz-Meta-A", "other") }, mismatch},
		"of another body": {lasting, 0, func(r *http.Request) { r.Body = io.NopCloser(strings.NewReader("Action=Y")) },
			[4]string{"200 operator", mismatch[1], mismatch[2], mismatch[3]}}, // of S3, the service checks it
		"with a header that it does not cover": {lasting, 0, func(r *http.Request) { r.Header.Set("X-Amz-Acl", "x") },
			[4]string{"403 There were headers present in the request which were not signed: x-amz-acl", "200 ", "200 ", "200 "}},
		"without any": {lasting, 0, func(r *http.Request) { r.Header.Del("Authorization") },
			[4]string{"200 "}}, // it is for S3, which decides itself
		"in another form": {lasting, 0, func(r *http.Request) {
			r.Header.Set("Authorization", strings.Replace(r.Header.Get("Authorization"), "Signature=", "Sign=", 1))
		}, [4]string{"400 AuthorizationHeaderMalformed", "400 IncompleteSignature", "400 IncompleteSignatureException", "400 IncompleteSignature;Sender"}},
	} {
		t.Run(sentence, func(t *testing.T) {
			t.Parallel()
			for i, service := range []string{"s3", "autoscaling", "secretsmanager", "sqs"} {
				if c.want[i] == "" {
					continue
				}
				r := request(t, service, c.keys, c.ago)
				if c.change != nil {
					c.change(r)
				}
				status, text := answer(r)
				code, want, _ := strings.Cut(c.want[i], " ")
				if code != strconv.Itoa(status) || !strings.Contains(text, want) {
					t.Errorf("%s: %d %s, want %s", service, status, text, c.want[i])
				}
			}
		})
	}
}

func TestAPresignedRequestIsVerified(t *testing.T) {
	t.Parallel()
	presign := func(secret string) *http.Request {
		r := httptest.NewRequest("GET", "http://127.0.0.1:4566/media/a%20b?X-Amz-Expires=600&response-content-type=x", nil)
		signed, _, err := v4.NewSigner(func(o *v4.SignerOptions) { o.DisableURIPathEscaping = true }).PresignHTTP(t.Context(),
			aws.Credentials{AccessKeyID: "temporary", SecretAccessKey: secret, SessionToken: "token"}, r, "UNSIGNED-PAYLOAD",
			"s3", "ap-northeast-2", time.Now().Add(-time.Hour))
		if err != nil {
			t.Fatal(err)
		}
		return httptest.NewRequest("GET", signed, nil)
	}
	if status, text := answer(presign("secret")); status != 200 || text != "role says " {
		t.Errorf("%d %s", status, text)
	}
	if status, text := answer(presign("guessed")); status != 403 || !strings.Contains(text, "<Error><Code>SignatureDoesNotMatch</Code>") {
		t.Errorf("%d %s", status, text)
	}
	longer := presign("secret")
	longer.URL.RawQuery = strings.Replace(longer.URL.RawQuery, "X-Amz-Expires=600", "X-Amz-Expires=6000", 1)
	if status, _ := answer(longer); status != 403 {
		t.Errorf("made to last longer: %d", status)
	}
	preflight := presign("guessed")
	preflight.Method = http.MethodOptions
	if status, text := answer(preflight); status != 200 {
		t.Errorf("a browser's preflight, which is not signed: %d %s", status, text)
	}
}

func TestARequestWithoutSignature(t *testing.T) {
	t.Parallel()
	r := httptest.NewRequest("POST", "/", strings.NewReader("x-amz-credential=KEY%2F20260101%2Feu-west-1%2Fautoscaling%2Faws4_request"))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if status, text := answer(r); status != 403 || !strings.Contains(text, "MissingAuthenticationToken") {
		t.Errorf("%d %s", status, text)
	}
}

func BenchmarkVerify(b *testing.B) {
	r := request(b, "sqs", aws.Credentials{AccessKeyID: "temporary", SecretAccessKey: "secret", SessionToken: "token"}, 0)
	h := endpoint.Guarded(map[string]endpoint.Service{"sqs": tells{}}, holders{})
	for b.Loop() {
		r.Body = io.NopCloser(strings.NewReader(body))
		h.ServeHTTP(httptest.NewRecorder(), r)
	}
}
