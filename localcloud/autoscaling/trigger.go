package autoscaling

import (
	"strconv"

	"newsfeed/localcloud/cloud"
)

// declaredRefresh is the provider's instanceRefresh block.
type declaredRefresh struct {
	Triggers    []string
	Preferences struct {
		MinHealthyPercentage, MaxHealthyPercentage *int
		InstanceWarmup                             *string
		AutoRollback, SkipMatching                 *bool
		AlarmSpecification                         *alarmSpecification
	}
}

// declaredRefresh starts the refresh that the program declares for a changed
// template, after the group has it already: an auto-rollback goes back to the
// new one (terraform-provider-aws 34189). One that runs is cancelled first, as
// the provider does. g.mu is held.
func (g *group) declaredRefresh(r, old *cloud.Resource, conf configuration, moved bool) error {
	var block *declaredRefresh
	if err := r.Decode("instanceRefresh", &block); err != nil || block == nil {
		return err
	}
	if !moved && (len(block.Triggers) == 0 || !changed(r, old, block.Triggers...)) {
		return nil
	}
	given := block.Preferences
	p := preferences{
		MinHealthyPercentage: given.MinHealthyPercentage, MaxHealthyPercentage: given.MaxHealthyPercentage,
		AutoRollback: given.AutoRollback, SkipMatching: given.SkipMatching, AlarmSpecification: given.AlarmSpecification,
	}
	if text := value(given.InstanceWarmup); text != "" {
		seconds, err := strconv.Atoi(text)
		if err != nil {
			return err
		}
		p.InstanceWarmup = &seconds
	}
	if running := g.active(); running != nil {
		g.finishRefresh(running, refreshCancelled, "Cancelled due to user request.", "Cancelled")
	}
	_, err := g.startRefresh(&conf, p)
	return err
}
