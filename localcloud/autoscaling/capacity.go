package autoscaling

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"newsfeed/localcloud/cloud"
	"newsfeed/localcloud/elb"
)

// restartTimeout is how long instances that boot again after a restart of the
// local cloud are waited for. AWS has no such time.
const restartTimeout = 30 * time.Second

// want is what the provider waits for. Sources: terraform-provider-aws 5.100,
// internal/service/autoscaling/group.go (waitGroupCapacitySatisfied).
type want struct {
	timeout      time.Duration // of AWS; 0 is no wait
	exactly      bool          // and not at least
	healthy      int           // in service
	balanced     int           // and healthy in every target group; 0: not asked
	ignoreFailed bool          // activities
	since        time.Time
}

// wanted reads what to wait for at a creation, where all are minimums, and at an
// update, where all are exact and the desired capacity is that of the state.
func wanted(r, old *cloud.Resource) (want, error) {
	timeout, err := awsTime(r.String("waitForCapacityTimeout"))
	if err != nil {
		return want{}, err
	}
	low, desired, balanced := r.Int("minSize", 0), r.Int("desiredCapacity", 0), r.Int("waitForElbCapacity", 0)
	w := want{timeout: timeout, healthy: low, balanced: balanced, ignoreFailed: r.Bool("ignoreFailedScalingActivities")}
	switch {
	case old == nil:
		if desired > 0 {
			w.healthy = desired
		}
		if balanced == 0 {
			w.balanced = r.Int("minElbCapacity", 0)
		}
	case changed(r, old, "minSize", "desiredCapacity", "desiredCapacityType"):
		w.exactly, w.healthy = true, max(low, desired)
	default:
		w.timeout = 0
	}
	return w, nil
}

// afterRestart is to wait for what was in service.
func (w want) afterRestart(g *group) want {
	return want{timeout: g.service.Clock.AWS(restartTimeout), healthy: g.rebooted(), since: w.since, ignoreFailed: true}
}

// met says in the provider's words what is missing.
func (w want) met(healthy, balanced int) error {
	kind := "at least"
	if w.exactly {
		kind = "exactly"
	}
	lacks := func(have, want int) bool { return have < want || w.exactly && have != want }
	if lacks(healthy, w.healthy) {
		return fmt.Errorf("want %s %d healthy instance(s) in Auto Scaling Group, have %d", kind, w.healthy, healthy)
	}
	if w.balanced > 0 && lacks(balanced, w.balanced) {
		return fmt.Errorf("want %s %d healthy instance(s) registered to Load Balancer, have %d", kind, w.balanced, balanced)
	}
	return nil
}

// await returns when the group has the capacity that is wanted.
func (g *group) await(ctx context.Context, w want) error {
	if w.timeout == 0 {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, g.service.allowed(w.timeout))
	defer cancel()
	for {
		health := g.health()
		g.mu.Lock()
		changed, failure := g.changed, g.failure
		missing := w.met(g.capacity(health))
		fatal := g.failedSince(w)
		g.mu.Unlock()
		if missing == nil {
			return nil
		}
		if fatal != nil {
			return fatal
		}
		var moved <-chan struct{}
		if groups := g.declared().targetGroups; w.balanced > 0 && len(groups) > 0 {
			moved = g.service.Balancer.Changed(groups[0])
		}
		select {
		case <-changed:
		case <-moved:
		case <-ctx.Done():
			return fmt.Errorf("waiting for Auto Scaling Group (%s) capacity satisfied: %w after %s (%s here); "+
				"last failure: %v", g.declared().name, missing, w.timeout, g.service.allowed(w.timeout), failure)
		}
	}
}

// capacity counts the instances that are healthy and in service, and those of
// them that no target group says another thing of. g.mu is held.
func (g *group) capacity(health map[string]elb.State) (healthy, balanced int) {
	for _, i := range g.instances {
		if i.state != InService || i.unhealthy != "" {
			continue
		}
		healthy++
		if state, known := health[i.id]; !known || state == elb.Healthy {
			balanced++
		}
	}
	return healthy, balanced
}

// failedSince are the activities that end the provider's wait. g.mu is held.
func (g *group) failedSince(w want) error {
	var errs []error
	for _, a := range g.record.Activities {
		message := value(a.StatusMessage)
		retried := strings.Contains(message, "Invalid IAM Instance Profile")
		if !w.ignoreFailed && !retried && a.StatusCode == failed && a.StartTime.After(w.since) {
			errs = append(errs, fmt.Errorf("scaling activity (%s): %s: %s", a.ActivityId, a.StatusCode, message))
		}
	}
	return errors.Join(errs...)
}
