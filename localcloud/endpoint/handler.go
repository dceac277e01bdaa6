package endpoint

import (
	"fmt"
	"mime"
	"net/http"
	"slices"
	"strings"
)

// Service answers one AWS service's requests. The region is that of the
// signature's scope; it is "" for a request without one, which only S3 gets:
// a browser's plain GET, its CORS preflight or its form upload.
type Service interface {
	ServeAWS(w http.ResponseWriter, r *http.Request, region string)
}

// Handler hands each request to the service in its signature's scope.
type Handler struct {
	services map[string]Service
	guard    Guard // nil: nobody is asked for
}

// New returns a handler for services by their signing name: sqs, s3,
// secretsmanager. The map must not change afterwards. It asks nobody who they are:
// it is for the tests of one service.
func New(services map[string]Service) *Handler {
	return &Handler{services: services}
}

func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	region, name := scope(r)
	service, ok := h.services[name]
	if !ok {
		WriteError(w, r, h.unknown(region, name))
		return
	}
	if h.guard != nil {
		admitted, err := h.admit(r, name)
		if err != nil {
			refuse(w, r, name, worded(r, name, err))
			return
		}
		r = admitted
	}
	service.ServeAWS(w, r, region)
}

func refuse(w http.ResponseWriter, r *http.Request, service string, err error) {
	if service == "s3" {
		WriteRestError(w, r, err)
		return
	}
	WriteError(w, r, err)
}

// scope returns the region and service a request is signed for. An unsigned
// request is for S3, the one service that browsers talk to.
func scope(r *http.Request) (region, service string) {
	credential := r.URL.Query().Get("X-Amz-Credential")
	if _, after, ok := strings.Cut(r.Header.Get("Authorization"), "Credential="); ok {
		credential, _, _ = strings.Cut(after, ",")
	}
	if credential == "" && isForm(r) {
		credential = r.PostFormValue("x-amz-credential")
	}
	if region, service, ok := ParseScope(credential); ok {
		return region, service
	}
	return "", "s3"
}

// isForm tells a URL-encoded form. A multipart form is left unread: it is an
// upload, which S3 reads as a stream, its scope too.
func isForm(r *http.Request) bool {
	kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	return r.Method == http.MethodPost && kind == "application/x-www-form-urlencoded"
}

// ParseScope splits a credential: KEY/date/region/service/aws4_request.
func ParseScope(credential string) (region, service string, ok bool) {
	parts := strings.Split(strings.TrimSpace(credential), "/")
	if n := len(parts); n >= 5 && parts[n-1] == "aws4_request" {
		return parts[n-3], parts[n-2], true
	}
	return "", "", false
}

func (h *Handler) unknown(region, name string) error {
	var have []string
	for service := range h.services {
		have = append(have, service)
	}
	slices.Sort(have)
	return &Error{
		Code:   "UnknownService",
		Status: http.StatusNotImplemented,
		Message: fmt.Sprintf("the local cloud has no endpoint for service %q (asked for in region %q); it has: %s",
			name, region, strings.Join(have, ", ")),
	}
}
