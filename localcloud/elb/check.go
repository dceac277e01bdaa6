package elb

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"

	"newsfeed/localcloud/cloud"
)

// initialInterval is how often a target is asked until it passes once.
const initialInterval = 250 * time.Millisecond

// check is how the targets of a group are asked for their health.
type check struct {
	disabled               bool
	scheme, path, port     string // port: a number, or traffic-port
	matcher                string // 200, 200,202 or 200-299
	interval, timeout      time.Duration
	healthyAt, unhealthyAt int // answers in a row
}

func parseCheck(r *cloud.Resource, protocol string) (check, error) {
	given := struct {
		Enabled                              *bool
		Protocol, Path, Port, Matcher        string
		Interval, Timeout                    float64
		HealthyThreshold, UnhealthyThreshold int
	}{nil, protocol, "/", "traffic-port", "200", 30, 5, 3, 3}
	if err := r.Decode("healthCheck", &given); err != nil {
		return check{}, fmt.Errorf("healthCheck: %w", err)
	}
	c := check{
		disabled: given.Enabled != nil && !*given.Enabled,
		scheme:   strings.ToLower(given.Protocol), path: given.Path, port: given.Port, matcher: given.Matcher,
		interval: seconds(given.Interval), timeout: seconds(given.Timeout),
		healthyAt: given.HealthyThreshold, unhealthyAt: given.UnhealthyThreshold,
	}
	if c.scheme != "http" && c.scheme != "https" {
		return c, fmt.Errorf("healthCheck.protocol %s: it must be HTTP or HTTPS", given.Protocol)
	}
	if _, err := c.accepts(0); err != nil {
		return c, fmt.Errorf("healthCheck.matcher: %w", err)
	}
	if c.interval <= 0 || c.timeout <= 0 {
		return c, fmt.Errorf("healthCheck: interval and timeout must be above 0 s")
	}
	return c, nil
}

// accepts says whether the matcher takes an HTTP status.
func (c check) accepts(status int) (bool, error) {
	found := false
	for _, part := range strings.Split(c.matcher, ",") {
		from, to, isRange := strings.Cut(strings.TrimSpace(part), "-")
		low, err := strconv.Atoi(from)
		high := low
		if isRange && err == nil {
			high, err = strconv.Atoi(to)
		}
		if err != nil {
			return false, fmt.Errorf("%q: use a status, a list or a range: 200, 200,202 or 200-299", c.matcher)
		}
		found = found || low <= status && status <= high
	}
	return found, nil
}

// prober opens a connection per check, as AWS does, and doesn't verify
// certificates of targets, as AWS doesn't.
var prober = &http.Client{
	Transport: &http.Transport{
		DisableKeepAlives: true,
		TLSClientConfig:   &tls.Config{InsecureSkipVerify: true},
	},
	CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
}

// probe asks a target once and returns why it fails, or "".
func (c check) probe(ctx context.Context, at netip.AddrPort) string {
	if c.disabled {
		return ""
	}
	host := at.String()
	if c.port != "traffic-port" && c.port != "" {
		host = net.JoinHostPort(at.Addr().String(), c.port)
	}
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, c.scheme+"://"+host+c.path, nil)
	if err != nil {
		return "Elb.InternalError: " + err.Error()
	}
	req.Header.Set("User-Agent", "ELB-HealthChecker/2.0")
	resp, err := prober.Do(req)
	switch {
	case errors.Is(err, context.DeadlineExceeded) || errors.Is(err, os.ErrDeadlineExceeded):
		return fmt.Sprintf("Target.Timeout: no answer from %s in %s", host+c.path, c.timeout)
	case errors.Is(err, syscall.ECONNREFUSED):
		return fmt.Sprintf("Target.FailedHealthChecks: %s refuses connections", host)
	case err != nil:
		return "Target.FailedHealthChecks: " + err.Error()
	}
	resp.Body.Close()
	if ok, _ := c.accepts(resp.StatusCode); !ok {
		return fmt.Sprintf("Target.ResponseCodeMismatch: %s answers %d, expected %s", c.path, resp.StatusCode, c.matcher)
	}
	return ""
}

// watch checks t until it is stopped. g.mu is held.
func (g *group) watch(t *target) {
	ctx, stop := context.WithCancel(context.Background())
	t.stop, t.passes, t.failures = stop, 0, 0
	c := g.settings.check
	go func() {
		for ctx.Err() == nil {
			wait := time.NewTimer(g.note(ctx, t, c, c.probe(ctx, t.Addr)))
			select {
			case <-ctx.Done():
			case <-wait.C:
			}
			wait.Stop()
		}
	}()
}

// note records the outcome of one check, and returns when the next is due.
func (g *group) note(ctx context.Context, t *target, c check, problem string) time.Duration {
	g.mu.Lock()
	defer g.mu.Unlock()
	if ctx.Err() != nil {
		return 0 // stopped meanwhile: the outcome is of no use
	}
	before, reason := t.state, t.reason
	if problem == "" {
		t.passes, t.failures = t.passes+1, 0
		if t.state == Initial || t.passes >= c.healthyAt {
			t.state, t.reason = Healthy, ""
		}
	} else {
		t.passes, t.failures = 0, t.failures+1
		boot := time.Duration(c.unhealthyAt-1) * c.interval
		if t.state == Initial && time.Since(t.since) >= boot || t.state == Healthy && t.failures >= c.unhealthyAt {
			t.state = Unhealthy
		}
		if t.state != Healthy {
			t.reason = problem
		}
	}
	if t.state != before || t.reason != reason {
		g.announce()
	}
	if t.state == Initial {
		return min(c.interval, initialInterval)
	}
	return c.interval
}
