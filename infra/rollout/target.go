package rollout

import (
	"encoding/json"
	"fmt"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling/types"
)

// Target is what one group should run, as the stack's output `runs` says.
type Target struct {
	Group    string `json:"group"`
	Template string `json:"template"` // ID of the launch template
	Version  int    `json:"version"`
	Spot     *Spot  `json:"spot"` // nil: every instance is on demand
}

// Spot is how a group buys its instances above the minimum.
type Spot struct {
	OnDemandBase       int32    `json:"onDemandBase"`
	OnDemandPercentage int32    `json:"onDemandPercentage"`
	InstanceTypes      []string `json:"instanceTypes"`
}

// ReadTargets reads the output `runs` of a stack: the targets by the group's role.
// A stack without groups has none.
func ReadTargets(raw []byte) (map[string]Target, error) {
	var targets map[string]Target
	if err := json.Unmarshal(raw, &targets); err != nil {
		return nil, fmt.Errorf("the stack's output runs: %w: bring the stack up first: make deploy", err)
	}
	for role, t := range targets {
		if t.Group == "" || t.Template == "" || t.Version < 1 {
			return nil, fmt.Errorf("the stack's output runs: %s names no group, template or version: %+v", role, t)
		}
	}
	return targets, nil
}

// configuration is the target as an instance refresh wants it.
func (t Target) configuration() *types.DesiredConfiguration {
	template := &types.LaunchTemplateSpecification{LaunchTemplateId: &t.Template, Version: aws.String(strconv.Itoa(t.Version))}
	if t.Spot == nil {
		return &types.DesiredConfiguration{LaunchTemplate: template}
	}
	policy := &types.MixedInstancesPolicy{
		LaunchTemplate: &types.LaunchTemplate{LaunchTemplateSpecification: template},
		InstancesDistribution: &types.InstancesDistribution{
			OnDemandBaseCapacity: &t.Spot.OnDemandBase, OnDemandPercentageAboveBaseCapacity: &t.Spot.OnDemandPercentage,
			SpotAllocationStrategy: aws.String("price-capacity-optimized")},
	}
	for _, kind := range t.Spot.InstanceTypes {
		policy.LaunchTemplate.Overrides = append(policy.LaunchTemplate.Overrides, types.LaunchTemplateOverrides{InstanceType: aws.String(kind)})
	}
	return &types.DesiredConfiguration{MixedInstancesPolicy: policy}
}

// pointer is the version that the group launches, 0 if it has none or one by name.
func pointer(g *types.AutoScalingGroup) int {
	spec := g.LaunchTemplate
	if g.MixedInstancesPolicy != nil && g.MixedInstancesPolicy.LaunchTemplate != nil {
		spec = g.MixedInstancesPolicy.LaunchTemplate.LaunchTemplateSpecification
	}
	if spec == nil {
		return 0
	}
	version, _ := strconv.Atoi(aws.ToString(spec.Version))
	return version
}
