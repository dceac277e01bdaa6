package endpoint

import (
	"context"
	"net/http"
	"strings"
	"time"
)

// Guarded is New for an endpoint that verifies each request's signature. Services
// then find its caller in the request's context.
func Guarded(services map[string]Service, guard Guard) *Handler {
	return &Handler{services: services, guard: guard}
}

// admit returns the request in the context of who signed it. S3 decides itself on
// what comes without a signature, from browsers: it reads forms as streams and
// knows the origins that may ask.
func (h *Handler) admit(r *http.Request, service string) (*http.Request, error) {
	ctx := context.WithValue(r.Context(), guardKey{}, h.guard)
	if service == "s3" && r.Method == http.MethodOptions {
		return r.WithContext(ctx), nil
	}
	s, err := signatureOf(r)
	if err != nil {
		return nil, err
	}
	if s == nil {
		if service == "s3" {
			return r.WithContext(ctx), nil
		}
		return nil, faultUnsigned
	}
	if err := s.checkTime(time.Now()); err != nil {
		return nil, err
	}
	secret, who, err := h.guard.Holder(s.accessKey, s.token)
	if err != nil {
		return nil, faultOf(err)
	}
	if err := s.verify(ctx, r, secret); err != nil {
		return nil, err
	}
	if name := s.unsignedHeader(r); service == "s3" && name != "" {
		return nil, faultHeader.with(name)
	}
	return r.WithContext(By(ctx, who)), nil
}

type guardKey struct{}

// FormCaller returns a context of who signed an upload form for S3, whose fields
// are given by their names in lower case. Behind a handler without a guard it is
// ctx. The error is one for S3 to answer with.
func FormCaller(ctx context.Context, fields map[string]string) (context.Context, error) {
	guard, _ := ctx.Value(guardKey{}).(Guard)
	if guard == nil {
		return ctx, nil
	}
	who, err := formCaller(guard, fields)
	if err != nil {
		return nil, worded(nil, "s3", err)
	}
	return By(ctx, who), nil
}

func formCaller(guard Guard, fields map[string]string) (who Caller, err error) {
	s := &signature{value: strings.ToLower(fields["x-amz-signature"])}
	if s.value == "" || fields["x-amz-algorithm"] != algorithm {
		return nil, faultNoSignature
	}
	if s.signed, err = time.Parse(timeFormat, fields["x-amz-date"]); err != nil {
		return nil, faultIncomplete
	}
	if err := s.readScope(fields["x-amz-credential"]); err != nil {
		return nil, err
	}
	secret, who, err := guard.Holder(s.accessKey, fields["x-amz-security-token"])
	if err != nil {
		return nil, faultOf(err)
	}
	return who, s.verifyForm(fields["policy"], secret)
}
