package elb

import (
	"context"
	"fmt"
	"sync"
	"time"

	"newsfeed/localcloud/cloud"
)

// group is a target group. Its mutex also guards its targets.
type group struct {
	arn, name string
	metrics   metrics

	mu       sync.Mutex
	settings settings
	targets  map[string]*target
	rotation []*target // who gets requests now; rebuilt at every change
	next     int       // index into rotation
	changed  chan struct{}
	closed   bool
}

// settings are the properties of a target group that may change.
type settings struct {
	protocol         string
	drain            time.Duration // deregistrationDelay
	leastOutstanding bool
	check            check
}

// groups is the body of aws:lb/targetGroup:TargetGroup.
type groups struct{ *Service }

// Apply keeps the targets that are registered; after a restart there are none
// until the autoscaling body registers them again.
func (s groups) Apply(_ context.Context, r, _ *cloud.Resource) error {
	next, err := parseSettings(r)
	if err != nil {
		return fmt.Errorf("target group %s: %w", r.String("name"), err)
	}
	setSuffix(r)
	arn := r.String("arn")
	s.mu.Lock()
	defer s.mu.Unlock()
	g := s.groups[arn]
	if g == nil {
		g = &group{arn: arn, name: r.String("name"), targets: map[string]*target{}, changed: make(chan struct{})}
		s.groups[arn] = g
	}
	g.configure(next)
	return nil
}

func (s groups) Remove(_ context.Context, r *cloud.Resource) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if g := s.groups[r.String("arn")]; g != nil {
		g.close()
		delete(s.groups, g.arn)
	}
	return nil
}

func parseSettings(r *cloud.Resource) (settings, error) {
	out := settings{protocol: r.String("protocol"), leastOutstanding: r.String("loadBalancingAlgorithmType") == "least_outstanding_requests"}
	if out.protocol == "" {
		out.protocol = "HTTP"
	}
	if out.protocol != "HTTP" && out.protocol != "HTTPS" {
		return out, fmt.Errorf("protocol %s: the local cloud forwards HTTP and HTTPS", out.protocol)
	}
	drain := 300.0
	if err := r.Decode("deregistrationDelay", &drain); err != nil {
		return out, fmt.Errorf("deregistrationDelay: %w", err)
	}
	out.drain = seconds(drain)
	var err error
	out.check, err = parseCheck(r, out.protocol)
	return out, err
}

// configure applies new settings; targets keep their state and are asked
// again at once.
func (g *group) configure(next settings) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.settings == next {
		return
	}
	g.settings = next
	for _, t := range g.targets {
		if t.state == Draining {
			continue
		}
		t.stop()
		g.watch(t)
	}
}

// close drops every target and wakes those who wait.
func (g *group) close() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.closed = true
	for _, t := range g.targets {
		g.remove(t)
	}
	g.announce()
}

// announce rebuilds the rotation and tells those who wait. g.mu is held.
//
// When no target is healthy requests go to all of them: AWS calls it fail-open.
func (g *group) announce() {
	var healthy, registered []*target
	for _, t := range g.targets {
		if t.state == Healthy {
			healthy = append(healthy, t)
		}
		if t.state != Draining {
			registered = append(registered, t)
		}
	}
	if g.rotation = healthy; len(healthy) == 0 {
		g.rotation = registered
	}
	close(g.changed)
	g.changed = make(chan struct{})
}

// acquire picks the target of one request, or nil when there is none. The
// caller releases it.
func (g *group) acquire() *target {
	g.mu.Lock()
	defer g.mu.Unlock()
	if len(g.rotation) == 0 {
		return nil
	}
	g.next = (g.next + 1) % len(g.rotation)
	chosen := g.rotation[g.next]
	if g.settings.leastOutstanding {
		for _, t := range g.rotation {
			if t.inflight < chosen.inflight {
				chosen = t
			}
		}
	}
	chosen.inflight++
	return chosen
}

func (g *group) release(t *target) {
	g.mu.Lock()
	defer g.mu.Unlock()
	t.inflight--
	if t.inflight == 0 && t.state == Draining {
		close(t.idle)
	}
}

func (g *group) healthy() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	n := 0
	for _, t := range g.targets {
		if t.state == Healthy {
			n++
		}
	}
	return n
}
