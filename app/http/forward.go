package http

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"mime"
	"net/http"
	"net/http/httputil"
	"net/url"
	"time"

	"newsfeed/app"
)

// Forwarder has the other region serve what only the one that writes can: the
// request travels, never its SQL. Its methods are safe for concurrent use.
type Forwarder struct {
	peer      *url.URL
	elsewhere func() bool
	transport http.RoundTripper
	proxy     *httputil.ReverseProxy
	lookUps   chan struct{} // admits questions about sessions
}

const (
	// forwardedHeader marks a request that was forwarded: it goes no further.
	forwardedHeader = "Newsfeed-Forwarded"
	// lookUpTime bounds a question about a session, mostLookUps how many there are at
	// once: anybody may ask with a token that nobody ever had.
	lookUpTime  = 3 * time.Second
	mostLookUps = 64
)

// NewForwarder returns a Forwarder to the region at peer, such as
// "https://tokyo.example.com", for when elsewhere says that it writes.
func NewForwarder(peer string, transport http.RoundTripper, elsewhere func() bool) (*Forwarder, error) {
	to, err := url.Parse(peer)
	if err != nil || to.Host == "" {
		return nil, fmt.Errorf("%q is no URL of a region", peer)
	}
	f := &Forwarder{peer: to, elsewhere: elsewhere, transport: transport, lookUps: make(chan struct{}, mostLookUps)}
	f.proxy = &httputil.ReverseProxy{Transport: transport, Rewrite: f.rewrite, ModifyResponse: ours, ErrorHandler: unreachable}
	return f, nil
}

type forwardedKey struct{}

// withOrigin notes in ctx whether the other region sent the request.
func withOrigin(ctx context.Context, r *http.Request) context.Context {
	return context.WithValue(ctx, forwardedKey{}, r.Header.Get(forwardedHeader) != "")
}

func wasForwarded(ctx context.Context) bool {
	forwarded, _ := ctx.Value(forwardedKey{}).(bool)
	return forwarded
}

// takes serves the request from the other region, if it is that one's to serve. A
// request that comes from there already is not sent back: each region takes the
// other for the writer, for a moment.
func (f *Forwarder) takes(w http.ResponseWriter, r *http.Request) (taken bool, err error) {
	switch {
	case f == nil || !f.elsewhere():
		return false, nil
	case wasForwarded(r.Context()):
		return true, errElsewhere
	}
	body, err := readBody(w, r)
	if err != nil {
		return true, err
	}
	r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	f.proxy.ServeHTTP(w, r)
	return true, nil
}

// rewrite addresses the request to the peer. That no other site's page sent it was
// checked here, against the name by which the client knows us.
func (f *Forwarder) rewrite(p *httputil.ProxyRequest) {
	p.SetURL(f.peer)
	p.Out.Header["X-Forwarded-For"] = p.In.Header["X-Forwarded-For"]
	p.SetXForwarded()
	if proto := p.In.Header.Get("X-Forwarded-Proto"); proto != "" {
		p.Out.Header.Set("X-Forwarded-Proto", proto)
	}
	p.Out.Header.Del("Origin")
	p.Out.Header.Del("Sec-Fetch-Site")
	p.Out.Header.Set(forwardedHeader, "1")
}

// ours lets pass what the other region's app says; what its load balancer says
// instead means that the app is out of reach.
func ours(response *http.Response) error {
	kind, _, _ := mime.ParseMediaType(response.Header.Get("Content-Type"))
	if response.StatusCode >= http.StatusBadGateway && kind != problemType {
		return fmt.Errorf("the other region's load balancer answers %s", response.Status)
	}
	return nil
}

var errElsewhere = app.Fenced("another region")

// unreachable answers for a region that writes but cannot be reached.
func unreachable(w http.ResponseWriter, r *http.Request, err error) {
	slog.Warn("not forwarded", "method", r.Method, "path", r.URL.Path, "error", err)
	new(Server).fail(w, r, errElsewhere)
}

// Session asks the region that writes whose session a token is.
func (f *Forwarder) Session(ctx context.Context, token app.Token) (user app.User, err error) {
	switch {
	case f == nil || !f.elsewhere():
		return user, app.Unauthenticated()
	case wasForwarded(ctx):
		return user, errElsewhere
	}
	select {
	case f.lookUps <- struct{}{}:
		defer func() { <-f.lookUps }()
	default:
		return user, app.Overload()
	}
	ctx, cancel := context.WithTimeout(ctx, lookUpTime)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, f.peer.JoinPath("/v1/session").String(), nil)
	if err != nil {
		return user, err
	}
	request.Header.Set("Authorization", "Bearer "+token.String())
	request.Header.Set(forwardedHeader, "1")
	response, err := f.transport.RoundTrip(request)
	if err != nil {
		return user, app.Dependency(fmt.Errorf("session in the other region: %w", err))
	}
	defer response.Body.Close()
	var answer struct{ User app.User }
	switch response.StatusCode {
	case http.StatusUnauthorized:
		return user, app.Unauthenticated()
	case http.StatusTooManyRequests:
		return user, app.RateLimited(time.Minute)
	case http.StatusOK:
		err = json.NewDecoder(io.LimitReader(response.Body, maxBody)).Decode(&answer)
	default:
		err = errors.New(response.Status)
	}
	if err != nil {
		return user, app.Dependency(fmt.Errorf("session in the other region: %w", err))
	}
	return answer.User, nil
}
