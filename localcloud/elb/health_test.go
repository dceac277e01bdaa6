package elb

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

func TestHealthOfATargetFollowsItsAnswers(t *testing.T) {
	w := newWorld(t)
	w.web()
	var code atomic.Int64
	code.Store(503)
	asked := make(chan struct{}, 1000)
	server := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		asked <- struct{}{}
		rw.WriteHeader(int(code.Load()))
	}))
	t.Cleanup(server.Close)
	noError(t, w.Register(tgARN, target0("i-1", server)))
	<-asked // at once
	h := w.await("i-1", Unhealthy)
	if !strings.Contains(h.Reason, "ResponseCodeMismatch: /ready answers 503, expected 200") {
		t.Errorf("reason %q", h.Reason)
	}
	code.Store(200)
	if h := w.await("i-1", Healthy); h.Reason != "" {
		t.Errorf("healthy with reason %q", h.Reason)
	}
	code.Store(500)
	w.await("i-1", Unhealthy)
	w.apply(groupResource(map[string]any{"healthCheck": map[string]any{"matcher": "200,500-599", "path": "/", "interval": 0.02, "timeout": 1.0}}))
	w.await("i-1", Healthy)
	server.Close()
	if h := w.await("i-1", Unhealthy); !strings.Contains(h.Reason, "refuses connections") {
		t.Errorf("reason %q", h.Reason)
	}
}

func TestOnePassMakesAnInitialTargetHealthy(t *testing.T) {
	w := newWorld(t)
	w.apply(groupResource(map[string]any{"healthCheck": map[string]any{
		"path": "/", "interval": 3600.0, "timeout": 1.0, "healthyThreshold": 10.0, "unhealthyThreshold": 10.0}}))
	var booted atomic.Bool
	server := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if !booted.Swap(true) {
			rw.WriteHeader(503)
		}
	}))
	t.Cleanup(server.Close)
	noError(t, w.Register(tgARN, target0("i-1", server)))
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	noError(t, w.WaitHealthy(ctx, tgARN, 1))
}

func TestASlowHealthCheckTimesOut(t *testing.T) {
	w := newWorld(t)
	w.apply(groupResource(map[string]any{"healthCheck": map[string]any{"interval": 0.02, "timeout": 0.05, "unhealthyThreshold": 2.0}}))
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }))
	t.Cleanup(server.Close)
	noError(t, w.Register(tgARN, target0("i-1", server)))
	if h := w.await("i-1", Unhealthy); !strings.HasPrefix(h.Reason, "Target.Timeout") {
		t.Errorf("reason %q", h.Reason)
	}
}

func TestWaitingForHealthSaysWhatIsIll(t *testing.T) {
	w := newWorld(t)
	w.web()
	w.instance("i-good", says(""))
	dead := serve(t, says(""))
	dead.Close()
	noError(t, w.Register(tgARN, target0("i-dead", dead)))
	w.await("i-dead", Unhealthy)
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	err := w.WaitHealthy(ctx, tgARN, 2)
	for _, part := range []string{"web: 1 of 2", "i-dead", "unhealthy", "refuses connections"} {
		if err == nil || !strings.Contains(err.Error(), part) {
			t.Errorf("error %v lacks %q", err, part)
		}
	}
	waiting := make(chan error)
	go func() { waiting <- w.WaitHealthy(t.Context(), tgARN, 2) }()
	w.remove(groupResource(nil))
	if err := <-waiting; err == nil || !strings.Contains(err.Error(), "removed") && !strings.Contains(err.Error(), "not exist") {
		t.Errorf("waiting for a removed group: %v", err)
	}
}

func TestRequestsGoWhereHealthAllows(t *testing.T) {
	w := newWorld(t)
	w.web()
	client := visitor(t)
	if code, _ := get(t, client, w.url("/")); code != 503 {
		t.Errorf("no targets: %d, want 503", code)
	}
	var ill atomic.Bool
	ill.Store(true)
	sick := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/ready" && ill.Load() {
			rw.WriteHeader(503)
		}
		says("sick")(rw, r)
	}))
	t.Cleanup(sick.Close)
	noError(t, w.Register(tgARN, target0("i-sick", sick)))
	w.await("i-sick", Unhealthy)
	if code, body := get(t, client, w.url("/")); code != 200 || body != "sick" {
		t.Errorf("only unhealthy targets: %d %q, want fail-open", code, body)
	}
	if w.HealthyBehind(dnsName) {
		t.Error("Route 53 sees a balancer without a healthy target as healthy")
	}
	w.instance("i-well", says("well"))
	for range 4 {
		if _, body := get(t, client, w.url("/")); body != "well" {
			t.Errorf("got %q while a healthy target is there", body)
		}
	}
	if !w.HealthyBehind(strings.ToUpper(dnsName) + ".") {
		t.Error("Route 53 sees a balancer with a healthy target as unhealthy")
	}
	ill.Store(false)
	w.await("i-sick", Healthy)
	seen := map[string]int{}
	for range 10 {
		_, body := get(t, client, w.url("/"))
		seen[body]++
	}
	if seen["sick"] != 5 || seen["well"] != 5 {
		t.Errorf("round robin gave %v", seen)
	}
}

func TestMatchers(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		matcher string
		status  int
		want    bool
	}{
		{"200", 200, true}, {"200", 204, false}, {"200,204", 204, true}, {"200-299", 299, true},
		{"200-299", 300, false}, {"200, 300-302", 301, true},
	} {
		if got, err := (check{matcher: c.matcher}).accepts(c.status); got != c.want || err != nil {
			t.Errorf("matcher %s on %d: %v %v", c.matcher, c.status, got, err)
		}
	}
	if _, err := (check{matcher: "2xx"}).accepts(200); err == nil {
		t.Error("matcher 2xx is accepted")
	}
}
