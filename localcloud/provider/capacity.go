package provider

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"time"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"

	"newsfeed/localcloud/cloud"
)

// Capacity is the body of a group of instances: the provider waits for them.
type Capacity interface {
	// Healthy counts a group's instances in service that its health check
	// takes for healthy, and those of them that every target group does too.
	Healthy(r *cloud.Resource) (inGroup, balanced int)
}

// wanted is the capacity that the provider waits for after a call.
type wanted struct {
	exact             bool // neither more nor less
	inGroup, balanced int
	timeout           time.Duration
}

// capacityWanted is what the provider waits for (terraform-provider-aws 5.100,
// internal/service/autoscaling/group.go, 5241): after a create, at least what
// there has to be; after an update that changes the minimum or the desired
// capacity, exactly max(minimum, desired) of the state, whatever scaling has
// made of it meanwhile. nil: it does not wait.
func capacityWanted(r, old *cloud.Resource, desired int) *wanted {
	w := &wanted{exact: old != nil, inGroup: r.Int("minSize", 0), timeout: 10 * time.Minute}
	if said := r.String("waitForCapacityTimeout"); said != "" {
		w.timeout, _ = time.ParseDuration(said) // as the provider: what is none is no wait
	}
	if w.timeout <= 0 {
		return nil
	}
	w.balanced = r.Int("waitForElbCapacity", 0)
	switch {
	case old == nil:
		if desired > 0 {
			w.inGroup = desired
		}
		if w.balanced == 0 {
			w.balanced = r.Int("minElbCapacity", 0)
		} else {
			w.exact = true // of the balancer's
		}
	case same(old, r, "minSize") && same(old, r, "desiredCapacity"):
		return nil
	default:
		w.inGroup = max(w.inGroup, desired)
	}
	return w
}

// same says whether the program asks for what it asked for before.
func same(old, r *cloud.Resource, input string) bool {
	return reflect.DeepEqual(old.Inputs[input], r.Inputs[input])
}

// unmet says what a group lacks, or has too much of; "" when it is as wanted.
func (w *wanted) unmet(inGroup, balanced int) string {
	short := func(have, want int) bool { return have < want || w.exact && have != want }
	how := "at least"
	if w.exact {
		how = "exactly"
	}
	switch {
	case short(inGroup, w.inGroup):
		return fmt.Sprintf("want %s %d healthy instance(s) in Auto Scaling Group, have %d", how, w.inGroup, inGroup)
	case w.balanced > 0 && short(balanced, w.balanced):
		return fmt.Sprintf("want %s %d healthy instance(s) registered to Load Balancer, have %d", how, w.balanced, balanced)
	}
	return ""
}

// awaitCapacity asks as the provider does until the group is as it should be.
// desired is that of the program, or else of the state.
func (p *Provider) awaitCapacity(ctx context.Context, r, old *cloud.Resource, desired int) error {
	group, counts := p.bodies[r.Type].(Capacity)
	if !counts {
		return nil
	}
	w := capacityWanted(r, old, desired)
	if w == nil {
		return nil
	}
	limited, cancel := p.limit(ctx, w.timeout)
	defer cancel()
	for {
		unmet := w.unmet(group.Healthy(r))
		if unmet == "" {
			return nil
		}
		if p.clock.Sleep(limited, retryEvery) != nil {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			return &cloud.NotReadyError{Reason: fmt.Errorf("waiting for Auto Scaling Group (%s) capacity satisfied: "+
				"timeout while waiting for state to become 'ok' (last state: 'retryableerror', timeout: %s): %s", r.ID, w.timeout, unmet)}
		}
	}
}

// desired is the capacity that a group is told to have, or else had when the
// state was written.
func desired(news, state resource.PropertyMap) int {
	for _, from := range []resource.PropertyMap{news, state} {
		if v := from["desiredCapacity"]; v.IsNumber() {
			return int(v.NumberValue())
		}
	}
	return 0
}

// notReady says whether an error is that a resource is there, and not well.
func notReady(err error) bool {
	e := (*cloud.NotReadyError)(nil)
	return errors.As(err, &e)
}
