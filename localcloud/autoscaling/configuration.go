package autoscaling

import (
	"cmp"
	"errors"
	"strconv"

	"newsfeed/localcloud/cloud"
)

// templateRef names a version of a launch template, in the shape of the API.
type templateRef struct {
	LaunchTemplateId   *string
	LaunchTemplateName *string
	Version            *string
}

// version is $Default where none is given, as in the API.
func (t templateRef) version() string { return cmp.Or(value(t.Version), "$Default") }

// configuration is what a group launches, in the shape of the API: one of the
// two is set.
type configuration struct {
	LaunchTemplate       *templateRef
	MixedInstancesPolicy *mixedPolicy
}

type mixedPolicy struct {
	LaunchTemplate struct {
		LaunchTemplateSpecification templateRef
		Overrides                   []override
	}
	InstancesDistribution *distribution
}

type override struct{ InstanceType, WeightedCapacity *string }

type distribution struct {
	OnDemandAllocationStrategy, SpotAllocationStrategy, SpotMaxPrice *string
	OnDemandBaseCapacity, OnDemandPercentageAboveBaseCapacity        *int
}

// ref is the launch template of a configuration; a group that mixes Spot in
// names it a level deeper.
func (c configuration) ref() templateRef {
	switch {
	case c.LaunchTemplate != nil:
		return *c.LaunchTemplate
	case c.MixedInstancesPolicy != nil:
		return c.MixedInstancesPolicy.LaunchTemplate.LaunchTemplateSpecification
	}
	return templateRef{}
}

// numbered says whether the version is a number, and not $Latest or $Default:
// only then can a refresh be rolled back.
func (c configuration) numbered() bool {
	_, err := strconv.Atoi(c.ref().version())
	return err == nil
}

// declared is the configuration that the program wrote.
func declared(r *cloud.Resource) (configuration, error) {
	var template *struct{ ID, Name, Version *string }
	var mixed *struct {
		InstancesDistribution *distribution
		LaunchTemplate        struct {
			LaunchTemplateSpecification templateRef
			Overrides                   []override
		}
	}
	if err := errors.Join(r.Decode("launchTemplate", &template), r.Decode("mixedInstancesPolicy", &mixed)); err != nil {
		return configuration{}, err
	}
	var c configuration
	switch {
	case template != nil:
		c.LaunchTemplate = &templateRef{template.ID, template.Name, template.Version}
	case mixed != nil:
		c.MixedInstancesPolicy = &mixedPolicy{mixed.LaunchTemplate, mixed.InstancesDistribution}
	default:
		return c, invalid("Valid requests must contain either LaunchTemplate, LaunchConfigurationName, InstanceId " +
			"or MixedInstancesPolicy parameter.")
	}
	return c, nil
}

// value is what p points to, or nothing.
func value[T any](p *T) (v T) {
	if p != nil {
		v = *p
	}
	return v
}

func pointer[T any](v T) *T { return &v }
