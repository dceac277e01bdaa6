package autoscaling

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"
)

// The group looks at itself when something changes, and this often, within
// bounds here: AWS checks the health of instances every so many seconds.
const (
	lookEvery = 15 * time.Second
	minLook   = 50 * time.Millisecond
	maxLook   = time.Second
)

// A launch that came to nothing is tried again after a pause, which doubles.
// AWS does so too and states no times: these are estimates.
const (
	firstPause = 10 * time.Second
	maxPause   = 5 * time.Minute
)

// userUpdate is why a group has another size, in AWS's words.
const userUpdate = "a user request update of AutoScalingGroup constraints to min: %d, max: %d, desired: %d " +
	"changing the desired capacity from %d to %d"

// group keeps as many healthy instances as are desired.
type group struct {
	service *Service
	ctx     context.Context
	end     context.CancelFunc
	wake    chan struct{}
	running sync.WaitGroup // the loop, launches and terminations

	mu        sync.Mutex
	spec      *spec
	record    *record
	instances []*instance
	because   string // why the desired capacity is what it is
	owed      int    // instances that ended without a replacement yet
	pause     time.Duration
	notBefore time.Time
	failure   error         // the last thing that went wrong with an instance
	outbox    []Event       // to be told
	changed   chan struct{} // closed at the next change of anything
}

func newGroup(s *Service, spec *spec, rec *record) *group {
	g := &group{service: s, spec: spec, record: rec, wake: make(chan struct{}, 1), changed: make(chan struct{})}
	g.ctx, g.end = context.WithCancel(context.Background())
	return g
}

func (g *group) poke() {
	select {
	case g.wake <- struct{}{}:
	default:
	}
}

func (g *group) run() {
	tick := time.NewTicker(min(max(g.service.Clock.Local(lookEvery), minLook), maxLook))
	defer tick.Stop()
	for {
		var health <-chan struct{}
		if groups := g.declared().targetGroups; len(groups) > 0 {
			health = g.service.Balancer.Changed(groups[0])
		}
		g.reconcile()
		g.tell()
		select {
		case <-g.ctx.Done():
			return
		case <-g.wake:
		case <-health:
		case <-tick.C:
		}
	}
}

// reconcile takes one step towards what is wanted.
func (g *group) reconcile() {
	health, alarm := g.health(), g.alarmed()
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.ctx.Err() != nil {
		return
	}
	g.runSchedules()
	for _, i := range slices.Clone(g.instances) {
		g.judge(i, health[i.id])
	}
	g.watchRefresh(alarm)
	g.replace()
}

func (g *group) declared() *spec {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.spec
}

func (g *group) size() size {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.sizeNow()
}

// sizeNow is size; g.mu is held.
func (g *group) sizeNow() size { return size{g.record.Min, g.record.Max, g.record.Desired} }

// resize gives the group another size; nil leaves one as it is. Why is a text of
// AWS with five numbers. g.mu is held.
func (g *group) resize(why string, low, high, desired *int) error {
	was := g.record.Desired
	next, err := g.sizeNow().with(low, high, desired)
	if err != nil {
		return err
	}
	if next.desired != was {
		g.because = fmt.Sprintf(why, next.min, next.max, next.desired, was, next.desired)
	}
	g.record.Min, g.record.Max, g.record.Desired = next.min, next.max, next.desired
	g.save()
	g.poke()
	return nil
}

// suspended says whether a process of the group is. g.mu is held.
func (g *group) suspended(process string) bool { return slices.Contains(g.record.Suspended, process) }

// close ends every process at once, as a power cut does.
func (g *group) close() {
	g.mu.Lock()
	g.end()
	for _, i := range g.instances {
		i.killed = true
		i.end()
		g.drop(i)
	}
	g.mu.Unlock()
	g.running.Wait()
	for _, i := range g.instances {
		i.running.Wait()
		i.forget()
	}
}

// remove ends the group for good, and leaves nothing of its instances.
func (g *group) remove() {
	g.close()
	for _, i := range g.instances {
		g.discard(i)
	}
}
