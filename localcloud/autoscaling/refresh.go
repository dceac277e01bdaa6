package autoscaling

import (
	"slices"
	"time"

	"github.com/google/uuid"

	"newsfeed/localcloud/endpoint"
)

// refreshTimeout is how long a refresh goes on without a replacement that
// becomes ready (user guide, instance-refresh-overview, limitations).
const refreshTimeout = time.Hour

// The statuses of an instance refresh.
const (
	refreshPending     = "Pending"
	refreshInProgress  = "InProgress"
	refreshBaking      = "Baking"
	refreshSuccessful  = "Successful"
	refreshFailed      = "Failed"
	refreshCancelling  = "Cancelling"
	refreshCancelled   = "Cancelled"
	rollbackInProgress = "RollbackInProgress"
	rollbackSuccessful = "RollbackSuccessful"
	rollbackFailed     = "RollbackFailed"
)

// refresh is an instance refresh, in the shape of the API.
type refresh struct {
	InstanceRefreshId, AutoScalingGroupName, Status string
	StatusReason                                    *string
	StartTime                                       time.Time
	EndTime                                         *time.Time
	PercentageComplete, InstancesToUpdate           int
	Preferences                                     preferences
	DesiredConfiguration                            *configuration
	RollbackDetails                                 *rollbackDetails
}

// refreshPlan is what the refresh that runs knows of itself and does not tell.
type refreshPlan struct {
	Old      []string // instances to be replaced, whatever they run
	Total    int      // how many are to be
	Baked    time.Time
	ready    int // replacements that are
	progress time.Time
}

type rollbackDetails struct {
	RollbackReason                                            string
	RollbackStartTime                                         time.Time
	PercentageCompleteOnRollback, InstancesToUpdateOnRollback int
}

// preferences of a refresh, in the shape of the API.
type preferences struct {
	MinHealthyPercentage, MaxHealthyPercentage, InstanceWarmup, BakeTime *int
	AutoRollback, SkipMatching                                           *bool
	AlarmSpecification                                                   *alarmSpecification
	ScaleInProtectedInstances, StandbyInstances                          *string
}

type alarmSpecification struct{ Alarms []string }

// active is the refresh that runs, or nil. g.mu is held.
func (g *group) active() *refresh {
	if len(g.record.Refreshes) == 0 {
		return nil
	}
	switch r := g.record.Refreshes[0]; r.Status {
	case refreshPending, refreshInProgress, refreshBaking, refreshCancelling, rollbackInProgress:
		return r
	}
	return nil
}

// launching is what an instance is launched with now: during a refresh, its
// desired configuration. g.mu is held.
func (g *group) launching() configuration {
	r := g.active()
	if r == nil || r.DesiredConfiguration == nil || r.Status == rollbackInProgress || r.Status == refreshCancelling {
		return g.record.Configuration
	}
	return *r.DesiredConfiguration
}

// outdated tells the instances that the refresh that runs is to replace. g.mu is
// held.
func (g *group) outdated() func(*instance) bool {
	r := g.active()
	if r == nil || r.Status == refreshPending || r.Status == refreshCancelling {
		return func(*instance) bool { return false }
	}
	t, err := g.service.resolve(g.spec.region, g.launching().ref())
	return func(i *instance) bool {
		return slices.Contains(g.record.Plan.Old, i.id) || err == nil && !i.is(t)
	}
}

// refreshBounds are the running refresh's, whose defaults are the group's, whose
// defaults are 90 and 100 (API reference, RefreshPreferences). g.mu is held.
func (g *group) refreshBounds() bounds {
	b := bounds{90, 100}
	if g.spec.policy != nil {
		b = *g.spec.policy
	}
	if r := g.active(); r != nil {
		if low := r.Preferences.MinHealthyPercentage; low != nil {
			b.MinHealthyPercentage = *low
		}
		if high := r.Preferences.MaxHealthyPercentage; high != nil {
			b.MaxHealthyPercentage = *high
		}
	}
	return b
}

