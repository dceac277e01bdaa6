package autoscaling

import (
	"context"
	"slices"
)

// userRequest is why a group has another size, in AWS's words.
const userRequest = "a user request explicitly set group desired capacity " +
	"changing the desired capacity from %[4]d to %[5]d"

type desiredInput struct {
	AutoScalingGroupName string
	DesiredCapacity      int
	HonorCooldown        bool
}

func (s *Service) setDesiredCapacity(_ context.Context, region string, in *desiredInput) (*empty, error) {
	return &empty{}, s.on(region, in.AutoScalingGroupName, func(g *group) error {
		switch n := in.DesiredCapacity; {
		case n > g.record.Max:
			return invalid("New SetDesiredCapacity value %d is above max value %d for the AutoScalingGroup.", n, g.record.Max)
		case n < g.record.Min:
			return invalid("New SetDesiredCapacity value %d is below min value %d for the AutoScalingGroup.", n, g.record.Min)
		}
		return g.resize(userRequest, nil, nil, &in.DesiredCapacity)
	})
}

type updateInput struct {
	AutoScalingGroupName              string
	MinSize, MaxSize, DesiredCapacity *int
	LaunchTemplate                    *templateRef
	MixedInstancesPolicy              *mixedPolicy
}

func (s *Service) updateGroup(_ context.Context, region string, in *updateInput) (*empty, error) {
	return &empty{}, s.on(region, in.AutoScalingGroupName, func(g *group) error {
		if _, err := g.sizeNow().with(in.MinSize, in.MaxSize, in.DesiredCapacity); err != nil {
			return err // nothing of it is done
		}
		if in.LaunchTemplate != nil || in.MixedInstancesPolicy != nil {
			if err := g.configure(configuration{in.LaunchTemplate, in.MixedInstancesPolicy}); err != nil {
				return err
			}
		}
		return g.resize(userUpdate, in.MinSize, in.MaxSize, in.DesiredCapacity)
	})
}

// processes are those of a group that can be suspended (API reference).
var processes = []string{"AddToLoadBalancer", "AlarmNotification", "AZRebalance", "HealthCheck", "InstanceRefresh",
	"Launch", "ReplaceUnhealthy", "ScheduledActions", "Terminate"}

type processesInput struct {
	AutoScalingGroupName string
	ScalingProcesses     []string
}

func (s *Service) suspendProcesses(_ context.Context, region string, in *processesInput) (*empty, error) {
	return s.setProcesses(region, in, func(g *group, name string) {
		if !g.suspended(name) {
			g.record.Suspended = append(g.record.Suspended, name)
		}
	})
}

func (s *Service) resumeProcesses(_ context.Context, region string, in *processesInput) (*empty, error) {
	return s.setProcesses(region, in, func(g *group, name string) {
		g.record.Suspended = slices.DeleteFunc(g.record.Suspended, func(other string) bool { return other == name })
	})
}

// setProcesses is about all of them when none is named.
func (s *Service) setProcesses(region string, in *processesInput, set func(*group, string)) (*empty, error) {
	names := in.ScalingProcesses
	if len(names) == 0 {
		names = processes
	}
	for _, name := range names {
		if !slices.Contains(processes, name) {
			return nil, invalid("Invalid scaling process name %s", name)
		}
	}
	return &empty{}, s.on(region, in.AutoScalingGroupName, func(g *group) error {
		for _, name := range names {
			set(g, name)
		}
		g.save()
		g.poke()
		return nil
	})
}
