package frontdoor

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httputil"
	"net/netip"
	"strconv"
	"sync/atomic"
	"time"

	"newsfeed/localcloud/process"
)

// Config says what the front door opens to.
type Config struct {
	Listen string // host:port, a loopback address
	Domain string
	// Lookup asks the local Route 53.
	Lookup func(ctx context.Context, name string) ([]netip.Addr, time.Duration, error)
	Trust  *x509.CertPool // who may have signed the balancer's certificate

	Port   uint16        // of the balancer; 0 means 443
	MaxTTL time.Duration // answers are kept no longer than this; 0 means their own TTL
}

// Door is a front door that is open.
type Door struct {
	cfg       Config
	server    *http.Server
	transport *http.Transport
	listening net.Addr
	names     cache
	turn      atomic.Uint32 // spreads requests over the addresses of an answer
}

// idleConnections are kept to each address of a balancer.
const idleConnections = 512

// Open listens and serves until Close. It needs neither the domain nor a
// balancer to exist yet: until they do, it answers with a page that says so.
func Open(cfg Config) (*Door, error) {
	if cfg.Port == 0 {
		cfg.Port = 443
	}
	listener, err := process.Listen(cfg.Listen)
	if err != nil {
		return nil, err
	}
	d := &Door{cfg: cfg, listening: listener.Addr()}
	d.transport = &http.Transport{
		DialContext:         d.dial,
		TLSClientConfig:     &tls.Config{RootCAs: cfg.Trust, ServerName: cfg.Domain},
		TLSHandshakeTimeout: 5 * time.Second,
		MaxIdleConns:        2 * idleConnections,
		MaxIdleConnsPerHost: idleConnections,
		IdleConnTimeout:     30 * time.Second,
		DisableCompression:  true,
	}
	proxy := &httputil.ReverseProxy{
		Transport: d.transport, Rewrite: d.rewrite, ModifyResponse: d.restore, ErrorHandler: d.explain,
		ErrorLog: log.New(io.Discard, "", 0),
	}
	d.server = &http.Server{Handler: d.route(proxy), ReadHeaderTimeout: time.Minute, ErrorLog: log.New(io.Discard, "", 0)}
	go d.server.Serve(listener)
	return d, nil
}

// URL is what a user opens.
func (d *Door) URL() string { return "http://" + d.listening.String() }

// Close drops every connection and frees the address.
func (d *Door) Close() {
	d.server.Close()
	d.transport.CloseIdleConnections()
}

type routeKey struct{}

// route looks the domain up for each request, as the cache allows, so that
// one never goes to an address that DNS no longer gives.
func (d *Door) route(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		addrs, err := d.names.lookup(r.Context(), d.cfg)
		if err != nil {
			d.explain(w, r, err)
			return
		}
		to := addrs[int(d.turn.Add(1))%len(addrs)]
		host := netip.AddrPortFrom(to, d.cfg.Port).String()
		next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), routeKey{}, host)))
	})
}

// dial tries the other addresses of the answer when the chosen one refuses, as
// browsers do.
func (d *Door) dial(ctx context.Context, network, chosen string) (net.Conn, error) {
	dialer := net.Dialer{Timeout: 3 * time.Second}
	conn, err := dialer.DialContext(ctx, network, chosen)
	if err == nil {
		return conn, nil
	}
	addrs, _ := d.names.lookup(ctx, d.cfg)
	for _, addr := range addrs {
		other := net.JoinHostPort(addr.String(), strconv.Itoa(int(d.cfg.Port)))
		if other == chosen {
			continue
		}
		if conn, otherErr := dialer.DialContext(ctx, network, other); otherErr == nil {
			return conn, nil
		}
	}
	return nil, err
}