// startRefresh begins a refresh, or says why AWS refuses it. g.mu is held.
func (g *group) startRefresh(desired *configuration, p preferences) (*refresh, error) {
	if g.active() != nil {
		return nil, &endpoint.Error{Code: "InstanceRefreshInProgress",
			Message: "An Instance Refresh is already in progress and blocks the execution of this Instance Refresh."}
	}
	if value(p.AutoRollback) {
		if desired == nil { // as told in terraform-provider-aws 29830
			return nil, invalid("The request isn't valid. The AutoRollback parameter cannot be set to true when the " +
				"DesiredConfiguration parameter is empty. Set AutoRollback to false or specify a desired configuration " +
				"and try again.")
		}
		if !g.record.Configuration.numbered() {
			return nil, invalid("The AutoRollback parameter cannot be set to true when the Auto Scaling group uses the " +
				"$Latest or $Default version of its launch template.")
		}
	}
	if desired != nil {
		if _, err := g.service.resolve(g.spec.region, desired.ref()); err != nil {
			return nil, err
		}
	}
	r := &refresh{InstanceRefreshId: uuid.NewString(), AutoScalingGroupName: g.spec.name, Status: refreshPending,
		StartTime: g.service.Clock.Now().UTC(), Preferences: p, DesiredConfiguration: desired}
	g.record.Refreshes = append([]*refresh{r}, g.record.Refreshes...)
	if len(g.record.Refreshes) > maxHistory {
		g.record.Refreshes = g.record.Refreshes[:maxHistory]
	}
	b := g.refreshBounds()
	if err := b.check(); err != nil {
		g.record.Refreshes = g.record.Refreshes[1:]
		return nil, err
	}
	g.planRefresh(r)
	g.save()
	g.poke()
	return r, nil
}

// planRefresh notes the instances that are to be replaced.
func (g *group) planRefresh(r *refresh) {
	t, err := g.service.resolve(g.spec.region, g.launching().ref())
	g.record.Plan = refreshPlan{}
	for _, i := range g.instances {
		if i.state != Terminating && (err != nil || !i.is(t) || !value(r.Preferences.SkipMatching)) {
			g.record.Plan.Old = append(g.record.Plan.Old, i.id)
		}
	}
	g.record.Plan.Total = len(g.record.Plan.Old)
	r.InstancesToUpdate = g.record.Plan.Total
}

// watchRefresh moves the refresh that runs to the status it is in; alarm is one
// of its own that is on. g.mu is held.
func (g *group) watchRefresh(alarm string) {
	r := g.active()
	if r == nil || g.suspended("InstanceRefresh") {
		return
	}
	switch r.Status {
	case refreshPending:
		g.move(r, refreshInProgress, "", "Started")
	case refreshCancelling:
		if !slices.ContainsFunc(g.instances, (*instance).pending) {
			g.finishRefresh(r, refreshCancelled, "Cancelled due to user request.", "Cancelled")
		}
	case refreshInProgress, rollbackInProgress:
		if alarm != "" && r.Status == refreshInProgress {
			g.turn(r, "The following alarms are in the ALARM state: "+alarm+".")
			return
		}
		g.advance(r)
	case refreshBaking:
		switch {
		case alarm != "":
			g.turn(r, "The following alarms are in the ALARM state: "+alarm+".")
		case time.Now().After(g.record.Plan.Baked):
			g.succeed(r)
		}
	}
}

// alarmed names an alarm of the refresh that is on. CloudWatch is asked without
// the group's mutex: it may ask for the group meanwhile.
func (g *group) alarmed() string {
	g.mu.Lock()
	r, region := g.active(), g.spec.region
	g.mu.Unlock()
	if g.service.Alarms == nil || r == nil || r.Preferences.AlarmSpecification == nil {
		return ""
	}
	for _, name := range r.Preferences.AlarmSpecification.Alarms { // never changed once it has started
		if g.service.Alarms.State(region, name) == "ALARM" {
			return name
		}
	}
	return ""
}

// advance counts what has been replaced. g.mu is held.
func (g *group) advance(r *refresh) {
	c, ready := g.count(), 0
	for _, i := range c.good {
		if g.serving(i) {
			ready++
		}
	}
	if g.record.Plan.progress.IsZero() || ready > g.record.Plan.ready {
		g.record.Plan.progress = time.Now()
	}
	g.record.Plan.ready = ready
	r.InstancesToUpdate = len(c.stale)
	if g.record.Plan.Total > 0 {
		r.PercentageComplete = max(r.PercentageComplete, 100*(g.record.Plan.Total-len(c.stale))/g.record.Plan.Total)
	}
	switch {
	case len(c.stale) == 0 && ready >= g.record.Desired:
		r.PercentageComplete = 100
		g.replaced(r)
	case time.Since(g.record.Plan.progress) > g.service.Clock.Local(refreshTimeout):
		g.turn(r, "The instance refresh could not make a replacement for an hour: new instances do not become healthy.")
	}
}
