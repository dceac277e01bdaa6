package endpoint

import (
	"encoding/xml"
	"errors"
	"log/slog"
	"net/http"
)

// WriteRestError answers with err as S3 does: XML without an envelope, and no body
// to a HEAD request. An error that is no *Error is the local cloud's own failure.
func WriteRestError(w http.ResponseWriter, r *http.Request, err error) {
	var e *Error
	if !errors.As(err, &e) {
		slog.Error("local cloud request failed", "path", r.URL.Path, "error", err)
		e = &Error{Code: "InternalError", Message: err.Error(), Status: http.StatusInternalServerError}
	}
	status := e.Status
	if status == 0 {
		status = http.StatusBadRequest
	}
	if r.Method == http.MethodHead {
		w.WriteHeader(status)
		return
	}
	content, _ := xml.Marshal(struct { // plain strings always marshal
		XMLName                 xml.Name `xml:"Error"`
		Code, Message, Resource string
	}{Code: e.Code, Message: e.Message, Resource: r.URL.Path})
	w.Header().Set("Content-Type", "application/xml")
	w.WriteHeader(status)
	w.Write(append([]byte(xml.Header), content...))
}
