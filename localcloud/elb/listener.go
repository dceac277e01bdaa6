package elb

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"sync/atomic"

	"newsfeed/localcloud/cloud"
	"newsfeed/localcloud/process"
)

// listener is a port of a balancer, bound on each of its addresses.
type listener struct {
	arn, balancer string
	declared
	sockets map[netip.AddrPort]*socket
	routes  atomic.Pointer[routes] // what requests see; replaced whole
}

// declared is what may change about a listener.
type declared struct {
	port     uint16
	tls      *tls.Config // nil: plain HTTP
	fallback action      // the default action
}

// socket is a listener on one address.
type socket struct {
	net.Listener
	server *http.Server
}

// listeners is the body of aws:lb/listener:Listener.
type listeners struct{ *Service }

func (s listeners) Apply(_ context.Context, r, _ *cloud.Resource) error {
	next, err := s.parse(r)
	if err != nil {
		return fmt.Errorf("listener %s: %w", r.String("arn"), err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	l := s.listeners[r.String("arn")]
	if l == nil {
		l = &listener{arn: r.String("arn"), balancer: r.String("loadBalancerArn")}
	}
	before := l.declared
	l.declared = next
	if err := s.refresh(l); err != nil {
		l.declared = before
		return err
	}
	s.listeners[l.arn] = l
	return nil
}

func (s listeners) Remove(_ context.Context, r *cloud.Resource) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if l := s.listeners[r.String("arn")]; l != nil {
		l.close()
		delete(s.listeners, l.arn)
	}
	return nil
}

func (s listeners) parse(r *cloud.Resource) (l declared, err error) {
	port := r.Int("port", 0)
	if port < 1 || port > 65535 {
		return l, fmt.Errorf("port %d: it must be 1-65535", port)
	}
	l.port = uint16(port)
	var actions []action
	if err := r.Decode("defaultActions", &actions); err != nil {
		return l, fmt.Errorf("defaultActions: %w", err)
	}
	if l.fallback, err = final(actions); err != nil {
		return l, fmt.Errorf("defaultActions: %w", err)
	}
	switch protocol := r.String("protocol"); protocol {
	case "HTTPS":
		l.tls, err = s.terminate(r.String("certificateArn"), r.String("sslPolicy"))
		return l, err
	case "HTTP", "":
		return l, nil
	default:
		return l, fmt.Errorf("protocol %s: an application load balancer takes HTTP or HTTPS", protocol)
	}
}

// terminate returns the TLS side of a listener with that certificate.
func (s listeners) terminate(certificateARN, policy string) (*tls.Config, error) {
	declared := s.store.ByOutput(certificateType, "arn", certificateARN)
	if declared == nil {
		return nil, fmt.Errorf("certificate %q: no certificate of that ARN is declared", certificateARN)
	}
	names := []string{declared.String("domainName")}
	for _, name := range declared.Strings("subjectAlternativeNames") {
		if name != names[0] {
			names = append(names, name)
		}
	}
	cert, err := s.issue(names...)
	if err != nil {
		return nil, fmt.Errorf("certificate for %s: %w", strings.Join(names, ", "), err)
	}
	cfg := &tls.Config{Certificates: []tls.Certificate{*cert}, MinVersion: tls.VersionTLS12, NextProtos: []string{"h2", "http/1.1"}}
	if strings.Contains(policy, "TLS13-1-3-") {
		cfg.MinVersion = tls.VersionTLS13
	}
	return cfg, nil
}

// refresh makes what l serves and where it listens agree with what is
// declared. On an error all is as before. s.mu is held.
func (s *Service) refresh(l *listener) error {
	var want []netip.AddrPort
	next := &routes{tls: l.tls, fallback: l.fallback, idle: defaultIdle}
	if b := s.balancers[l.balancer]; b != nil {
		next.idle = b.idle
		for _, addr := range b.addresses {
			want = append(want, netip.AddrPortFrom(addr, l.port))
		}
	}
	next.rules = s.rulesOf(l.arn)
	sockets, opened := map[netip.AddrPort]*socket{}, []*socket{}
	for _, at := range want {
		if sockets[at] = l.sockets[at]; sockets[at] != nil {
			continue
		}
		bound, err := process.Listen(at.String())
		if err != nil {
			for _, o := range opened {
				o.Close()
			}
			return fmt.Errorf("listener %s: %w", l.arn, err)
		}
		sockets[at] = &socket{bound, s.server(l)}
		opened = append(opened, sockets[at])
	}
	l.routes.Store(next)
	for _, o := range opened {
		go o.server.Serve(&terminator{o.Listener, l})
	}
	for at, old := range l.sockets {
		if sockets[at] == nil {
			s.retire(old)
		}
	}
	l.sockets = sockets
	return nil
}

func (s *Service) server(l *listener) *http.Server {
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { l.routes.Load().serve(s, w, r) })
	return &http.Server{
		Handler: handler, ReadHeaderTimeout: defaultIdle, IdleTimeout: defaultIdle,
		ErrorLog: log.New(io.Discard, "", 0), // broken handshakes of clients
	}
}

// retire frees the port at once and lets the requests in flight end.
func (s *Service) retire(old *socket) {
	old.Close()
	s.retiring.Go(func() {
		ctx, cancel := context.WithTimeout(s.ctx, defaultIdle)
		defer cancel()
		if old.server.Shutdown(ctx) != nil {
			old.server.Close()
		}
	})
}

// close frees the ports and drops the connections.
func (l *listener) close() {
	for _, open := range l.sockets {
		open.Close()
		open.server.Close()
	}
	l.sockets = nil
}

// terminator accepts connections as the listener is at that time: a change of
// protocol or certificate holds for new connections and spares the old.
type terminator struct {
	net.Listener
	listener *listener
}

func (t *terminator) Accept() (net.Conn, error) {
	conn, err := t.Listener.Accept()
	if err != nil {
		return nil, err
	}
	if cfg := t.listener.routes.Load().tls; cfg != nil {
		return tls.Server(conn, cfg), nil
	}
	return conn, nil
}
