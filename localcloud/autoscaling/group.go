package autoscaling

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"newsfeed/localcloud/elb"
)

const (
	reconcileEvery = time.Second
	firstPause     = 500 * time.Millisecond // after a failed launch, doubled up to maxPause
	maxPause       = 10 * time.Second
)

// group keeps as many instances in service as its spec desires.
type group struct {
	service *Service
	ctx     context.Context
	end     context.CancelFunc
	wake    chan struct{}
	running sync.WaitGroup // the loop, launches and terminations

	mu        sync.Mutex
	spec      *spec
	instances []*instance
	pause     time.Duration // before the next launch, after failures
	notBefore time.Time
	failure   error         // of the last launch
	changed   chan struct{} // closed at the next change of any instance
}

func newGroup(s *Service, spec *spec) *group {
	g := &group{service: s, spec: spec, wake: make(chan struct{}, 1), changed: make(chan struct{})}
	g.ctx, g.end = context.WithCancel(context.Background())
	g.running.Go(g.run)
	return g
}

// change gives the group a new spec.
func (g *group) change(spec *spec) {
	g.mu.Lock()
	g.spec, g.notBefore, g.pause = spec, time.Time{}, 0
	g.mu.Unlock()
	g.poke()
}

func (g *group) poke() {
	select {
	case g.wake <- struct{}{}:
	default:
	}
}

// announce tells waiters that something changed. g.mu is held.
func (g *group) announce() {
	close(g.changed)
	g.changed = make(chan struct{})
}

func (g *group) run() {
	tick := time.NewTicker(reconcileEvery)
	defer tick.Stop()
	for {
		g.reconcile()
		var health <-chan struct{}
		if tgs := g.current().targetGroups; len(tgs) > 0 {
			health = g.service.balancer.Changed(tgs[0])
		}
		select {
		case <-g.ctx.Done():
			return
		case <-g.wake:
		case <-health:
		case <-tick.C:
		}
	}
}

func (g *group) current() *spec {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.spec
}

// reconcile takes one step towards the spec: judge each instance, launch what
// is missing, retire what is too many or too old.
func (g *group) reconcile() {
	health := g.targetHealth()
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.ctx.Err() != nil {
		return
	}
	for _, i := range slices.Clone(g.instances) {
		g.judge(i, health[i.id])
	}
	alive, fresh, serving := g.count()
	// While old ones are being replaced, one more runs: launch before terminate.
	room := g.spec.desired
	if fresh < alive {
		room++
	}
	for n := alive; n < room && fresh < g.spec.desired && time.Now().After(g.notBefore); n++ {
		g.launch()
		fresh++
	}
	if surplus := g.surplus(serving); surplus != nil {
		g.retire(surplus)
	}
}

// targetHealth is the worst that any of the target groups says of each instance.
func (g *group) targetHealth() map[string]elb.State {
	worst := map[string]elb.State{}
	for _, tg := range g.current().targetGroups {
		for _, h := range g.service.balancer.Health(tg) {
			if was, seen := worst[h.ID]; !seen || was == elb.Healthy {
				worst[h.ID] = h.State
			}
		}
	}
	return worst
}

// judge moves an instance to the state it is in. g.mu is held.
func (g *group) judge(i *instance, health elb.State) {
	if i.proc == nil || i.state == Terminating {
		return
	}
	if !i.proc.Running() {
		if i.state == Pending {
			g.failed(i, errors.New("it died before it was in service"))
			return
		}
		slog.Warn("instance died; it is replaced", "group", g.spec.name, "instance", i.id)
		g.drop(i)
		return
	}
	if len(g.spec.targetGroups) == 0 || health == elb.Healthy {
		if i.state == Pending {
			i.state, g.pause, g.failure = InService, 0, nil
			g.announce()
		}
		return
	}
	if g.spec.checkTargets && health == elb.Unhealthy && time.Since(i.started) > g.spec.grace {
		slog.Warn("instance fails its health check; it is replaced", "group", g.spec.name, "instance", i.id)
		g.retire(i)
	}
}

// count returns how many instances are not being terminated, how many of
// those have the newest launch template, and how many of the newest serve.
func (g *group) count() (alive, fresh, serving int) {
	for _, i := range g.instances {
		if i.state == Terminating {
			continue
		}
		alive++
		if i.version == g.spec.version {
			fresh++
			if i.state == InService {
				serving++
			}
		}
	}
	return alive, fresh, serving
}

// surplus picks an instance to terminate, if there is one too many: the
// oldest version first, and none before another serves in its stead.
func (g *group) surplus(serving int) *instance {
	var live []*instance
	inService := 0
	for _, i := range g.instances {
		if i.state != Terminating {
			live = append(live, i)
		}
		if i.state == InService {
			inService++
		}
	}
	if len(live) <= g.spec.desired {
		return nil
	}
	slices.SortStableFunc(live, func(a, b *instance) int { return a.version - b.version })
	victim := live[0]
	if victim.state == InService && inService <= g.spec.desired {
		return nil
	}
	return victim
}

// waitInService returns when as many instances serve as are desired.
func (g *group) waitInService(ctx context.Context, timeout time.Duration) error {
	if timeout == 0 {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	for {
		g.mu.Lock()
		changed, desired, failure := g.changed, g.spec.desired, g.failure
		serving := 0
		for _, i := range g.instances {
			if i.state == InService {
				serving++
			}
		}
		g.mu.Unlock()
		if serving >= desired {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return fmt.Errorf("%d of %d instances in service after %s: %w; last failed launch: %v", serving, desired, timeout, ctx.Err(), failure)
		}
	}
}

// close ends every instance at once and returns when they are gone.
func (g *group) close() {
	g.mu.Lock()
	g.end()
	for _, i := range slices.Clone(g.instances) {
		if i.state != Terminating {
			g.drop(i)
		}
	}
	g.mu.Unlock()
	g.running.Wait()
}

func (g *group) status() Status {
	g.mu.Lock()
	defer g.mu.Unlock()
	st := Status{Group: g.spec.name, Region: g.spec.region, Desired: g.spec.desired}
	for _, i := range g.instances {
		is := InstanceStatus{ID: i.id, State: i.state, Version: i.version}
		if i.proc != nil {
			is.Address, is.PID = i.addr.String(), i.proc.PID()
		}
		st.Rolling = st.Rolling || i.version != g.spec.version
		st.Instances = append(st.Instances, is)
	}
	return st
}
