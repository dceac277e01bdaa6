package endpoint

import (
	"context"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
)

// maxBody bounds a JSON request: above the largest message batch of SQS, with
// its escapes.
const maxBody = 8 << 20

// Error is an answer that the AWS SDKs turn into a typed error.
type Error struct {
	Code    string // the shape name, such as ResourceNotFoundException
	Query   string // the code of the older query protocol, where the service keeps it
	Message string
	Status  int // 0 is 400
}

func (e *Error) Error() string { return e.Code + ": " + e.Message }

// Errorf returns an error answer of status 400.
func Errorf(code, format string, args ...any) *Error {
	return &Error{Code: code, Message: fmt.Sprintf(format, args...)}
}

// Operation is one operation of a service: JSON in, a value to encode out.
type Operation func(ctx context.Context, region string, body []byte) (any, error)

// Typed makes an operation of a function over its input and output shapes.
func Typed[In, Out any](f func(ctx context.Context, region string, in *In) (*Out, error)) Operation {
	return func(ctx context.Context, region string, body []byte) (any, error) {
		in := new(In)
		if err := json.Unmarshal(body, in); err != nil {
			return nil, Errorf("SerializationException", "request body: %v", err)
		}
		return f(ctx, region, in)
	}
}

// ServeJSON answers a request of the AWS JSON protocol, of which version is
// "1.0" or "1.1", from operations by the name after the dot in X-Amz-Target.
func ServeJSON(w http.ResponseWriter, r *http.Request, region, version string, operations map[string]Operation) {
	_, name, ok := strings.Cut(r.Header.Get("X-Amz-Target"), ".")
	if !ok {
		WriteError(w, r, Errorf("UnknownOperationException", "the request has no X-Amz-Target: the local cloud speaks "+
			"the AWS JSON protocol only, as SDKs and the AWS CLI do from 2.14"))
		return
	}
	operation, ok := operations[name]
	if !ok {
		WriteError(w, r, Errorf("UnknownOperationException", "the local cloud does not have operation %q", name))
		return
	}
	body, err := readBody(w, r)
	if err != nil {
		WriteError(w, r, Errorf("SerializationException", "request body: %v", err))
		return
	}
	out, err := operation(r.Context(), region, body)
	if err != nil {
		WriteError(w, r, err)
		return
	}
	writeJSON(w, http.StatusOK, "application/x-amz-json-"+version, out)
}

// readBody reads into one buffer of the size announced.
func readBody(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	if r.ContentLength < 0 || r.ContentLength > maxBody {
		return io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	}
	body := make([]byte, r.ContentLength)
	_, err := io.ReadFull(r.Body, body)
	return body, err
}

// WriteError answers with err, as JSON when the request is of the AWS JSON
// protocol, as XML otherwise. An error that is no *Error is the local cloud's
// own failure: 500, which the SDKs retry.
func WriteError(w http.ResponseWriter, r *http.Request, err error) {
	var e *Error
	if !errors.As(err, &e) {
		slog.Error("local cloud request failed", "target", r.Header.Get("X-Amz-Target"), "error", err)
		e = &Error{Code: "InternalFailure", Message: err.Error(), Status: http.StatusInternalServerError}
	}
	status := e.Status
	if status == 0 {
		status = http.StatusBadRequest
	}
	kind := r.Header.Get("Content-Type")
	if strings.HasPrefix(kind, "application/x-amz-json") {
		if e.Query != "" {
			w.Header().Set("X-Amzn-Query-Error", e.Query+";Sender")
		}
		w.Header().Set("X-Amzn-ErrorType", e.Code)
		writeJSON(w, status, kind, map[string]string{"__type": e.Code, "message": e.Message})
		return
	}
	type detail struct{ Type, Code, Message string }
	content, _ := xml.Marshal(struct { // plain strings always marshal
		XMLName xml.Name `xml:"ErrorResponse"`
		Error   detail
	}{Error: detail{"Sender", e.Code, e.Message}})
	w.Header().Set("Content-Type", "text/xml")
	w.WriteHeader(status)
	w.Write(content)
}

func writeJSON(w http.ResponseWriter, status int, kind string, v any) {
	content, err := json.Marshal(v)
	if err != nil {
		status, content = http.StatusInternalServerError, []byte(`{"__type":"InternalFailure"}`)
	}
	w.Header().Set("Content-Type", kind)
	w.Header().Set("Content-Length", strconv.Itoa(len(content)))
	w.WriteHeader(status)
	w.Write(content)
}
