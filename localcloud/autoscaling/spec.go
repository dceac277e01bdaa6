package autoscaling

import (
	"cmp"
	"errors"
	"fmt"
	"reflect"
	"time"

	"newsfeed/localcloud/cloud"
)

// spec is what the program declares of a group and only the program changes.
type spec struct {
	name, region, arn string
	subnets           []string
	targetGroups      []string
	healthCheck       string // EC2 or ELB
	grace             time.Duration
	warmup            *time.Duration // defaultInstanceWarmup
	policy            *bounds        // instanceMaintenancePolicy
	tags              []tag
}

// bounds are percentages of the desired capacity, in the shape of the API.
type bounds struct{ MinHealthyPercentage, MaxHealthyPercentage int }

type tag struct {
	Key, Value        string
	PropagateAtLaunch bool
}

func readSpec(r *cloud.Resource) (*spec, error) {
	s := &spec{
		name: r.ID, region: r.Region, arn: r.String("arn"),
		subnets:      r.Strings("vpcZoneIdentifiers"),
		targetGroups: r.Strings("targetGroupArns"),
		healthCheck:  cmp.Or(r.String("healthCheckType"), "EC2"),
		grace:        time.Duration(r.Int("healthCheckGracePeriod", 300)) * time.Second,
	}
	if warmup := r.Int("defaultInstanceWarmup", -1); warmup >= 0 {
		s.warmup = pointer(time.Duration(warmup) * time.Second)
	}
	if err := errors.Join(r.Decode("instanceMaintenancePolicy", &s.policy), r.Decode("tags", &s.tags)); err != nil {
		return nil, err
	}
	if len(s.subnets) == 0 {
		return nil, invalid("At least one Availability Zone or VPC Subnet is required.")
	}
	return s, s.policy.check()
}

// check refuses what AWS does (API reference, InstanceMaintenancePolicy).
func (b *bounds) check() error {
	if b != nil && b.MaxHealthyPercentage-b.MinHealthyPercentage > 100 {
		return invalid("The difference between MaxHealthyPercentage and MinHealthyPercentage cannot be greater than 100.")
	}
	return nil
}

// limits are the fewest instances that must be ready, and the most that may be
// in service or pending, while some of desired are replaced. With a minimum of
// 100 percent one more is launched first, with less at least one may go first
// (user guide: instance-refresh-overview).
func (b bounds) limits(desired int) (fewest, most int) {
	fewest = (desired*b.MinHealthyPercentage + 99) / 100
	most = max(desired, desired*b.MaxHealthyPercentage/100)
	switch {
	case b.MinHealthyPercentage >= 100:
		most = max(most, desired+1)
	case most == desired:
		fewest = min(fewest, desired-1)
	}
	return fewest, most
}

// size is a group's limits and its desired capacity.
type size struct{ min, max, desired int }

// check refuses what AWS does.
func (s size) check() error {
	if s.min > s.max {
		return invalid("Max bound, %d, must be greater than or equal to min bound, %d", s.max, s.min)
	}
	if s.desired < s.min || s.desired > s.max {
		return invalid("Desired capacity:%d must be between the specified min size:%d and max size:%d", s.desired, s.min, s.max)
	}
	return nil
}

// firstSize is a new group's: the desired capacity is the minimum unless given.
func firstSize(r *cloud.Resource) (size, error) {
	s := size{r.Int("minSize", 0), r.Int("maxSize", 0), 0}
	s.desired = r.Int("desiredCapacity", s.min)
	return s, s.check()
}

// with is the size after a request that gives some of it. New limits take a
// desired capacity that is not given along (API reference, UpdateAutoScalingGroup).
func (s size) with(low, high, desired *int) (size, error) {
	if low != nil {
		s.min = *low
	}
	if high != nil {
		s.max = *high
	}
	if desired != nil {
		s.desired = *desired
	} else {
		s.desired = min(max(s.desired, s.min), s.max)
	}
	return s, s.check()
}

// changed says whether an update declares another value of any of the properties.
func changed(r, old *cloud.Resource, properties ...string) bool {
	for _, name := range properties {
		if !reflect.DeepEqual(r.Inputs[name], old.Inputs[name]) {
			return true
		}
	}
	return false
}

// given is a number that an update declares anew, nil when it is as before.
func given(r, old *cloud.Resource, property string) *int {
	if !changed(r, old, property) || r.Inputs[property] == nil {
		return nil
	}
	return pointer(r.Int(property, 0))
}

// awsTime reads a duration that the provider takes, ten minutes by default.
func awsTime(text string) (time.Duration, error) {
	d, err := time.ParseDuration(cmp.Or(text, "10m"))
	if err != nil {
		return 0, fmt.Errorf("waitForCapacityTimeout: %w", err)
	}
	return d, nil
}
