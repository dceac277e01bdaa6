package infra

import (
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/cloudwatch"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// flowLogs records who was refused what: accepted traffic would cost more than
// it tells.
func (n *Network) flowLogs(s *scope, args NetworkArgs) {
	logs := add(s, "flow-log", cloudwatch.NewLogGroup, logGroup(s, "flow-log", args.Key))
	writer, may := s.permitted("flow-log-writer", "vpc-flow-logs.amazonaws.com", Statement{
		Actions:   []string{"logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"},
		Resources: one(pulumi.Sprintf("%s:*", logs.Arn)),
	})
	add(s, "flow", ec2("FlowLog"), pulumi.Map{
		"vpcId":                  n.VPC.ID(),
		"trafficType":            pulumi.String("REJECT"),
		"logDestination":         logs.Arn,
		"iamRoleArn":             writer.Arn,
		"maxAggregationInterval": pulumi.Int(60),
		"tags":                   named(s, "flow-log"),
	}, may)
}
