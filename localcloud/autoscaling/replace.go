package autoscaling

import (
	"cmp"
	"fmt"
	"slices"
	"time"
)

// census sorts the instances that are not being ended.
type census struct {
	good  []*instance // what the group is to hold
	stale []*instance // what a refresh is to replace
	ill   []*instance // unhealthy
	ready int         // healthy, in service and warm, of good and stale
}

// count takes the census. g.mu is held.
func (g *group) count() census {
	var c census
	outdated := g.outdated()
	for _, i := range g.instances {
		switch {
		case i.state == Terminating:
			continue
		case i.unhealthy != "" && i.state == InService:
			c.ill = append(c.ill, i)
			continue
		case outdated(i):
			c.stale = append(c.stale, i)
		default:
			c.good = append(c.good, i)
		}
		if g.serving(i) {
			c.ready++
		}
	}
	return c
}

// serving says whether an instance counts as ready to use.
func (g *group) serving(i *instance) bool {
	return i.state == InService && i.unhealthy == "" && i.ready
}

// replace launches what is missing and ends what is ill, outdated or too many.
// g.mu is held.
func (g *group) replace() {
	g.endIll(g.count())
	g.endStale(g.count())
	g.launchMissing(g.count())
	g.endSurplus(g.count())
	if len(g.count().good) == g.record.Desired {
		g.because = ""
	}
}

// endIll ends unhealthy instances: at once, or, with an instance maintenance
// policy, when enough others are ready in their stead. One that never was ready
// carries nothing and goes at once (user guide, instance-maintenance-policy:
// the default is terminate and launch).
func (g *group) endIll(c census) {
	if g.suspended("ReplaceUnhealthy") || g.suspended("Terminate") {
		return
	}
	for _, i := range c.ill {
		if g.spec.policy != nil && i.ready && i.unhealthy != endCheck {
			if fewest, _ := g.spec.policy.limits(g.record.Desired); c.ready < fewest {
				continue
			}
		}
		if !i.ready {
			g.failed(fmt.Errorf("%s: it was taken out of service in response to %s", i.id, i.unhealthy))
		}
		g.owed++
		g.retire(i, g.at("an instance was taken out of service in response to "+i.unhealthy+"."))
	}
}

// endStale ends instances that a refresh replaces, as many as may go.
func (g *group) endStale(c census) {
	if len(c.stale) == 0 || g.suspended("Terminate") {
		return
	}
	fewest, _ := g.refreshBounds().limits(g.record.Desired)
	for _, i := range c.stale {
		if g.serving(i) {
			if c.ready-1 < fewest {
				continue
			}
			c.ready--
		} else if c.ready < fewest {
			continue
		}
		g.retire(i, g.at("an instance was taken out of service in response to an instance refresh.")+"  "+g.selected(i))
	}
}

// launchMissing launches up to the desired capacity, and above it while others
// are yet to be ended.
func (g *group) launchMissing(c census) {
	limit := g.record.Desired
	if len(c.ill) > 0 && g.spec.policy != nil {
		_, limit = g.spec.policy.limits(g.record.Desired)
	}
	if len(c.stale) > 0 {
		_, most := g.refreshBounds().limits(g.record.Desired)
		limit = max(limit, most)
	}
	missing := min(g.record.Desired-len(c.good), limit-len(c.good)-len(c.stale))
	for range missing {
		if g.suspended("Launch") || time.Now().Before(g.notBefore) {
			return
		}
		g.launch(g.launchCause(c))
	}
}

// launchCause says in AWS's words why an instance is launched now.
func (g *group) launchCause(c census) string {
	switch {
	case len(c.stale) > 0:
		return g.at("an instance was launched in response to an instance refresh.")
	case g.owed > 0, len(c.ill) > 0:
		g.owed = max(0, g.owed-1)
		return g.at("an instance was launched in response to an unhealthy instance needing to be replaced.")
	}
	have := len(c.good)
	return g.reason() + g.at(fmt.Sprintf("an instance was started in response to a difference between desired and actual "+
		"capacity, increasing the capacity from %d to %d.", have, g.record.Desired))
}

// reason is why the desired capacity changed, as a cause begins with it.
func (g *group) reason() string {
	if g.because == "" {
		return ""
	}
	return g.at(g.because+".") + "  "
}

// endSurplus scales in, once nothing else is to be replaced: from the
// Availability Zone with the most instances, the one with the oldest launch
// template, the oldest (the default termination policy).
func (g *group) endSurplus(c census) {
	if len(c.stale)+len(c.ill) > 0 || g.suspended("Terminate") {
		return
	}
	for have := len(c.good); have > g.record.Desired; have-- {
		zones := map[string]int{}
		for _, i := range c.good {
			zones[i.subnet]++
		}
		victim := slices.MinFunc(c.good, func(a, b *instance) int {
			return cmp.Or(zones[b.subnet]-zones[a.subnet], a.template.number-b.template.number, a.launched.Compare(b.launched))
		})
		c.good = slices.DeleteFunc(c.good, func(i *instance) bool { return i == victim })
		g.retire(victim, g.reason()+g.at(fmt.Sprintf("an instance was taken out of service in response to a difference "+
			"between desired and actual capacity, shrinking the capacity from %d to %d.", have, have-1))+"  "+
			g.selected(victim))
	}
}

func (g *group) selected(i *instance) string {
	return g.at("instance " + i.id + " was selected for termination.")
}

// at begins a cause as AWS does.
func (g *group) at(text string) string { return "At " + stamp(g.service.Clock.Now()) + " " + text }
