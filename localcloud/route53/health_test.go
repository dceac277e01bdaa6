package route53

import (
	"fmt"
	"io"
	"log"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/miekg/dns"

	"newsfeed/localcloud/cloud"
)

// region is a region's endpoint on its own address: 200 while up.
type regionServer struct {
	up   atomic.Bool
	sni  atomic.Value
	port int
}

func (w *world) serveRegion(at netip.Addr) *regionServer {
	w.Helper()
	listener, err := net.Listen("tcp", netip.AddrPortFrom(at, 0).String())
	noError(w.T, err)
	region := &regionServer{port: int(addrPort(listener).Port())}
	region.up.Store(true)
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		region.sni.Store(r.TLS.ServerName)
		if r.URL.Path != "/healthz/region" || !region.up.Load() {
			rw.WriteHeader(503)
		}
		io.WriteString(rw, `{"writing":true}`)
	}))
	server.Listener.Close()
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.Listener = listener
	server.StartTLS() // signed by nobody we know: Route 53 doesn't mind
	w.Cleanup(server.Close)
	return region
}

// check is a health check that is quick enough for a test.
func check(id string, outputs props) *cloud.Resource {
	all := props{"requestInterval": 0.02, "failureThreshold": 2.0, "tags": props{"Name": id}}
	maps.Copy(all, outputs)
	return &cloud.Resource{Type: healthCheckType, ID: id, Region: "ap-northeast-2", Outputs: all}
}

func (w *world) httpsCheck(id, name string, port int) *cloud.Resource {
	return check(id, props{"type": "HTTPS", "fqdn": name, "port": float64(port), "resourcePath": "/healthz/region"})
}

func (w *world) healthOf(id string) HealthCheckStatus {
	for _, c := range w.Status().HealthChecks {
		if c.ID == id {
			return c
		}
	}
	return HealthCheckStatus{}
}

func TestDNSFollowsTheHealthOfRegions(t *testing.T) {
	w := newWorld(t)
	seoul, tokyo := w.serveRegion(w.seoul), w.serveRegion(w.tokyo)
	w.apply(
		w.record("seoul", "A", alias(seoulLB, true)),
		w.record("tokyo", "A", alias(tokyoLB, true)),
		w.httpsCheck("hc-seoul", "seoul."+domain, seoul.port),
		w.httpsCheck("hc-tokyo", "tokyo."+domain, tokyo.port),
		w.record(domain, "A", with(alias(seoulLB, true), failoverRole("PRIMARY", "hc-seoul"))),
		w.record(domain, "A", with(alias(tokyoLB, true), failoverRole("SECONDARY", "hc-tokyo"))),
	)
	answers := func(addr netip.Addr) func() bool {
		return func() bool {
			addrs, ttl, err := w.Resolver()(t.Context(), domain)
			return err == nil && len(addrs) == 1 && addrs[0] == addr && ttl == aliasTTL*time.Second
		}
	}
	w.until("seoul is checked", func() bool { return w.healthOf("hc-seoul").Problem == "" })
	if !answers(w.seoul)() || seoul.sni.Load() != "seoul."+domain {
		t.Errorf("at first %s; server name %v", w.ask(domain, dns.TypeA), seoul.sni.Load())
	}
	seoul.up.Store(false)
	w.until("DNS moves to tokyo", answers(w.tokyo))
	if h := w.healthOf("hc-seoul"); h.Healthy || !strings.Contains(h.Problem, "503") || h.Since.IsZero() {
		t.Errorf("status %+v", h)
	}
	for _, n := range w.Status().Names {
		if n.Name == domain && (n.From != "secondary SECONDARY" || n.Answers[0] != w.tokyo.String()) {
			t.Errorf("status %+v", n)
		}
	}
	tokyo.up.Store(false)
	w.until("both are unhealthy: the primary is answered", answers(w.seoul))
	tokyo.up.Store(true)
	w.until("tokyo is back", answers(w.tokyo))
	seoul.up.Store(true)
	w.until("DNS moves back to seoul", answers(w.seoul))
}

