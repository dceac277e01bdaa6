package frontdoor

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"html/template"
	"net"
	"net/http"
	"strings"

	"newsfeed/localcloud/route53"
)

var page = template.Must(template.New("").Parse(`<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>{{.Title}}</title>
<body style="font-family:system-ui;max-width:40rem;margin:4rem auto;padding:0 1rem">
<h1>{{.Title}}</h1><p>{{.Detail}}</p><p>Next: <code>{{.Next}}</code></p>
`))

// explain answers 502 with what a user would otherwise have to guess.
func (d *Door) explain(w http.ResponseWriter, r *http.Request, err error) {
	if errors.Is(r.Context().Err(), context.Canceled) {
		return // the user went away
	}
	problem := struct {
		Title  string `json:"title"`
		Status int    `json:"status"`
		Detail string `json:"detail"`
		Next   string `json:"next"`
	}{"The balancer did not answer", http.StatusBadGateway, err.Error(), "make status"}
	var refused *net.OpError
	var untrusted *tls.CertificateVerificationError
	switch {
	case errors.Is(err, route53.ErrNoName):
		problem.Title, problem.Next = d.cfg.Domain+" is not known", "make up"
	case errors.Is(err, route53.ErrNoAddress):
		problem.Title = d.cfg.Domain + " points to no balancer"
	case errors.As(err, &untrusted):
		problem.Title = "The balancer's certificate is not valid for " + d.cfg.Domain
	case errors.As(err, &refused) && refused.Op == "dial":
		problem.Title = "No balancer listens where DNS points"
	}
	w.Header().Set("Cache-Control", "no-store")
	if strings.Contains(r.Header.Get("Accept"), "text/html") {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.WriteHeader(problem.Status)
		page.Execute(w, problem)
		return
	}
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(problem.Status)
	json.NewEncoder(w).Encode(problem)
}
