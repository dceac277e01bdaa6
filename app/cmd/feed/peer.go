package main

import (
	"context"
	"net"
	"net/http"
	"time"
)

// peerTransport reaches the other region. dns is the name server to ask instead
// of the system's, as host:port: the local cloud's names are not in the world's
// DNS. Empty: the system's.
func peerTransport(dns string) http.RoundTripper {
	dialer := &net.Dialer{Timeout: 2 * time.Second}
	if dns != "" {
		dialer.Resolver = &net.Resolver{
			PreferGo: true,
			Dial: func(ctx context.Context, network, _ string) (net.Conn, error) {
				return new(net.Dialer).DialContext(ctx, network, dns)
			},
		}
	}
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.DialContext = dialer.DialContext
	transport.ResponseHeaderTimeout = 8 * time.Second // a request has ten
	transport.MaxIdleConnsPerHost = 32
	// Shorter than the load balancer's 60 s, so that it never closes one in use.
	transport.IdleConnTimeout = 50 * time.Second
	return transport
}

// peerClient asks the other region how it is.
func peerClient(transport http.RoundTripper) *http.Client {
	return &http.Client{Timeout: 2 * time.Second, Transport: transport}
}
