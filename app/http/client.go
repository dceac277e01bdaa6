package http

import (
	"context"
	"net"
	"net/http"
	"strings"

	"newsfeed/app"
)

// client is who sent a request: nobody, until a session has shown who.
type client struct{ user app.ID }

type clientKey struct{}

// withClient notes in the request's context who it is from, once that is known.
func withClient(ctx context.Context) context.Context {
	return context.WithValue(ctx, clientKey{}, &client{})
}

// isFrom notes the request's user.
func isFrom(r *http.Request, user app.ID) {
	if c, ok := r.Context().Value(clientKey{}).(*client); ok {
		c.user = user
	}
}

// who tells clients apart: by their user, or by their address as the load
// balancer, which appends it to what the client claims, saw it.
func who(r *http.Request) string {
	if c, ok := r.Context().Value(clientKey{}).(*client); ok && !c.user.IsZero() {
		return c.user.String()
	}
	if via := r.Header.Values("X-Forwarded-For"); len(via) > 0 {
		last := via[len(via)-1]
		return strings.TrimSpace(last[strings.LastIndexByte(last, ',')+1:])
	}
	host, _, _ := net.SplitHostPort(r.RemoteAddr)
	return host
}
