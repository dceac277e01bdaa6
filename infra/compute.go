package infra

import (
	"slices"
	"strconv"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/autoscaling"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/cloudwatch"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// Connections that one process may hold; Validate holds the sum of all against
// the database's limit.
const (
	writerConnections = 8
	readerConnections = 16
)

// What an instance is given, in seconds. Until it has booted the launch hook
// holds it; grace begins when it is in service, and warm-up is until its share of
// the load is like the others'.
const (
	graceSeconds     = 60
	warmupSeconds    = 90
	heartbeatSeconds = 300
)

// bootHook is the lifecycle hook that an instance answers to once it has booted.
const bootHook = "boot"

// ComputeArgs is what a Compute needs.
type ComputeArgs struct {
	Command      string // of the feed binary: web or worker
	GroupName    string
	InstanceType string
	Image        string // AMI
	Min, Max     int
	SpotPercent  int               // of the instances above Min
	Tags         map[string]string // default tags do not reach instances and volumes
	Environment  pulumi.StringMap
	Identity     *Identity
	Network      *Network
	Firewall     *Firewall
	Secrets      *Secrets
	Load         load  // what the group follows
	Edge         *Edge // balances to the group; nil for one that serves nobody
}

// Compute is a launch template and the group of instances made from it.
type Compute struct {
	pulumi.ResourceState

	Group    *autoscaling.Group
	Template *launchTemplate

	args ComputeArgs
}

// NewCompute makes the template and the group.
func NewCompute(ctx *pulumi.Context, name string, args ComputeArgs, opts ...pulumi.ResourceOption) (*Compute, error) {
	c := &Compute{args: args}
	return c, component(ctx, "Compute", name, c, opts, func(s *scope) {
		c.Template = template(s, args)
		c.group(s, args)
		if args.Max > 0 {
			args.Load.follow(s, c.Group, args)
		}
	})
}

// launchTemplate has the number of its newest version.
type launchTemplate struct {
	pulumi.CustomResourceState

	LatestVersion pulumi.IntOutput `pulumi:"latestVersion"`
}

// template makes the launch template; every change of it is a new version.
func template(s *scope, args ComputeArgs) *launchTemplate {
	logs := add(s, "logs", cloudwatch.NewLogGroup, logGroup(s, args.Command, args.Secrets))
	return add(s, "template", byToken[launchTemplate]("ec2", "LaunchTemplate"), pulumi.Map{
		"imageId":             pulumi.String(args.Image),
		"instanceType":        pulumi.String(args.InstanceType),
		"ebsOptimized":        pulumi.String("true"),
		"vpcSecurityGroupIds": pulumi.StringArray{args.Firewall.Group(args.Command)},
		"iamInstanceProfile":  pulumi.Map{"arn": args.Identity.Profile(args.Command).Arn},
		"metadataOptions": pulumi.Map{
			"httpEndpoint":            pulumi.String("enabled"),
			"httpTokens":              pulumi.String("required"),
			"httpPutResponseHopLimit": pulumi.Int(1),
		},
		"blockDeviceMappings": pulumi.Array{pulumi.Map{
			"deviceName": pulumi.String("/dev/xvda"),
			"ebs": pulumi.Map{
				"volumeType": pulumi.String("gp3"), "volumeSize": pulumi.Int(16),
				"encrypted": pulumi.String("true"), "kmsKeyId": args.Secrets.Key.Arn,
				"deleteOnTermination": pulumi.String("true"),
			},
		}},
		"monitoring":        pulumi.Map{"enabled": pulumi.Bool(true)}, // by the minute: scaling needs it
		"tagSpecifications": tagSpecifications(s, args),
		"userData":          templateData(args, logs.Name),
		"tags":              named(s, args.Command),
	})
}

func tagSpecifications(s *scope, args ComputeArgs) pulumi.Array {
	return plural([]string{"instance", "volume", "network-interface"}, func(of string) pulumi.Input {
		tags := named(s, args.Command)
		for key, value := range args.Tags {
			tags[key] = pulumi.String(value)
		}
		return pulumi.Map{"resourceType": pulumi.String(of), "tags": tags}
	})
}

// group makes the group. The template's version is the one at its creation: from
// then on AWS owns the pointer, and the deploy command moves it by an instance
// refresh that can truly go back. The provider would write the new version into
// the group first, so that a rollback returned to it (terraform-provider-aws
// 34189). Nor does an `up` wait for instances: after a changed minimum the
// provider waits for an exact count (5241).
func (c *Compute) group(s *scope, args ComputeArgs) {
	version := c.Template.LatestVersion.ApplyT(func(v int) string { return strconv.Itoa(v) }).(pulumi.StringOutput)
	in := &autoscaling.GroupArgs{
		Name:                   pulumi.String(args.GroupName),
		VpcZoneIdentifiers:     args.Network.Private,
		MinSize:                pulumi.Int(args.Min),
		MaxSize:                pulumi.Int(args.Max),
		HealthCheckType:        pulumi.String("EC2"),
		HealthCheckGracePeriod: pulumi.Int(graceSeconds),
		DefaultInstanceWarmup:  pulumi.Int(warmupSeconds),
		WaitForCapacityTimeout: pulumi.String("0"),
		EnabledMetrics: pulumi.ToStringArray([]string{"GroupDesiredCapacity", "GroupInServiceInstances", "GroupMaxSize",
			"GroupMinSize", "GroupTotalInstances"}),
		// An instance that is unhealthy runs on until another serves in its place.
		InstanceMaintenancePolicy: autoscaling.GroupInstanceMaintenancePolicyArgs{
			MinHealthyPercentage: pulumi.Int(100), MaxHealthyPercentage: pulumi.Int(150)},
		// Of the group, for the first instances start with it.
		InitialLifecycleHooks: autoscaling.GroupInitialLifecycleHookArray{autoscaling.GroupInitialLifecycleHookArgs{
			Name: pulumi.String(bootHook), LifecycleTransition: pulumi.String("autoscaling:EC2_INSTANCE_LAUNCHING"),
			HeartbeatTimeout: pulumi.Int(heartbeatSeconds), DefaultResult: pulumi.String("ABANDON")}},
		Tags: groupTags(s, args),
	}
	if args.Edge != nil {
		in.HealthCheckType = pulumi.String("ELB")
		in.TargetGroupArns = pulumi.StringArray{args.Edge.Targets.Arn}
	}
	if args.SpotPercent > 0 {
		in.MixedInstancesPolicy = mixed(args, c.Template, version)
		in.CapacityRebalance = pulumi.Bool(true)
	} else {
		in.LaunchTemplate = autoscaling.GroupLaunchTemplateArgs{Id: c.Template.ID(), Version: version}
	}
	// What an instance needs to boot. The stores are not here: it waits for those
	// by itself, so that a promotion starts instances while they change.
	needs := slices.Concat(args.Network.all, args.Firewall.all, args.Secrets.all, args.Identity.all)
	if args.Edge != nil {
		needs = append(needs, args.Edge.all...)
	}
	// Scaling sets the desired capacity; to raise a group, raise its minimum.
	// Whole objects are ignored: of one that is ignored in part, the state's part
	// would be sent along with the next change.
	c.Group = add(s, "group", autoscaling.NewGroup, in, pulumi.DependsOn(needs),
		pulumi.IgnoreChanges([]string{"desiredCapacity", "launchTemplate", "mixedInstancesPolicy"}))
}

// runs is what the group should run, for the deploy command to roll it to.
func (c *Compute) runs() pulumi.Map {
	runs := pulumi.Map{"group": c.Group.Name, "template": c.Template.ID(), "version": c.Template.LatestVersion}
	if c.args.SpotPercent > 0 {
		runs["spot"] = pulumi.Map{
			"onDemandBase": pulumi.Int(c.args.Min), "onDemandPercentage": pulumi.Int(100 - c.args.SpotPercent),
			"instanceTypes": pulumi.ToStringArray(alike(c.args.InstanceType))}
	}
	return runs
}

// mixed buys a share of the instances above the minimum as Spot, from types of
// the same size so that a shortage of one does not matter.
func mixed(args ComputeArgs, template *launchTemplate, version pulumi.StringOutput) autoscaling.GroupMixedInstancesPolicyArgs {
	return autoscaling.GroupMixedInstancesPolicyArgs{
		InstancesDistribution: autoscaling.GroupMixedInstancesPolicyInstancesDistributionArgs{
			OnDemandBaseCapacity:                pulumi.Int(args.Min),
			OnDemandPercentageAboveBaseCapacity: pulumi.Int(100 - args.SpotPercent),
			SpotAllocationStrategy:              pulumi.String("price-capacity-optimized"),
		},
		LaunchTemplate: autoscaling.GroupMixedInstancesPolicyLaunchTemplateArgs{
			LaunchTemplateSpecification: autoscaling.GroupMixedInstancesPolicyLaunchTemplateLaunchTemplateSpecificationArgs{
				LaunchTemplateId: template.ID(), Version: version},
			Overrides: autoscaling.GroupMixedInstancesPolicyLaunchTemplateOverrideArray(plural(alike(args.InstanceType),
				func(of string) autoscaling.GroupMixedInstancesPolicyLaunchTemplateOverrideInput {
					return autoscaling.GroupMixedInstancesPolicyLaunchTemplateOverrideArgs{InstanceType: pulumi.String(of)}
				})),
		},
	}
}

func groupTags(s *scope, args ComputeArgs) autoscaling.GroupTagArray {
	tags := autoscaling.GroupTagArray{autoscaling.GroupTagArgs{
		Key: pulumi.String("Name"), Value: named(s, args.Command)["Name"], PropagateAtLaunch: pulumi.Bool(false)}}
	for _, key := range sortedKeys(args.Tags) {
		tags = append(tags, autoscaling.GroupTagArgs{
			Key: pulumi.String(key), Value: pulumi.String(args.Tags[key]), PropagateAtLaunch: pulumi.Bool(false)})
	}
	return tags
}
