package autoscaling

import (
	"log/slog"
	"slices"
	"time"

	"newsfeed/localcloud/process"
)

// launch starts an instance in the subnet that has the fewest. g.mu is held.
func (g *group) launch() {
	spec := g.spec
	i := newInstance(spec, g.service.groupDir(spec), g.emptiest())
	g.instances = append(g.instances, i)
	g.announce()
	g.running.Go(func() {
		proc, err := g.service.boot(g.ctx, spec, i)
		if err == nil {
			err = g.register(spec, i)
		}
		g.mu.Lock()
		defer g.mu.Unlock()
		defer g.poke()
		defer g.announce()
		i.proc = proc
		switch {
		case i.state == Terminating: // the group was closed meanwhile
			g.running.Go(func() { g.bury(i, (*process.Process).Kill) })
			return
		case err != nil:
			g.failed(i, err)
			return
		}
		g.running.Go(func() {
			<-proc.Done()
			g.poke()
		})
	})
}

// register puts the instance behind the group's target groups.
func (g *group) register(spec *spec, i *instance) error {
	t, err := i.target(spec)
	if err != nil {
		return err
	}
	for _, tg := range spec.targetGroups {
		if err := g.service.balancer.Register(tg, t); err != nil {
			return err
		}
	}
	return nil
}

// failed notes a launch that came to nothing. g.mu is held.
func (g *group) failed(i *instance, err error) {
	if g.ctx.Err() == nil {
		slog.Error("instance did not start", "group", g.spec.name, "instance", i.id, "error", err)
	}
	g.failure = err
	g.pause = min(max(firstPause, 2*g.pause), maxPause)
	g.notBefore = time.Now().Add(g.pause)
	g.drop(i)
}

// emptiest is the subnet with the fewest instances. g.mu is held.
func (g *group) emptiest() string {
	used := map[string]int{}
	for _, i := range g.instances {
		used[i.subnet]++
	}
	return slices.MinFunc(g.spec.subnets, func(a, b string) int { return used[a] - used[b] })
}

// drop takes an instance out of rotation and ends it at once: it is dead
// already, or the group goes, as when AWS terminates a host. g.mu is held.
func (g *group) drop(i *instance) {
	for _, tg := range g.spec.targetGroups {
		g.service.balancer.Drop(tg, i.id)
	}
	i.state = Terminating
	g.announce()
	g.running.Go(func() { g.bury(i, (*process.Process).Kill) })
}

// retire ends an instance in good order: no new requests, those in flight
// served, then SIGTERM. g.mu is held.
func (g *group) retire(i *instance) {
	i.state = Terminating
	g.announce()
	targetGroups := g.spec.targetGroups
	g.running.Go(func() {
		for _, tg := range targetGroups {
			if err := g.service.balancer.Deregister(g.ctx, tg, i.id); err != nil {
				g.service.balancer.Drop(tg, i.id)
			}
		}
		g.bury(i, (*process.Process).Stop)
	})
}

// bury ends the process and removes all trace of the instance.
func (g *group) bury(i *instance, end func(*process.Process)) {
	g.mu.Lock()
	proc, spec := i.proc, g.spec
	g.mu.Unlock()
	if proc != nil {
		end(proc)
	}
	if err := g.service.discard(spec, i); err != nil {
		slog.Error("instance left something behind", "instance", i.id, "error", err)
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.instances = slices.DeleteFunc(g.instances, func(other *instance) bool { return other == i })
	g.announce()
	g.poke()
}
