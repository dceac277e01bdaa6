package autoscaling

import (
	"context"
	"slices"

	"newsfeed/localcloud/endpoint"
)

// api are the operations of EC2 Auto Scaling that are here.
func (s *Service) api() map[string]endpoint.QueryOperation {
	return map[string]endpoint.QueryOperation{
		"DescribeAutoScalingGroups":           endpoint.TypedQuery(s.describeGroups),
		"DescribeAutoScalingInstances":        endpoint.TypedQuery(s.describeInstances),
		"DescribeScalingActivities":           endpoint.TypedQuery(s.describeActivities),
		"DescribeInstanceRefreshes":           endpoint.TypedQuery(s.describeRefreshes),
		"DescribeLifecycleHooks":              endpoint.TypedQuery(s.describeHooks),
		"DescribeScheduledActions":            endpoint.TypedQuery(s.describeSchedules),
		"DescribePolicies":                    endpoint.TypedQuery(s.describePolicies),
		"StartInstanceRefresh":                endpoint.TypedQuery(s.startInstanceRefresh),
		"RollbackInstanceRefresh":             endpoint.TypedQuery(s.rollbackInstanceRefresh),
		"CancelInstanceRefresh":               endpoint.TypedQuery(s.cancelInstanceRefresh),
		"CompleteLifecycleAction":             endpoint.TypedQuery(s.completeLifecycleAction),
		"RecordLifecycleActionHeartbeat":      endpoint.TypedQuery(s.recordHeartbeat),
		"SetInstanceHealth":                   endpoint.TypedQuery(s.setInstanceHealth),
		"SetDesiredCapacity":                  endpoint.TypedQuery(s.setDesiredCapacity),
		"UpdateAutoScalingGroup":              endpoint.TypedQuery(s.updateGroup),
		"TerminateInstanceInAutoScalingGroup": endpoint.TypedQuery(s.terminateInstance),
		"SuspendProcesses":                    endpoint.TypedQuery(s.suspendProcesses),
		"ResumeProcesses":                     endpoint.TypedQuery(s.resumeProcesses),
	}
}

// empty is an answer without a result.
type empty struct{}

// on runs f with a group, whose mutex is held.
func (s *Service) on(region, name string, f func(*group) error) error {
	g, err := s.named(region, name)
	if err != nil {
		return err
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	return f(g)
}

// in runs f with an instance and its group, whose mutex is held.
func (s *Service) in(region, id string, f func(*group, *instance) error) error {
	for _, g := range s.groups.All() {
		if g.declared().region != region {
			continue
		}
		g.mu.Lock()
		n := slices.IndexFunc(g.instances, func(i *instance) bool { return i.id == id && i.state != Terminating })
		if n >= 0 {
			defer g.mu.Unlock()
			return f(g, g.instances[n])
		}
		g.mu.Unlock()
	}
	return invalid("Instance Id not found - No managed instance found for instance ID %s", id)
}

type refreshInput struct {
	AutoScalingGroupName string
	Strategy             *string
	DesiredConfiguration *configuration
	Preferences          preferences
}

type refreshOutput struct{ InstanceRefreshId string }

func (s *Service) startInstanceRefresh(_ context.Context, region string, in *refreshInput) (*refreshOutput, error) {
	if strategy := value(in.Strategy); strategy != "" && strategy != "Rolling" {
		return nil, invalid("the local cloud has no strategy %s", strategy)
	}
	return refreshed(s, region, in.AutoScalingGroupName, func(g *group) (*refresh, error) {
		return g.startRefresh(in.DesiredConfiguration, in.Preferences)
	})
}

type nameInput struct{ AutoScalingGroupName string }

func (s *Service) rollbackInstanceRefresh(_ context.Context, region string, in *nameInput) (*refreshOutput, error) {
	return refreshed(s, region, in.AutoScalingGroupName, (*group).rollBackRequested)
}

func (s *Service) cancelInstanceRefresh(_ context.Context, region string, in *nameInput) (*refreshOutput, error) {
	return refreshed(s, region, in.AutoScalingGroupName, (*group).cancelRefresh)
}

// refreshed is the id of the refresh that f is about.
func refreshed(s *Service, region, name string, f func(*group) (*refresh, error)) (out *refreshOutput, err error) {
	err = s.on(region, name, func(g *group) error {
		r, err := f(g)
		if err == nil {
			out = &refreshOutput{r.InstanceRefreshId}
		}
		return err
	})
	return out, err
}
