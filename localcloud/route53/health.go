package route53

import (
	"context"
	"fmt"
	"time"

	"newsfeed/localcloud/cloud"
)

// healthCheck is a Route 53 health check. The service's mutex guards what
// changes.
type healthCheck struct {
	id, name  string
	kind      string // HTTP, HTTPS, HTTP_STR_MATCH, HTTPS_STR_MATCH, TCP, CALCULATED or CLOUDWATCH_METRIC
	probe     func(context.Context) error
	interval  time.Duration
	threshold int // answers in a row that change its mind

	disabled, inverted bool
	children           []string
	childThreshold     int

	stop    context.CancelFunc
	passing bool // before disabled and inverted
	against int  // answers in a row that contradict passing
	problem string
	since   time.Time
}

// healthChecks is the body of aws:route53/healthCheck:HealthCheck.
type healthChecks struct{ *Service }

func (s healthChecks) Apply(_ context.Context, r, _ *cloud.Resource) error {
	c, err := s.parse(r)
	if err != nil {
		return fmt.Errorf("health check %s: %w", c.name, err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if old := s.checks[c.id]; old != nil {
		old.stop()
		c.passing, c.problem, c.since = old.passing, old.problem, old.since
	}
	s.checks[c.id] = c
	ctx, stop := context.WithCancel(s.ctx)
	c.stop = stop
	if c.probe != nil && !c.disabled {
		s.probes.Go(func() { s.watch(ctx, c) })
	}
	return nil
}

func (s healthChecks) Remove(_ context.Context, r *cloud.Resource) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if c := s.checks[r.ID]; c != nil {
		c.stop()
		delete(s.checks, r.ID)
	}
	return nil
}

// parse always returns a check that has a name.
func (s healthChecks) parse(r *cloud.Resource) (*healthCheck, error) {
	c := &healthCheck{
		id: r.ID, kind: r.String("type"), threshold: r.Int("failureThreshold", 3), interval: 30 * time.Second,
		disabled: r.Bool("disabled"), inverted: r.Bool("invertHealthcheck"),
		children: r.Strings("childHealthchecks"), childThreshold: r.Int("childHealthThreshold", 0),
		passing: true, problem: "not checked yet", since: time.Now(),
	}
	c.name = r.String("fqdn") + r.String("resourcePath")
	if tags, ok := r.Outputs["tags"].(map[string]any); ok && tags["Name"] != nil {
		c.name = fmt.Sprint(tags["Name"])
	}
	if c.name == "" {
		c.name = r.ID
	}
	interval := c.interval.Seconds()
	if err := r.Decode("requestInterval", &interval); err != nil || interval <= 0 {
		return c, fmt.Errorf("requestInterval: it must be a number of seconds")
	}
	c.interval = time.Duration(interval * float64(time.Second))
	var err error
	switch c.kind {
	case "HTTP", "HTTPS", "HTTP_STR_MATCH", "HTTPS_STR_MATCH", "TCP":
		c.probe, err = s.prober(r)
	case "CALCULATED":
		c.problem = ""
	case "CLOUDWATCH_METRIC":
		c.passing, c.problem = r.String("insufficientDataHealthStatus") != "Unhealthy", "not connected to an alarm"
	default:
		err = fmt.Errorf("type %q: the local cloud knows HTTP, HTTPS, HTTP_STR_MATCH, HTTPS_STR_MATCH, TCP and CALCULATED", c.kind)
	}
	return c, err
}

// watch probes at once and then at every interval until ctx ends.
func (s *Service) watch(ctx context.Context, c *healthCheck) {
	tick := time.NewTicker(c.interval)
	defer tick.Stop()
	for {
		err := c.probe(ctx)
		if ctx.Err() != nil {
			return
		}
		s.note(c, err)
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

func (s *Service) note(c *healthCheck, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c.problem = ""
	if err != nil {
		c.problem = err.Error()
	}
	if passes := err == nil; passes == c.passing {
		c.against = 0
		return
	}
	if c.against++; c.against >= c.threshold {
		c.passing, c.against, c.since = !c.passing, 0, time.Now()
	}
}

// checkHealthy is the status of a health check as records see it. A disabled
// one is healthy unless inverted; an unknown one is healthy. s.mu is held.
func (s *Service) checkHealthy(id string, left int) bool {
	c := s.checks[id]
	if c == nil || left == 0 {
		return true
	}
	healthy := c.passing
	if c.kind == "CALCULATED" {
		passing := 0
		for _, child := range c.children {
			if s.checkHealthy(child, left-1) {
				passing++
			}
		}
		healthy = passing >= c.childThreshold
	}
	return (healthy || c.disabled) != c.inverted
}
