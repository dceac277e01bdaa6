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

// bootSeconds is more than an instance takes from its launch to its first
// healthy answer.
const bootSeconds = 180

// image is the public parameter that names the newest Amazon Linux 2023.
const image = "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-arm64"

// newestImage is the AMI that the parameter names. It is asked for by the token:
// this is all that is used of the SDK's package.
func newestImage(ctx *pulumi.Context) (string, error) {
	var parameter struct {
		Value string `pulumi:"value"`
	}
	err := ctx.Invoke("aws:ssm/getParameter:getParameter", map[string]any{"name": image}, &parameter, pulumi.Version(sdkVersion))
	return parameter.Value, err
}

// ComputeArgs is what a Compute needs.
type ComputeArgs struct {
	Command      string // of the feed binary: web or worker
	InstanceType string
	Image        string // AMI
	Min, Max     int
	SpotPercent  int               // of the instances above Min
	Migrate      bool              // instances bring the schema up to date before they start
	Tags         map[string]string // default tags do not reach instances and volumes
	Environment  pulumi.StringMap
	Roots        pulumi.StringInput // s3:// address of the database's root certificates
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

	Group *autoscaling.Group

	args ComputeArgs
}

// NewCompute makes the template and the group.
func NewCompute(ctx *pulumi.Context, name string, args ComputeArgs, opts ...pulumi.ResourceOption) (*Compute, error) {
	c := &Compute{args: args}
	return c, component(ctx, "Compute", name, c, opts, func(s *scope) {
		c.group(s, args, template(s, args))
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

func (c *Compute) group(s *scope, args ComputeArgs, template *launchTemplate) {
	// The number and not $Latest: only a change of it starts a refresh.
	version := template.LatestVersion.ApplyT(func(v int) string { return strconv.Itoa(v) }).(pulumi.StringOutput)
	in := &autoscaling.GroupArgs{
		VpcZoneIdentifiers:     args.Network.Private,
		MinSize:                pulumi.Int(args.Min),
		MaxSize:                pulumi.Int(args.Max),
		HealthCheckType:        pulumi.String("EC2"),
		HealthCheckGracePeriod: pulumi.Int(bootSeconds),
		DefaultInstanceWarmup:  pulumi.Int(bootSeconds),
		EnabledMetrics: pulumi.ToStringArray([]string{"GroupDesiredCapacity", "GroupInServiceInstances", "GroupMaxSize",
			"GroupMinSize", "GroupTotalInstances"}),
		InstanceRefresh: refresh(args),
		Tags:            groupTags(s, args),
	}
	if args.Edge != nil {
		in.HealthCheckType = pulumi.String("ELB")
		in.TargetGroupArns = pulumi.StringArray{args.Edge.Targets.Arn}
		in.MinElbCapacity = pulumi.Int(args.Min) // `up` returns when the group serves
	}
	if args.SpotPercent > 0 {
		in.MixedInstancesPolicy = mixed(args, template, version)
		in.CapacityRebalance = pulumi.Bool(true)
	} else {
		in.LaunchTemplate = autoscaling.GroupLaunchTemplateArgs{Id: template.ID(), Version: version}
	}
	// An instance starts when all that it talks to is there, or it would fail its
	// first health checks; the database, cache and queue are in its environment.
	needs := slices.Concat(args.Network.all, args.Firewall.all, args.Secrets.all, args.Identity.all)
	if args.Edge != nil {
		needs = append(needs, args.Edge.all...)
	}
	// Scaling sets the desired capacity; to raise a group, raise its minimum.
	c.Group = add(s, "group", autoscaling.NewGroup, in, pulumi.DependsOn(needs), pulumi.IgnoreChanges([]string{"desiredCapacity"}))
}

// refresh replaces instances when the template changes: new ones first, and
// back to the old template if they fail.
func refresh(args ComputeArgs) autoscaling.GroupInstanceRefreshArgs {
	preferences := autoscaling.GroupInstanceRefreshPreferencesArgs{
		MinHealthyPercentage: pulumi.Int(100),
		MaxHealthyPercentage: pulumi.Int(150),
		AutoRollback:         pulumi.Bool(true),
	}
	if args.Edge != nil {
		preferences.AlarmSpecification = autoscaling.GroupInstanceRefreshPreferencesAlarmSpecificationArgs{
			Alarms: pulumi.StringArray{args.Edge.Failing.Name}}
	}
	return autoscaling.GroupInstanceRefreshArgs{Strategy: pulumi.String("Rolling"), Preferences: preferences}
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