func TestForcingARegionOutByInversion(t *testing.T) {
	w := newWorld(t)
	seoul := w.serveRegion(w.seoul)
	w.apply(w.record("seoul", "A", alias(seoulLB, true)))
	hc := w.httpsCheck("hc", "seoul."+domain, seoul.port)
	w.apply(hc)
	for _, c := range []struct {
		sentence           string
		disabled, inverted bool
		up, want           bool
	}{
		{"up is healthy", false, false, true, true},
		{"up and inverted is unhealthy", false, true, true, false},
		{"down and inverted is healthy", false, true, false, true},
		{"disabled is healthy", true, false, false, true},
		{"disabled and inverted is unhealthy", true, true, true, false},
	} {
		seoul.up.Store(c.up)
		next := w.httpsCheck("hc", "seoul."+domain, seoul.port)
		next.Outputs["disabled"], next.Outputs["invertHealthcheck"] = c.disabled, c.inverted
		w.apply(next)
		w.until(c.sentence, func() bool { return w.healthOf("hc").Healthy == c.want })
	}
	noError(t, w.Bodies()[healthCheckType].Remove(t.Context(), hc))
	if h := w.healthOf("hc"); h.ID != "" {
		t.Errorf("a removed health check is there: %+v", h)
	}
}

func TestKindsOfHealthChecks(t *testing.T) {
	w := newWorld(t)
	seoul := w.serveRegion(w.seoul)
	web := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		http.Redirect(rw, r, "/elsewhere", http.StatusFound)
		io.WriteString(rw, strings.Repeat("x", searched)+"too far")
	}))
	t.Cleanup(web.Close)
	closed := httptest.NewServer(nil)
	closedPort := addrPort(closed.Listener).Port()
	closed.Close()
	w.apply(w.record("seoul", "A", alias(seoulLB, true)), w.record("local", "A", plain(60, "127.0.0.1")))
	at := func(kind, name string, port int, more props) props {
		return with(props{"type": kind, "fqdn": name + "." + domain, "port": float64(port)}, more)
	}
	webPort := int(addrPort(web.Listener).Port())
	for _, c := range []struct {
		sentence string
		outputs  props
		problem  string // of the probe; "" passes
	}{
		{"a redirect is healthy", at("HTTP", "local", webPort, nil), ""},
		{"a string is found", at("HTTPS_STR_MATCH", "seoul", seoul.port, props{"resourcePath": "/healthz/region", "searchString": `"writing":true`}), ""},
		{"a string isn't there", at("HTTPS_STR_MATCH", "seoul", seoul.port, props{"resourcePath": "/healthz/region", "searchString": "nope"}), "nope"},
		{"a string beyond 5,120 bytes isn't seen", at("HTTP_STR_MATCH", "local", webPort, props{"searchString": "too far"}), "too far"},
		{"a port that accepts", at("TCP", "local", webPort, nil), ""},
		{"a port that refuses", at("TCP", "local", int(closedPort), nil), "refused"},
		{"a name that isn't known here", props{"type": "HTTPS", "fqdn": "example.com"}, "no such name"},
		{"an address on this machine", props{"type": "TCP", "ipAddress": "127.0.0.1", "port": float64(webPort)}, ""},
		{"an address elsewhere", props{"type": "TCP", "ipAddress": "192.0.2.1", "port": 80.0}, "loopback"},
	} {
		id := c.sentence
		w.apply(check(id, c.outputs))
		if c.problem == "" {
			w.until(c.sentence, func() bool { h := w.healthOf(id); return h.Healthy && h.Problem == "" })
		} else {
			w.until(c.sentence, func() bool { h := w.healthOf(id); return !h.Healthy && strings.Contains(h.Problem, c.problem) })
		}
	}
	for threshold, want := range map[int]bool{0: true, 1: true, 2: false} {
		id := fmt.Sprintf("calculated %d", threshold)
		w.apply(check(id, props{"type": "CALCULATED", "childHealthThreshold": float64(threshold), "childHealthchecks": []any{"a port that accepts", "a port that refuses"}}))
		if got := w.healthOf(id).Healthy; got != want {
			t.Errorf("one of two children healthy, threshold %d: %v", threshold, got)
		}
	}
	for _, bad := range []props{{"type": "SMTP", "fqdn": "x"}, {"type": "HTTPS"}, {"type": "TCP", "fqdn": "x", "requestInterval": 0.0}} {
		if err := w.Bodies()[healthCheckType].Apply(t.Context(), check("bad", bad), nil); err == nil {
			t.Errorf("%v is accepted", bad)
		}
	}
}
