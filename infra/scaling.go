package infra

import (
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/autoscaling"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// load is what a group follows; a group without room to scale follows nothing.
type load interface {
	follow(s *scope, group *autoscaling.Group, args ComputeArgs)
}

// requests is the load of the web group: it is held at the targets of its
// config, and raised for sales that are known beforehand.
type requests struct {
	WebConfig
	edge *Edge
}

func (r requests) follow(s *scope, group *autoscaling.Group, _ ComputeArgs) {
	track(s, "cpu", group, r.CPUTarget, autoscaling.PolicyTargetTrackingConfigurationArgs{
		PredefinedMetricSpecification: autoscaling.PolicyTargetTrackingConfigurationPredefinedMetricSpecificationArgs{
			PredefinedMetricType: pulumi.String("ASGAverageCPUUtilization")},
	})
	track(s, "requests", group, r.RequestsPerTarget, autoscaling.PolicyTargetTrackingConfigurationArgs{
		PredefinedMetricSpecification: autoscaling.PolicyTargetTrackingConfigurationPredefinedMetricSpecificationArgs{
			PredefinedMetricType: pulumi.String("ALBRequestCountPerTarget"),
			ResourceLabel:        pulumi.Sprintf("%s/%s", r.edge.Balancer.ArnSuffix, r.edge.Targets.ArnSuffix)},
	})
	for _, sale := range r.Schedule {
		scheduled(s, sale.Name+"-start", group, sale.begins(), sale.Min, sale.Max)
		scheduled(s, sale.Name+"-end", group, sale.ends(), r.Min, r.Max)
	}
}

// backlog is the load of the worker group: the messages that each worker has
// before it.
type backlog struct {
	WorkerConfig
	queue *Queue
}

func (b backlog) follow(s *scope, group *autoscaling.Group, _ ComputeArgs) {
	track(s, "backlog", group, b.BacklogPerInstance, autoscaling.PolicyTargetTrackingConfigurationArgs{
		CustomizedMetricSpecification: autoscaling.PolicyTargetTrackingConfigurationCustomizedMetricSpecificationArgs{
			Metrics: autoscaling.PolicyTargetTrackingConfigurationCustomizedMetricSpecificationMetricArray{
				measured("visible", "AWS/SQS", "ApproximateNumberOfMessagesVisible", "Sum", "QueueName", b.queue.FanOut.Name),
				measured("instances", "AWS/AutoScaling", "GroupInServiceInstances", "Average", "AutoScalingGroupName", group.Name),
				autoscaling.PolicyTargetTrackingConfigurationCustomizedMetricSpecificationMetricArgs{
					Id:         pulumi.String("backlog"),
					Label:      pulumi.String("Backlog per worker"),
					Expression: pulumi.String("FILL(visible, 0) / IF(instances > 0, instances, 1)"),
					ReturnData: pulumi.Bool(true),
				},
			},
		},
	})
}

// track makes a target-tracking policy. Its type is said: the default is
// SimpleScaling, which ignores the target.
func track(s *scope, role string, group *autoscaling.Group, target int, tracking autoscaling.PolicyTargetTrackingConfigurationArgs) {
	tracking.TargetValue = pulumi.Float64(target)
	add(s, role, autoscaling.NewPolicy, &autoscaling.PolicyArgs{
		Name:                        pulumi.String(role),
		AutoscalingGroupName:        group.Name,
		PolicyType:                  pulumi.String("TargetTrackingScaling"),
		TargetTrackingConfiguration: tracking,
	})
}

// measured is a metric of the policy's expression, by the minute.
func measured(id, namespace, metric, stat, dimension string, value pulumi.StringInput) autoscaling.PolicyTargetTrackingConfigurationCustomizedMetricSpecificationMetricArgs {
	return autoscaling.PolicyTargetTrackingConfigurationCustomizedMetricSpecificationMetricArgs{
		Id: pulumi.String(id),
		MetricStat: autoscaling.PolicyTargetTrackingConfigurationCustomizedMetricSpecificationMetricMetricStatArgs{
			Stat: pulumi.String(stat),
			Metric: autoscaling.PolicyTargetTrackingConfigurationCustomizedMetricSpecificationMetricMetricStatMetricArgs{
				Namespace: pulumi.String(namespace), MetricName: pulumi.String(metric),
				Dimensions: autoscaling.PolicyTargetTrackingConfigurationCustomizedMetricSpecificationMetricMetricStatMetricDimensionArray{
					autoscaling.PolicyTargetTrackingConfigurationCustomizedMetricSpecificationMetricMetricStatMetricDimensionArgs{
						Name: pulumi.String(dimension), Value: value}},
			},
		},
		ReturnData: pulumi.Bool(false),
	}
}
