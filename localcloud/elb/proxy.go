package elb

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httputil"
	"net/netip"
	"os"
	"strings"
	"sync"
	"time"
)

// connectTimeout and idleConnections are of connections to targets.
const (
	connectTimeout  = 10 * time.Second
	idleConnections = 1024 // per target
)

var errIdle = errors.New("no data within the idle timeout")

type exchangeKey struct{}

// exchange is one request on its way to a target and back.
type exchange struct {
	group *group
	start time.Time
	idle  time.Duration
	timer *time.Timer // ends the exchange when no data has moved for idle
}

// touch says that data has moved.
func (x *exchange) touch() { x.timer.Reset(x.idle) }

// forward sends a request to a target of the group and the answer back.
func (g *group) forward(w http.ResponseWriter, r *http.Request, idle time.Duration) {
	t := g.acquire()
	if t == nil {
		g.metrics.failed(http.StatusServiceUnavailable)
		fail(w, http.StatusServiceUnavailable)
		return
	}
	defer g.release(t)
	g.metrics.requests.Add(1)
	ctx, cancel := context.WithCancelCause(r.Context())
	defer cancel(nil)
	x := &exchange{group: g, start: time.Now(), idle: idle}
	x.timer = time.AfterFunc(idle, func() { cancel(errIdle) })
	defer x.timer.Stop()
	r = r.WithContext(context.WithValue(ctx, exchangeKey{}, x))
	if r.Body != http.NoBody {
		r.Body = &meteredBody{r.Body, x}
	}
	t.proxy.ServeHTTP(w, r)
}

// newProxy returns the way to one target. Its transport retries only what is
// safe to repeat, and only on a kept connection that turns out to be closed.
func (g *group) newProxy(at netip.AddrPort) (*http.Transport, *httputil.ReverseProxy) {
	transport := &http.Transport{
		DialContext:         (&net.Dialer{Timeout: connectTimeout}).DialContext,
		TLSClientConfig:     &tls.Config{InsecureSkipVerify: true}, // as on AWS: certificates of targets aren't verified
		MaxIdleConns:        idleConnections,
		MaxIdleConnsPerHost: idleConnections,
		IdleConnTimeout:     defaultIdle,
		DisableCompression:  true,
	}
	scheme := strings.ToLower(g.settings.protocol)
	return transport, &httputil.ReverseProxy{
		Transport:  transport,
		BufferPool: buffers,
		ErrorLog:   log.New(io.Discard, "", 0),
		Rewrite: func(p *httputil.ProxyRequest) {
			p.Out.URL.Scheme, p.Out.URL.Host = scheme, at.String()
			p.Out.URL.RawQuery = p.In.URL.RawQuery
			p.Out.Host = p.In.Host
			addForwarded(p.Out.Header, p.In)
		},
		ModifyResponse: received,
		ErrorHandler:   failed,
	}
}

// addForwarded sets the headers by which a target learns about the client.
func addForwarded(h http.Header, in *http.Request) {
	client, _, err := net.SplitHostPort(in.RemoteAddr)
	if err != nil {
		client = in.RemoteAddr
	}
	h.Set("X-Forwarded-For", strings.Join(append(in.Header.Values("X-Forwarded-For"), client), ", "))
	h.Set("X-Forwarded-Proto", arrivedProtocol(in))
	h.Set("X-Forwarded-Port", arrivedPort(in))
}

func received(resp *http.Response) error {
	x := resp.Request.Context().Value(exchangeKey{}).(*exchange)
	x.group.metrics.responded(time.Since(x.start))
	if resp.StatusCode >= 500 {
		x.group.metrics.target5xx.Add(1)
	}
	if resp.StatusCode == http.StatusSwitchingProtocols {
		x.timer.Stop() // the two sides end it
		return nil
	}
	x.touch()
	resp.Body = &meteredBody{resp.Body, x}
	return nil
}

func failed(w http.ResponseWriter, r *http.Request, err error) {
	g := r.Context().Value(exchangeKey{}).(*exchange).group
	code := http.StatusBadGateway
	var timeout net.Error
	switch {
	case errors.Is(context.Cause(r.Context()), errIdle), errors.Is(err, os.ErrDeadlineExceeded),
		errors.As(err, &timeout) && timeout.Timeout():
		code = http.StatusGatewayTimeout
	case r.Context().Err() != nil:
		return // the client went away
	}
	g.metrics.failed(code)
	if dial := new(net.OpError); errors.As(err, &dial) && dial.Op == "dial" {
		g.metrics.refused.Add(1)
	}
	fail(w, code)
}

// meteredBody says that data moves as it is read.
type meteredBody struct {
	io.ReadCloser
	exchange *exchange
}

func (b *meteredBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if n > 0 {
		b.exchange.touch()
	}
	return n, err
}

// bufferPool recycles the buffers that bodies are copied through.
type bufferPool struct{ sync.Pool }

var buffers = &bufferPool{sync.Pool{New: func() any { return new([32 << 10]byte) }}}

func (p *bufferPool) Get() []byte  { return p.Pool.Get().(*[32 << 10]byte)[:] }
func (p *bufferPool) Put(b []byte) { p.Pool.Put((*[32 << 10]byte)(b)) }
