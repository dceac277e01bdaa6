package autoscaling

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"newsfeed/localcloud/endpoint"
)

// page is one page of a list, and the token of the next: where it begins.
func page[T any](all []T, most *int, token *string) ([]T, *string, error) {
	first := 0
	if token != nil {
		var err error
		if first, err = strconv.Atoi(*token); err != nil || first < 0 || first > len(all) {
			return nil, nil, &endpoint.Error{Code: "InvalidNextToken", Message: "The NextToken value is not valid."}
		}
	}
	if all = all[first:]; most == nil || *most >= len(all) {
		return all, nil, nil
	}
	if *most < 1 {
		return nil, nil, invalid("MaxRecords must be at least 1")
	}
	return all[:*most], pointer(strconv.Itoa(first + *most)), nil
}

type groupsInput struct {
	AutoScalingGroupNames []string
	MaxRecords            *int
	NextToken             *string
	IncludeInstances      *bool
}

type groupsOutput struct {
	AutoScalingGroups []groupShape
	NextToken         *string
}

type groupShape struct {
	AutoScalingGroupName, AutoScalingGroupARN, HealthCheckType, VPCZoneIdentifier, ServiceLinkedRoleARN string
	MinSize, MaxSize, DesiredCapacity, DefaultCooldown, HealthCheckGracePeriod                          int
	DefaultInstanceWarmup                                                                               *int
	LaunchTemplate                                                                                      *templateRef
	MixedInstancesPolicy                                                                                *mixedPolicy
	InstanceMaintenancePolicy                                                                           *bounds
	AvailabilityZones, TargetGroupARNs, TerminationPolicies                                             []string
	SuspendedProcesses                                                                                  []suspendedShape
	Instances                                                                                           []instanceShape
	Tags                                                                                                []tagShape
	CreatedTime                                                                                         time.Time
	NewInstancesProtectedFromScaleIn                                                                    bool
}

// serviceRole is the path of the role that Auto Scaling acts in.
const serviceRole = "/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling"

type suspendedShape struct{ ProcessName, SuspensionReason string }

type tagShape struct {
	ResourceId, ResourceType, Key, Value string
	PropagateAtLaunch                    bool
}

type instanceShape struct {
	InstanceId, AvailabilityZone, LifecycleState, HealthStatus string
	AutoScalingGroupName, InstanceType                         *string
	LaunchTemplate                                             *templateRef
	ProtectedFromScaleIn                                       bool
}

func (s *Service) describeGroups(_ context.Context, region string, in *groupsInput) (*groupsOutput, error) {
	out := &groupsOutput{}
	for _, g := range s.within(region) {
		if len(in.AutoScalingGroupNames) == 0 || slices.Contains(in.AutoScalingGroupNames, g.declared().name) {
			out.AutoScalingGroups = append(out.AutoScalingGroups, g.shape())
		}
	}
	var err error
	out.AutoScalingGroups, out.NextToken, err = page(out.AutoScalingGroups, in.MaxRecords, in.NextToken)
	return out, err
}

// within are the groups of a region by name.
func (s *Service) within(region string) []*group {
	all := slices.DeleteFunc(s.groups.All(), func(g *group) bool { return g.declared().region != region })
	slices.SortFunc(all, func(a, b *group) int { return strings.Compare(a.declared().name, b.declared().name) })
	return all
}

func (g *group) shape() groupShape {
	g.mu.Lock()
	defer g.mu.Unlock()
	rec, spec := g.record, g.spec
	out := groupShape{
		AutoScalingGroupName: spec.name, AutoScalingGroupARN: spec.arn, HealthCheckType: spec.healthCheck,
		VPCZoneIdentifier: strings.Join(spec.subnets, ","), MinSize: rec.Min, MaxSize: rec.Max, DesiredCapacity: rec.Desired,
		ServiceLinkedRoleARN: "arn:aws:iam::" + account(spec.arn) + ":role" + serviceRole, DefaultCooldown: 300,
		HealthCheckGracePeriod: int(spec.grace.Seconds()), LaunchTemplate: rec.Configuration.LaunchTemplate,
		MixedInstancesPolicy: rec.Configuration.MixedInstancesPolicy, InstanceMaintenancePolicy: spec.policy,
		TargetGroupARNs: spec.targetGroups, TerminationPolicies: []string{"Default"}, CreatedTime: rec.Created,
	}
	if spec.warmup != nil {
		out.DefaultInstanceWarmup = pointer(int(spec.warmup.Seconds()))
	}
	for _, subnet := range spec.subnets {
		if r := g.service.Store.Get(spec.region, subnetType, subnet); r != nil && r.String("availabilityZone") != "" {
			out.AvailabilityZones = append(out.AvailabilityZones, r.String("availabilityZone"))
		}
	}
	for _, name := range rec.Suspended {
		out.SuspendedProcesses = append(out.SuspendedProcesses, suspendedShape{name, "User suspended"})
	}
	for _, t := range spec.tags {
		out.Tags = append(out.Tags, tagShape{spec.name, "auto-scaling-group", t.Key, t.Value, t.PropagateAtLaunch})
	}
	for _, i := range g.instances {
		out.Instances = append(out.Instances, i.shape())
	}
	return out
}

func (i *instance) shape() instanceShape {
	t := i.template
	out := instanceShape{
		InstanceId: i.id, AvailabilityZone: i.zone, LifecycleState: string(i.state), HealthStatus: i.health(),
		LaunchTemplate: &templateRef{&t.id, &t.name, pointer(strconv.Itoa(t.number))},
	}
	if t.instanceType != "" {
		out.InstanceType = &t.instanceType
	}
	return out
}

type instancesInput struct {
	InstanceIds []string
	MaxRecords  *int
	NextToken   *string
}

type instancesOutput struct {
	AutoScalingInstances []instanceShape
	NextToken            *string
}

// describeInstances writes the health in capitals, as AWS does here alone.
func (s *Service) describeInstances(_ context.Context, region string, in *instancesInput) (*instancesOutput, error) {
	out := &instancesOutput{}
	for _, g := range s.within(region) {
		g.mu.Lock()
		for _, i := range g.instances {
			if shape := i.shape(); len(in.InstanceIds) == 0 || slices.Contains(in.InstanceIds, i.id) {
				shape.AutoScalingGroupName, shape.HealthStatus = &g.spec.name, strings.ToUpper(shape.HealthStatus)
				out.AutoScalingInstances = append(out.AutoScalingInstances, shape)
			}
		}
		g.mu.Unlock()
	}
	var err error
	out.AutoScalingInstances, out.NextToken, err = page(out.AutoScalingInstances, in.MaxRecords, in.NextToken)
	return out, err
}
