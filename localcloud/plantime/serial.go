package plantime

import "strings"

// serial says what AWS must have before it can make a resource of a type: the
// independent statement that the program's own dependencies are held to. Names
// are without "aws:" and the last part of the token. What is not here need not
// be serial.
var serial = map[string][]string{
	"ec2/subnet":                              {"ec2/vpc"},
	"ec2/internetGateway":                     {"ec2/vpc"},
	"ec2/routeTable":                          {"ec2/vpc"},
	"ec2/securityGroup":                       {"ec2/vpc"},
	"ec2/natGateway":                          {"ec2/subnet", "ec2/eip", "ec2/internetGateway"},
	"ec2/route":                               {"ec2/routeTable", "ec2/internetGateway", "ec2/natGateway", "ec2/vpcPeeringConnectionAccepter"},
	"ec2/routeTableAssociation":               {"ec2/routeTable", "ec2/subnet"},
	"ec2/vpcPeeringConnection":                {"ec2/vpc"},
	"ec2/vpcPeeringConnectionAccepter":        {"ec2/vpcPeeringConnection"},
	"vpc/securityGroupIngressRule":            {"ec2/securityGroup"},
	"vpc/securityGroupEgressRule":             {"ec2/securityGroup"},
	"iam/rolePolicy":                          {"iam/role", "kms/key", "s3/bucketV2", "sqs/queue", "secretsmanager/secret"},
	"iam/rolePolicyAttachment":                {"iam/role"},
	"iam/instanceProfile":                     {"iam/role"},
	"rds/subnetGroup":                         {"ec2/subnet"},
	"rds/instance":                            {"rds/subnetGroup", "rds/parameterGroup", "rds/instance", "rds/instanceAutomatedBackupsReplication", "kms/key", "ec2/securityGroup", "iam/role", "iam/rolePolicyAttachment"},
	"rds/instanceAutomatedBackupsReplication": {"kms/key"},
	"elasticache/subnetGroup":                 {"ec2/subnet"},
	"elasticache/replicationGroup":            {"elasticache/subnetGroup", "elasticache/parameterGroup", "kms/key", "ec2/securityGroup", "cloudwatch/logGroup"},
	"s3/bucketPolicy":                         {"s3/bucketV2"},
	"s3/bucketObjectv2":                       {"s3/bucketV2", "s3/bucketVersioningV2", "kms/key"},
	"sqs/queue":                               {"kms/key", "sqs/queue"},
	"secretsmanager/secret":                   {"kms/key"},
	"secretsmanager/secretVersion":            {"secretsmanager/secret"},
	"lb/loadBalancer":                         {"ec2/subnet", "ec2/securityGroup", "ec2/internetGateway", "s3/bucketPolicy"}, // it tries to write its logs
	"lb/targetGroup":                          {"ec2/vpc"},
	"lb/listener":                             {"lb/loadBalancer", "lb/targetGroup", "acm/certificateValidation"},
	"acm/certificateValidation":               {"route53/record"},
	"route53/record":                          {"acm/certificate", "lb/loadBalancer", "route53/healthCheck"},
	// The addresses that AWS gives these are in an instance's environment.
	"ec2/launchTemplate": {"ec2/securityGroup", "iam/instanceProfile", "kms/key", "cloudwatch/logGroup", "rds/instance",
		"elasticache/replicationGroup", "sqs/queue", "s3/bucketV2", "s3/bucketObjectv2", "secretsmanager/secret"},
	// An instance boots by way of these, and serves by way of a listener.
	"autoscaling/group": {"ec2/launchTemplate", "ec2/subnet", "ec2/route", "ec2/routeTableAssociation", "lb/targetGroup", "lb/listener",
		"iam/rolePolicy", "iam/rolePolicyAttachment", "secretsmanager/secretVersion", "vpc/securityGroupEgressRule", "vpc/securityGroupIngressRule"},
	"autoscaling/policy":        {"autoscaling/group", "lb/loadBalancer", "lb/targetGroup"},
	"autoscaling/schedule":      {"autoscaling/group"},
	"cloudwatch/metricAlarm":    {"autoscaling/group", "rds/instance", "elasticache/replicationGroup", "lb/loadBalancer", "lb/targetGroup", "sns/topic", "route53/healthCheck", "sqs/queue", "lambda/function"},
	"rds/eventSubscription":     {"rds/instance", "sns/topic"},
	"cloudwatch/dashboard":      {"autoscaling/group", "rds/instance", "elasticache/replicationGroup", "lb/loadBalancer", "cloudwatch/metricAlarm"},
	"cloudwatch/compositeAlarm": {"cloudwatch/metricAlarm"},
}

// must says whether AWS itself has before ready when it makes after.
func must(before, after *Node) bool {
	for _, typ := range serial[kind(after)] {
		if typ == kind(before) {
			return true
		}
	}
	return !after.Custom || !before.Custom // components take no time
}

// kind is a type token without "aws:" and its last part.
func kind(n *Node) string {
	name := strings.TrimPrefix(n.Type, "aws:")
	if at := strings.LastIndex(name, ":"); at > 0 {
		name = name[:at]
	}
	return name
}
