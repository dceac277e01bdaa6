package autoscaling

import (
	"slices"
	"time"

	"newsfeed/localcloud/endpoint"
)

// How an instance refresh ends.

// move gives a refresh another status, and tells the event. g.mu is held.
func (g *group) move(r *refresh, status, reason, event string) {
	r.Status = status
	if reason != "" {
		r.StatusReason = &reason
	}
	g.notify("EC2 Auto Scaling Instance Refresh "+event, "", map[string]any{"InstanceRefreshId": r.InstanceRefreshId})
	g.save()
	g.poke()
}

func (g *group) finishRefresh(r *refresh, status, reason, event string) {
	r.EndTime = pointer(g.service.Clock.Now().UTC())
	g.move(r, status, reason, event)
}

// replaced is the moment in which every instance has been: they bake, or it is
// over.
func (g *group) replaced(r *refresh) {
	bake := time.Duration(value(r.Preferences.BakeTime)) * time.Second
	switch {
	case r.Status == rollbackInProgress:
		g.finishRefresh(r, rollbackSuccessful, "", "Rollback Succeeded")
	case bake > 0:
		g.record.Plan.Baked = time.Now().Add(g.service.Clock.Local(bake))
		g.move(r, refreshBaking, "", "Started Baking")
	default:
		g.succeed(r)
	}
}

// succeed makes the desired configuration the group's own.
func (g *group) succeed(r *refresh) {
	if r.DesiredConfiguration != nil {
		g.record.Configuration = *r.DesiredConfiguration
	}
	g.finishRefresh(r, refreshSuccessful, "", "Succeeded")
}

// turn is the end of a refresh that goes wrong: back, where that was asked for.
func (g *group) turn(r *refresh, reason string) {
	switch {
	case r.Status == rollbackInProgress:
		g.finishRefresh(r, rollbackFailed, reason, "Rollback Failed")
	case value(r.Preferences.AutoRollback):
		g.rollBack(r, reason)
	default:
		g.finishRefresh(r, refreshFailed, reason, "Failed")
	}
}

// rollBack replaces what the refresh has replaced, with what the group's own
// configuration says: if that is the new one already, it stays.
func (g *group) rollBack(r *refresh, reason string) {
	r.RollbackDetails = &rollbackDetails{reason, g.service.Clock.Now().UTC(), r.PercentageComplete, r.InstancesToUpdate}
	r.Status = rollbackInProgress
	before := g.record.Plan.Old
	g.record.Plan = refreshPlan{}
	for _, i := range g.instances {
		if i.state != Terminating && !i.launched.Before(r.StartTime) && !slices.Contains(before, i.id) {
			g.record.Plan.Old = append(g.record.Plan.Old, i.id)
		}
	}
	g.record.Plan.Total, r.PercentageComplete = len(g.record.Plan.Old), 0
	g.notBefore, g.pause = time.Time{}, 0
	g.move(r, rollbackInProgress, reason, "Rollback Started")
}

// rollBackRequested is RollbackInstanceRefresh. g.mu is held.
func (g *group) rollBackRequested() (*refresh, error) {
	r := g.active()
	if r == nil || r.Status == refreshCancelling || r.Status == rollbackInProgress {
		return nil, &endpoint.Error{Code: "ActiveInstanceRefreshNotFound",
			Message: "No in progress or pending Instance Refresh found for Auto Scaling group " + g.spec.name}
	}
	if r.DesiredConfiguration == nil || !g.record.Configuration.numbered() { // API reference, RollbackInstanceRefresh
		return nil, &endpoint.Error{Code: "IrreversibleInstanceRefresh", Message: "The request failed because a desired " +
			"configuration was not found or an incompatible launch template (uses a Systems Manager parameter instead of an " +
			"AMI ID) or launch template version ($Latest or $Default) is present on the Auto Scaling group."}
	}
	g.rollBack(r, "Rollback initiated due to user request.")
	return r, nil
}

// cancelRefresh is CancelInstanceRefresh: what was replaced stays. g.mu is held.
func (g *group) cancelRefresh() (*refresh, error) {
	r := g.active()
	if r == nil || r.Status == refreshCancelling {
		return nil, &endpoint.Error{Code: "ActiveInstanceRefreshNotFound",
			Message: "No in progress or pending Instance Refresh found for Auto Scaling group " + g.spec.name}
	}
	r.Status = refreshCancelling
	g.save()
	g.poke()
	return r, nil
}
