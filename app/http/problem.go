package http

import (
	"encoding/json"
	"errors"
	"log/slog"
	"math"
	"net/http"
	"strconv"

	"newsfeed/app"
)

// Problem is the body of every error (RFC 9457).
type Problem struct {
	Type   string `json:"type"` // "about:blank" or "urn:newsfeed:" + the code
	Title  string `json:"title"`
	Status int    `json:"status"`
	Detail string `json:"detail,omitempty"`
	Field  string `json:"field,omitempty"` // of the input, when one is at fault
}

var statuses = map[app.Code]int{
	app.CodeInvalid:         http.StatusBadRequest,
	app.CodeUnauthenticated: http.StatusUnauthorized,
	app.CodeForbidden:       http.StatusForbidden,
	app.CodeNotFound:        http.StatusNotFound,
	app.CodeConflict:        http.StatusConflict,
	app.CodeLimit:           http.StatusConflict,
	app.CodeRateLimited:     http.StatusTooManyRequests,
	app.CodeFenced:          http.StatusServiceUnavailable,
	app.CodeUnavailable:     http.StatusServiceUnavailable,
}

// fail answers with err as a problem. What the client cannot act on is logged
// and told as an internal error.
func fail(w http.ResponseWriter, r *http.Request, err error) {
	var e *app.Error
	if !errors.As(err, &e) {
		if r.Context().Err() != nil {
			e = &app.Error{Code: app.CodeUnavailable, Detail: "the request was cancelled or took too long"}
		} else {
			slog.Error("request failed", "method", r.Method, "path", r.URL.Path, "error", err)
			problem(w, Problem{Type: "about:blank", Status: http.StatusInternalServerError, Detail: "this is our fault: try again later"})
			return
		}
	}
	if e.Cause != nil {
		slog.Warn("request refused", "method", r.Method, "path", r.URL.Path, "error", err)
	}
	if e.RetryAfter > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(int(math.Ceil(e.RetryAfter.Seconds()))))
	}
	if e.Code == app.CodeUnauthenticated {
		w.Header().Set("WWW-Authenticate", "Bearer")
	}
	problem(w, Problem{Type: "urn:newsfeed:" + string(e.Code), Status: statuses[e.Code], Detail: e.Detail, Field: e.Field})
}

func problem(w http.ResponseWriter, p Problem) {
	p.Title = http.StatusText(p.Status)
	raw, _ := json.Marshal(p) // strings and an int: cannot fail
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(p.Status)
	w.Write(raw)
}
