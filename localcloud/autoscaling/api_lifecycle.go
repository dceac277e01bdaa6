package autoscaling

import (
	"context"
	"time"
)

type lifecycleInput struct {
	AutoScalingGroupName, LifecycleHookName string
	InstanceId, LifecycleActionToken        string
	LifecycleActionResult                   string
}

func (s *Service) completeLifecycleAction(_ context.Context, region string, in *lifecycleInput) (*empty, error) {
	if in.LifecycleActionResult != "CONTINUE" && in.LifecycleActionResult != "ABANDON" {
		return nil, invalid("The lifecycle action result must be either CONTINUE or ABANDON.")
	}
	return &empty{}, s.on(region, in.AutoScalingGroupName, func(g *group) error {
		_, a, err := g.waiting(in.LifecycleHookName, in.InstanceId, in.LifecycleActionToken)
		if err != nil {
			return err
		}
		a.result = in.LifecycleActionResult
		g.poke()
		return nil
	})
}

type heartbeatInput struct {
	AutoScalingGroupName, LifecycleHookName string
	InstanceId, LifecycleActionToken        string
}

func (s *Service) recordHeartbeat(_ context.Context, region string, in *heartbeatInput) (*empty, error) {
	return &empty{}, s.on(region, in.AutoScalingGroupName, func(g *group) error {
		_, a, err := g.waiting(in.LifecycleHookName, in.InstanceId, in.LifecycleActionToken)
		if err != nil {
			return err
		}
		beat := time.Now().Add(g.service.allowed(time.Duration(a.hook.HeartbeatTimeout) * time.Second))
		if a.beat = beat; beat.After(a.deadline) {
			a.beat = a.deadline
		}
		return nil
	})
}

type healthInput struct {
	InstanceId, HealthStatus string
	ShouldRespectGracePeriod *bool
}

// setInstanceHealth respects the grace period unless told otherwise: within it
// the call changes nothing (API reference).
func (s *Service) setInstanceHealth(_ context.Context, region string, in *healthInput) (*empty, error) {
	if in.HealthStatus != "Healthy" && in.HealthStatus != "Unhealthy" {
		return nil, invalid("Invalid health status. Valid values are Healthy and Unhealthy.")
	}
	return &empty{}, s.in(region, in.InstanceId, func(g *group, i *instance) error {
		switch {
		case in.HealthStatus == "Healthy":
			i.unhealthy = ""
		case (in.ShouldRespectGracePeriod == nil || *in.ShouldRespectGracePeriod) && i.state == InService && g.inGrace(i):
		default:
			i.unhealthy = userCheck
		}
		g.save()
		g.poke()
		return nil
	})
}

type terminateInput struct {
	InstanceId                     string
	ShouldDecrementDesiredCapacity bool
}

type terminateOutput struct{ Activity activity }

func (s *Service) terminateInstance(_ context.Context, region string, in *terminateInput) (*terminateOutput, error) {
	var out *terminateOutput
	err := s.in(region, in.InstanceId, func(g *group, i *instance) error {
		have := g.record.Desired
		cause := "instance " + i.id + " was taken out of service in response to a user request."
		if in.ShouldDecrementDesiredCapacity {
			if have <= g.record.Min {
				return invalid("Currently, desiredSize equals minSize (%d). Terminating instance without replacement will "+
					"violate group's min size constraint. Either set shouldDecrementDesiredCapacity flag to false or "+
					"lower group's min size.", g.record.Min)
			}
			g.record.Desired--
		} else {
			g.owed++
		}
		g.retire(i, g.at(cause))
		g.poke()
		out = &terminateOutput{*i.activity}
		return nil
	})
	return out, err
}
