package autoscaling

import (
	"errors"
	"log/slog"
	"slices"
)

// abandon ends an instance whose launch came to nothing. g.mu is held.
func (g *group) abandon(i *instance, message string) {
	slog.Warn("launch abandoned", "group", g.spec.name, "instance", i.id, "reason", message)
	if g.backOff(); g.failure == nil { // what the instance itself complained about says more
		g.failure = errors.New(i.id + ": " + message)
	}
	g.finish(i.activity, "Launch", i, cancelled, message)
	g.retire(i, g.at("an instance was taken out of service in response to a launch that was not completed."))
}

// retire ends an instance in good order: no new requests, those in flight
// served, then SIGTERM. The cause is "" for one that never was. g.mu is held.
func (g *group) retire(i *instance, cause string) {
	if i.state == Terminating {
		return
	}
	if i.activity != nil && i.activity.EndTime == nil {
		g.finish(i.activity, "Launch", i, cancelled, "The instance was ended before it was in service.")
	}
	i.state, i.activity = Terminating, nil
	if cause != "" {
		i.activity = g.begin("Terminating", cause, i)
		if len(g.spec.targetGroups) > 0 {
			i.activity.StatusCode = draining
		}
	}
	g.save()
	targetGroups := g.spec.targetGroups
	g.running.Go(func() {
		for _, tg := range targetGroups {
			if err := g.service.Balancer.Deregister(g.ctx, tg, i.id); err != nil {
				g.service.Balancer.Drop(tg, i.id)
			}
		}
		g.bury(i)
	})
}

// bury ends what an instance runs and removes all trace of it.
func (g *group) bury(i *instance) {
	i.end()
	i.running.Wait()
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.ctx.Err() != nil {
		return // the group ends it itself
	}
	i.forget()
	g.discard(i)
	g.instances = slices.DeleteFunc(g.instances, func(other *instance) bool { return other == i })
	g.finish(i.activity, "Terminate", i, successful, "")
	g.save()
	g.poke()
}
