package endpoint

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
)

const (
	algorithm  = "AWS4-HMAC-SHA256"
	timeFormat = "20060102T150405Z"
	shaHeader  = "X-Amz-Content-Sha256"
	tokenField = "X-Amz-Security-Token"
)

// signature is what a request says of how it was signed, in its Authorization
// header or in its query.
type signature struct {
	accessKey, token string
	region, service  string
	date             string // of the scope
	signed           time.Time
	headers          []string // signed ones, in lower case
	value            string
	presigned        bool
}

// signatureOf reads a request's signature; nil: it has none.
func signatureOf(r *http.Request) (*signature, error) {
	fields := map[string]string{}
	s := &signature{}
	query := r.URL.Query()
	if header := r.Header.Get("Authorization"); header != "" {
		rest, ok := strings.CutPrefix(header, algorithm+" ")
		if !ok {
			return nil, faultIncomplete
		}
		for field := range strings.SplitSeq(rest, ",") {
			name, value, _ := strings.Cut(strings.TrimSpace(field), "=")
			fields[name] = value
		}
		s.token = r.Header.Get(tokenField)
		fields["Date"] = r.Header.Get("X-Amz-Date")
	} else if query.Get("X-Amz-Credential") != "" {
		for _, name := range []string{"Credential", "SignedHeaders", "Signature", "Date"} {
			fields[name] = query.Get("X-Amz-" + name)
		}
		s.token, s.presigned = query.Get(tokenField), true
	} else {
		return nil, nil
	}
	var err error
	s.value, s.headers = fields["Signature"], strings.Split(fields["SignedHeaders"], ";")
	if s.signed, err = time.Parse(timeFormat, fields["Date"]); err != nil {
		return nil, faultIncomplete
	}
	return s, s.readScope(fields["Credential"])
}

func (s *signature) readScope(credential string) error {
	parts := strings.Split(credential, "/")
	if len(parts) != 5 || parts[4] != "aws4_request" || s.value == "" {
		return faultIncomplete
	}
	s.accessKey, s.date, s.region, s.service = parts[0], parts[1], parts[2], parts[3]
	if s.date != s.signed.Format("20060102") {
		return faultIncomplete
	}
	return nil
}

// checkTime allows for clocks that differ: S3 a quarter of an hour (S3 API,
// RequestTimeTooSkewed), others five minutes, as their message says. When a
// presigned request ends is S3's to say.
func (s *signature) checkTime(now time.Time) error {
	allowed := 5 * time.Minute
	if s.service == "s3" {
		allowed = 15 * time.Minute
	}
	switch {
	case s.presigned && s.signed.Sub(now) <= allowed:
		return nil
	case now.Sub(s.signed) > allowed:
		return faultEarly.with(s.signed.Format(timeFormat), now.Add(-allowed).UTC().Format(timeFormat), now.UTC().Format(timeFormat))
	case s.signed.Sub(now) > allowed:
		return faultLate.with(s.signed.Format(timeFormat), now.Add(allowed).UTC().Format(timeFormat), now.UTC().Format(timeFormat))
	}
	return nil
}

var signer = v4.NewSigner()

// verify signs the same request again with the secret, by the SDK's own signer.
// That never signs User-Agent, Expect, Transfer-Encoding and X-Amzn-Trace-Id: a
// client that does is refused here, and not on AWS.
func (s *signature) verify(ctx context.Context, r *http.Request, secret string) error {
	again := &http.Request{Method: r.Method, Host: r.Host, Header: http.Header{}}
	again.URL = new(url.URL)
	*again.URL = *r.URL
	for _, name := range s.headers {
		if name == "content-length" {
			again.ContentLength = r.ContentLength
		} else if name != "host" {
			name = http.CanonicalHeaderKey(name)
			again.Header[name] = r.Header[name]
		}
	}
	hash, err := s.payloadHash(r)
	if err != nil {
		return err
	}
	keys := aws.Credentials{AccessKeyID: s.accessKey, SecretAccessKey: secret, SessionToken: s.token}
	options := func(o *v4.SignerOptions) { o.DisableURIPathEscaping = s.service == "s3" }
	made := ""
	if s.presigned {
		made, err = s.presign(ctx, again, keys, hash, options)
	} else {
		err = signer.SignHTTP(ctx, keys, again, hash, s.service, s.region, s.signed, options)
		_, made, _ = strings.Cut(again.Header.Get("Authorization"), "Signature=")
	}
	if err != nil {
		return err
	}
	if !hmac.Equal([]byte(made), []byte(s.value)) {
		return faultMismatch
	}
	return nil
}

func (s *signature) presign(ctx context.Context, again *http.Request, keys aws.Credentials, hash string,
	options func(*v4.SignerOptions)) (string, error) {
	query := again.URL.Query()
	query.Del("X-Amz-Signature")
	again.URL.RawQuery = query.Encode()
	signed, _, err := signer.PresignHTTP(ctx, keys, again, hash, s.service, s.region, s.signed, options,
		func(o *v4.SignerOptions) { o.DisableHeaderHoisting = true })
	if err != nil {
		return "", err
	}
	u, err := url.Parse(signed)
	if err != nil {
		return "", err
	}
	return u.Query().Get("X-Amz-Signature"), nil
}

const unsigned = "UNSIGNED-PAYLOAD"

// payloadHash is that of the body, which is read for it; of S3, whose bodies are
// streams, the one that the request promises, and the service holds it to that.
func (s *signature) payloadHash(r *http.Request) (string, error) {
	if s.service == "s3" {
		hash := r.Header.Get(shaHeader)
		if hash == "" && s.presigned {
			return unsigned, nil
		}
		return hash, nil
	}
	body, err := io.ReadAll(http.MaxBytesReader(nil, r.Body, maxBody))
	if err != nil {
		return "", Errorf("SerializationException", "request body: %v", err)
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	sum := sha256.Sum256(body)
	return hex.EncodeToString(sum[:]), nil
}

// unsignedHeader returns an x-amz header that the signature doesn't cover: S3
// refuses it, for it may have been added on the way.
func (s *signature) unsignedHeader(r *http.Request) string {
	for name := range r.Header {
		if lower := strings.ToLower(name); strings.HasPrefix(lower, "x-amz-") && !slices.Contains(s.headers, lower) {
			return lower
		}
	}
	return ""
}

// verifyForm says whether a form's policy, in base64, was signed with the secret
// (S3 API, sigv4-authentication-HTTPPOST).
func (s *signature) verifyForm(policy, secret string) error {
	key := []byte("AWS4" + secret)
	for _, part := range []string{s.date, s.region, s.service, "aws4_request", policy} {
		h := hmac.New(sha256.New, key)
		h.Write([]byte(part))
		key = h.Sum(nil)
	}
	if !hmac.Equal([]byte(hex.EncodeToString(key)), []byte(s.value)) {
		return faultMismatch
	}
	return nil
}
