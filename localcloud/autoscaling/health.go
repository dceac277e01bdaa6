package autoscaling

import (
	"log/slog"
	"time"

	"newsfeed/localcloud/elb"
)

// Why an instance is unhealthy, in the words of AWS's causes (user guide,
// ts-as-healthchecks).
const (
	elbCheck  = "an ELB system health check failure"
	userCheck = "a user health-check"
	endCheck  = "an EC2 health check that indicated it has been terminated or stopped"
)

// health is the worst that any of the target groups says of each instance.
func (g *group) health() map[string]elb.State {
	worst := map[string]elb.State{}
	for _, tg := range g.declared().targetGroups {
		for _, h := range g.service.Balancer.Health(tg) {
			if was, seen := worst[h.ID]; !seen || was == elb.Healthy {
				worst[h.ID] = h.State
			}
		}
	}
	return worst
}

// judge moves an instance to the state it is in. g.mu is held.
func (g *group) judge(i *instance, health elb.State) {
	switch i.state {
	case Pending:
		if !i.booted.IsZero() {
			g.join(i, health)
		}
	case PendingWait:
		g.judgeHooks(i)
	case InService:
		heeded := g.spec.healthCheck == "ELB" && !g.inGrace(i) && !g.suspended("HealthCheck")
		if heeded && health == elb.Unhealthy && i.unhealthy == "" {
			slog.Warn("instance fails its health check", "group", g.spec.name, "instance", i.id)
			i.unhealthy = elbCheck
			g.save()
		}
	}
	if i.state == InService && i.unhealthy == "" && !i.ready && g.warm(i) {
		i.ready, g.pause, g.failure = true, 0, nil
		g.save()
	}
}

// join puts an instance without a launch hook in service: when it runs, and, in
// a group whose health check is the balancer's, when that finds it healthy. AWS
// would not wait for the balancer; a group that must not is given a hook.
func (g *group) join(i *instance, health elb.State) {
	if err := g.register(i); err != nil {
		g.abandon(i, err.Error())
		return
	}
	over := time.Since(i.booted) > g.service.allowed(g.spec.grace)
	switch {
	case g.spec.healthCheck != "ELB" || health == elb.Healthy:
		g.serve(i)
	case health == elb.Unhealthy && over:
		i.unhealthy = elbCheck
		g.abandon(i, "Instance failed its ELB health check.")
	}
}

// serve puts an instance in service. g.mu is held.
func (g *group) serve(i *instance) {
	i.state = InService
	if !i.again {
		i.joined = time.Now()
		g.finish(i.activity, "Launch", i, successful, "")
	}
	g.save()
	g.poke()
}

// inGrace says whether health checks are not yet heeded (user guide,
// health-check-grace-period: it begins when the instance is in service).
func (g *group) inGrace(i *instance) bool {
	began := i.joined
	if i.again {
		began = i.booted
	}
	return time.Since(began) <= g.service.Clock.Local(g.spec.grace)
}

// warm says whether the instance has finished warming up.
func (g *group) warm(i *instance) bool {
	return i.again || time.Since(i.joined) >= g.service.Clock.Local(g.warmup())
}

// warmup is the refresh's while one runs, whose default is the group's, whose
// default is the grace period for a refresh and none otherwise (API reference,
// RefreshPreferences; user guide, instance-maintenance-policy).
func (g *group) warmup() time.Duration {
	r := g.active()
	switch {
	case r != nil && r.Preferences.InstanceWarmup != nil:
		return time.Duration(*r.Preferences.InstanceWarmup) * time.Second
	case g.spec.warmup != nil:
		return *g.spec.warmup
	case r != nil:
		return g.spec.grace
	}
	return 0
}
