package http

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"math"
	"net/http"
	"strconv"
	"time"

	"newsfeed/app"
	"newsfeed/app/metrics"
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
	app.CodeDependency:      http.StatusServiceUnavailable,
	app.CodeOverload:        http.StatusServiceUnavailable,
}

// fail answers with err as a problem. What the client cannot act on is logged,
// counted as a fault and told as an internal error; that includes work which took
// longer than a request may.
func (s *Server) fail(w http.ResponseWriter, r *http.Request, err error) {
	var e *app.Error
	switch {
	case errors.As(err, &e):
	case errors.Is(r.Context().Err(), context.Canceled): // by the client, who is gone
		e = &app.Error{Code: app.CodeOverload, Detail: "the request was cancelled", RetryAfter: time.Second}
	default:
		slog.Error("request failed", "method", r.Method, "path", r.URL.Path, "error", err)
		s.fault(w, r)
		return
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

// fault answers 500 and counts it.
func (s *Server) fault(w http.ResponseWriter, r *http.Request) {
	s.Metrics.Add(metrics.Faults, 1)
	s.Metrics.Distinct(metrics.FaultyUsers, who(r))
	problem(w, Problem{Type: "about:blank", Status: http.StatusInternalServerError, Detail: "this is our fault: try again later"})
}

const problemType = "application/problem+json"

func problem(w http.ResponseWriter, p Problem) {
	p.Title = http.StatusText(p.Status)
	raw, _ := json.Marshal(p) // strings and an int: cannot fail
	w.Header().Set("Content-Type", problemType)
	w.WriteHeader(p.Status)
	w.Write(raw)
}
