package autoscaling

import (
	"context"
	"slices"
	"time"

	"newsfeed/localcloud/cloud"
)

type activitiesInput struct {
	AutoScalingGroupName, NextToken *string
	ActivityIds                     []string
	IncludeDeletedGroups            *bool
	MaxRecords                      *int
}

type activitiesOutput struct {
	Activities []activity
	NextToken  *string
}

func (s *Service) describeActivities(_ context.Context, region string, in *activitiesInput) (*activitiesOutput, error) {
	out := &activitiesOutput{}
	groups := s.within(region)
	if in.AutoScalingGroupName != nil {
		g, err := s.named(region, *in.AutoScalingGroupName)
		if err != nil {
			return nil, err
		}
		groups = []*group{g}
	}
	for _, g := range groups {
		g.mu.Lock()
		for _, a := range g.record.Activities {
			if len(in.ActivityIds) == 0 || slices.Contains(in.ActivityIds, a.ActivityId) {
				out.Activities = append(out.Activities, *a)
			}
		}
		g.mu.Unlock()
	}
	var err error
	out.Activities, out.NextToken, err = page(out.Activities, in.MaxRecords, in.NextToken)
	return out, err
}

type refreshesInput struct {
	AutoScalingGroupName string
	InstanceRefreshIds   []string
	MaxRecords           *int
	NextToken            *string
}

type refreshesOutput struct {
	InstanceRefreshes []refresh
	NextToken         *string
}

func (s *Service) describeRefreshes(_ context.Context, region string, in *refreshesInput) (*refreshesOutput, error) {
	out := &refreshesOutput{}
	return out, s.on(region, in.AutoScalingGroupName, func(g *group) error {
		for _, r := range g.record.Refreshes {
			if len(in.InstanceRefreshIds) == 0 || slices.Contains(in.InstanceRefreshIds, r.InstanceRefreshId) {
				out.InstanceRefreshes = append(out.InstanceRefreshes, *r)
			}
		}
		var err error
		out.InstanceRefreshes, out.NextToken, err = page(out.InstanceRefreshes, in.MaxRecords, in.NextToken)
		return err
	})
}

type hooksInput struct {
	AutoScalingGroupName string
	LifecycleHookNames   []string
}

type hooksOutput struct{ LifecycleHooks []hook }

func (s *Service) describeHooks(_ context.Context, region string, in *hooksInput) (*hooksOutput, error) {
	out := &hooksOutput{}
	return out, s.on(region, in.AutoScalingGroupName, func(g *group) error {
		for _, h := range g.record.Hooks {
			if len(in.LifecycleHookNames) == 0 || slices.Contains(in.LifecycleHookNames, h.LifecycleHookName) {
				out.LifecycleHooks = append(out.LifecycleHooks, h)
			}
		}
		return nil
	})
}

type schedulesInput struct {
	AutoScalingGroupName, NextToken *string
	ScheduledActionNames            []string
	StartTime, EndTime              *time.Time
	MaxRecords                      *int
}

type schedulesOutput struct {
	ScheduledUpdateGroupActions []schedule
	NextToken                   *string
}

func (s *Service) describeSchedules(_ context.Context, region string, in *schedulesInput) (*schedulesOutput, error) {
	out := &schedulesOutput{}
	for _, g := range s.within(region) {
		g.mu.Lock()
		for _, a := range g.record.Schedules {
			if (in.AutoScalingGroupName == nil || *in.AutoScalingGroupName == g.spec.name) &&
				(len(in.ScheduledActionNames) == 0 || slices.Contains(in.ScheduledActionNames, a.ScheduledActionName)) {
				out.ScheduledUpdateGroupActions = append(out.ScheduledUpdateGroupActions, *a)
			}
		}
		g.mu.Unlock()
	}
	var err error
	out.ScheduledUpdateGroupActions, out.NextToken, err = page(out.ScheduledUpdateGroupActions, in.MaxRecords, in.NextToken)
	return out, err
}

type policiesInput struct {
	AutoScalingGroupName, NextToken *string
	PolicyNames, PolicyTypes        []string
	MaxRecords                      *int
}

type policiesOutput struct {
	ScalingPolicies []policyShape
	NextToken       *string
}

type policyShape struct {
	AutoScalingGroupName, PolicyName, PolicyARN, PolicyType string
	EstimatedInstanceWarmup                                 *int
	Enabled                                                 bool
	TargetTrackingConfiguration                             *targetTracking
}

// targetTracking is described by what a person looks for; of a metric that is
// computed only the target is.
type targetTracking struct {
	PredefinedMetricSpecification *struct{ PredefinedMetricType, ResourceLabel string }
	TargetValue                   float64
	DisableScaleIn                bool
}

// describePolicies tells what the program declares; nothing acts on it.
func (s *Service) describePolicies(_ context.Context, region string, in *policiesInput) (*policiesOutput, error) {
	out := &policiesOutput{}
	for _, r := range s.Store.List(policyType) {
		name, group := r.String("name"), r.String("autoscalingGroupName")
		if r.Region != region || in.AutoScalingGroupName != nil && *in.AutoScalingGroupName != group ||
			len(in.PolicyNames) > 0 && !slices.Contains(in.PolicyNames, name) {
			continue
		}
		shape := policyShape{AutoScalingGroupName: group, PolicyName: name, PolicyARN: r.String("arn"),
			PolicyType: r.String("policyType"), Enabled: true}
		if err := readPolicy(r, &shape); err != nil {
			return nil, err
		}
		out.ScalingPolicies = append(out.ScalingPolicies, shape)
	}
	var err error
	out.ScalingPolicies, out.NextToken, err = page(out.ScalingPolicies, in.MaxRecords, in.NextToken)
	return out, err
}

func readPolicy(r *cloud.Resource, into *policyShape) error {
	if warmup := r.Int("estimatedInstanceWarmup", -1); warmup >= 0 {
		into.EstimatedInstanceWarmup = &warmup
	}
	return r.Decode("targetTrackingConfiguration", &into.TargetTrackingConfiguration)
}
