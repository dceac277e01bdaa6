package main

import (
	"context"
	"net"
	"net/http"
	"time"
)

// peerClient asks the other region how it is. dns is the name server to ask
// instead of the system's, as host:port: the local cloud's names are not in
// the world's DNS. Empty: the system's.
func peerClient(dns string) *http.Client {
	client := &http.Client{Timeout: 2 * time.Second}
	if dns == "" {
		return client
	}
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.DialContext = (&net.Dialer{Resolver: &net.Resolver{
		PreferGo: true,
		Dial: func(ctx context.Context, network, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, network, dns)
		},
	}}).DialContext
	client.Transport = transport
	return client
}
