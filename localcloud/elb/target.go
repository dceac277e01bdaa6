package elb

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httputil"
	"net/netip"
	"slices"
	"strings"
	"time"
)

// State is the health of a target, in the words of AWS.
type State string

// The states of a target.
const (
	Initial   State = "initial"
	Healthy   State = "healthy"
	Unhealthy State = "unhealthy"
	Draining  State = "draining"
)

// Target is what an instance registers: its id and where it listens.
type Target struct {
	ID   string
	Addr netip.AddrPort
}

// TargetHealth is the health of one target. Reason is empty when healthy, else
// an AWS reason code and a description.
type TargetHealth struct {
	ID     string         `json:"id"`
	Addr   netip.AddrPort `json:"addr"`
	State  State          `json:"state"`
	Reason string         `json:"reason,omitempty"`
}

// target is a registered target. Its group's mutex guards what changes.
type target struct {
	Target
	transport *http.Transport // its own: closed with it
	proxy     *httputil.ReverseProxy

	state    State
	reason   string
	since    time.Time          // registered
	stop     context.CancelFunc // of its health checks
	passes   int                // in a row
	failures int                // in a row
	inflight int
	idle     chan struct{} // closed when draining and nothing is in flight
}

// Register adds a target, which is then checked at once. A target that is
// registered already at that address stays as it is, unless it drains.
func (s *Service) Register(targetGroupARN string, t Target) error {
	g, err := s.group(targetGroupARN)
	if err != nil {
		return fmt.Errorf("register %s: %w", t.ID, err)
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.closed {
		return fmt.Errorf("register %s: target group %s was removed", t.ID, g.name)
	}
	if old := g.targets[t.ID]; old != nil {
		if old.Addr == t.Addr && old.state != Draining {
			return nil
		}
		g.remove(old)
	}
	added := &target{Target: t, state: Initial, reason: "Elb.RegistrationInProgress: it is being checked", since: time.Now(), idle: make(chan struct{})}
	added.transport, added.proxy = g.newProxy(t.Addr)
	g.targets[t.ID] = added
	g.watch(added)
	g.announce()
	return nil
}

// Deregister gives a target no new requests, and returns when those in flight
// have ended, when the group's deregistration delay is over, or with an error
// when ctx is. The target is gone then. An unknown target is no error.
func (s *Service) Deregister(ctx context.Context, targetGroupARN, id string) error {
	g, err := s.group(targetGroupARN)
	if err != nil {
		return nil
	}
	g.mu.Lock()
	t := g.targets[id]
	if t == nil {
		g.mu.Unlock()
		return nil
	}
	delay := g.settings.drain
	if t.state != Draining {
		t.stop()
		t.state, t.reason = Draining, "Target.DeregistrationInProgress: requests in flight end"
		if t.inflight == 0 {
			close(t.idle)
		}
		g.announce()
	}
	g.mu.Unlock()
	over := time.NewTimer(delay)
	defer over.Stop()
	select {
	case <-t.idle:
	case <-over.C:
	case <-ctx.Done():
		err = fmt.Errorf("deregister %s from target group %s: %w", id, g.name, context.Cause(ctx))
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.remove(t)
	g.announce()
	return err
}

// Drop forgets a target that is known to be dead, at once.
func (s *Service) Drop(targetGroupARN, id string) {
	g, err := s.group(targetGroupARN)
	if err != nil {
		return
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if t := g.targets[id]; t != nil {
		g.remove(t)
		g.announce()
	}
}

// remove takes t out; requests in flight are left to end. g.mu is held.
func (g *group) remove(t *target) {
	t.stop()
	t.transport.CloseIdleConnections()
	if g.targets[t.ID] == t {
		delete(g.targets, t.ID)
	}
}

// Health returns the targets of a group by id; none when there is no such group.
func (s *Service) Health(targetGroupARN string) []TargetHealth {
	g, err := s.group(targetGroupARN)
	if err != nil {
		return nil
	}
	all, _ := g.health()
	return all
}

// Changed returns a channel that is closed at the next change of any target's
// health in the group, registrations and removals included. Ask for it before
// Health, so that no change is missed. It is nil when there is no such group.
func (s *Service) Changed(targetGroupARN string) <-chan struct{} {
	g, err := s.group(targetGroupARN)
	if err != nil {
		return nil
	}
	_, changed := g.health()
	return changed
}

func (g *group) health() ([]TargetHealth, <-chan struct{}) {
	g.mu.Lock()
	defer g.mu.Unlock()
	all := make([]TargetHealth, 0, len(g.targets))
	for _, t := range g.targets {
		all = append(all, TargetHealth{ID: t.ID, Addr: t.Addr, State: t.state, Reason: t.reason})
	}
	slices.SortFunc(all, func(a, b TargetHealth) int { return cmp.Compare(a.ID, b.ID) })
	return all, g.changed
}

// WaitHealthy returns when at least n targets of the group are healthy. When
// ctx ends first, or the group is removed, the error says what ails each other.
func (s *Service) WaitHealthy(ctx context.Context, targetGroupARN string, n int) error {
	g, err := s.group(targetGroupARN)
	if err != nil {
		return err
	}
	for {
		all, changed := g.health()
		healthy, ill := 0, []string{}
		for _, t := range all {
			if t.State == Healthy {
				healthy++
			} else {
				ill = append(ill, fmt.Sprintf("%s at %s is %s: %s", t.ID, t.Addr, t.State, t.Reason))
			}
		}
		if healthy >= n {
			return nil
		}
		g.mu.Lock()
		err, closed := errors.New("the group was removed"), g.closed
		g.mu.Unlock()
		if !closed {
			select {
			case <-changed:
				continue
			case <-ctx.Done():
				err = context.Cause(ctx)
			}
		}
		return fmt.Errorf("target group %s: %d of %d targets are healthy: %w (%s)", g.name, healthy, n, err, strings.Join(ill, "; "))
	}
}
