package order

// rules is what AWS wants to be there first. Where the inputs of the later one
// name the earlier one, nothing can go wrong; plan-time reads those rows too.
var rules = append(named, []Rule{
	{After: "ec2/natGateway", When: not("connectivityType", "private"), Before: gateway,
		Ties: []Tie{{"ec2/subnet ec2/vpc", "ec2/vpc"}}, Must: true,
		Refused: "Gateway.NotAttached: Network has no Internet gateway attached",
		Source:  "EC2 API, NatGateway.failureCode; terraform-provider-aws, aws_nat_gateway (depends_on in its example)"},
	{After: "lb/loadBalancer", When: unless("internal"), Before: gateway,
		Ties: []Tie{{"ec2/subnet ec2/vpc", "ec2/vpc"}}, Must: true,
		Refused: "InvalidSubnet: VPC has no internet gateway",
		Source:  "terraform-provider-aws 4587; openshift/installer 1110"},
	{After: "lb/loadBalancer", When: given("accessLogs.enabled"), Before: []string{"s3/bucketPolicy"},
		Ties: onBucket, Must: true,
		Refused: "InvalidConfigurationRequest: Access Denied for bucket. Please check S3bucket permission",
		Source:  "aws-load-balancer-controller 1956; ELB user guide, Enable access logs: ELB tries to write when they are switched on"},
	{After: "ec2/route", When: given("gatewayId"), Before: []string{"ec2/internetGatewayAttachment"},
		Ties:    same("ec2/internetGateway"),
		Refused: "InvalidParameterValue: route table and network gateway belong to different networks",
		Source:  "EC2 user guide, Internet gateways: attach, then route"},
	{After: "ec2/route", When: given("vpcPeeringConnectionId"), Before: accepter, Ties: same("ec2/vpcPeeringConnection"),
		Later:  "the route is a blackhole until the connection is accepted",
		Source: "VPC peering guide, Update your route tables"},
	{After: "ec2/peeringConnectionOptions", Before: accepter, Ties: same("ec2/vpcPeeringConnection"),
		Refused: "OperationNotPermitted: Peering options can be added only to active peerings",
		Source:  "terraform-provider-aws, aws_vpc_peering_connection_options (its example waits for the accepter)"},
	{After: "ec2/flowLog", Before: permissions, Ties: onRole,
		Later:  "its status is 'Access error' and nothing is written until the role may",
		Source: "VPC user guide, Troubleshoot flow logs: Access error"},
	{After: "rds/instance", When: given("monitoringRoleArn"), Before: permissions, Ties: onRole, Must: true,
		Refused: "InvalidParameterValue: IAM role ARN value is invalid or does not include the required permissions for: " +
			"ENHANCED_MONITORING",
		Source: "pulumi 5628; claranet/terraform-aws-aurora 23 (the attachment came later)"},
	{After: "rds/eventSubscription", Before: []string{"sns/topicPolicy"}, Ties: onTopic,
		Refused: "SNSNoAuthorization: RDS may not publish to the topic, whose own policy comes later",
		Source:  "RDS API, CreateEventSubscription, Errors. Whether the topic's first policy would do is told nowhere: it is not relied on"},
	{After: "cloudwatch/eventTarget", Before: []string{"sns/topicPolicy"}, Ties: onTopic,
		Later:  "events are lost (FailedInvocations) until the topic lets EventBridge publish",
		Source: "EventBridge user guide, Troubleshooting: my rule matched but SNS was not called"},
	{After: "cloudwatch/metricAlarm", Before: []string{"sns/topicPolicy"}, Ties: onTopic,
		Later:  "an alarm that goes off before the topic lets CloudWatch publish tells nobody",
		Source: "CloudWatch user guide, Notifying users on alarm changes: PutMetricAlarm tries no action"},
	{After: "cloudwatch/eventTarget", Before: invocation,
		Ties:   []Tie{{"lambda/function", "lambda/function"}, {"cloudwatch/eventRule", "cloudwatch/eventRule"}},
		Later:  "invocations fail until the function's policy lets the rule invoke it",
		Source: "EventBridge user guide, Resource-based policies: PutTargets does not look at them"},
	{After: "sns/topicSubscription", Before: invocation,
		Ties:   []Tie{{"lambda/function", "lambda/function"}, {"sns/topic", "sns/topic"}},
		Later:  "messages are lost until the function's policy lets the topic invoke it",
		Source: "SNS developer guide, Fanout to Lambda: Subscribe does not look at the function's policy"},
	{After: "sns/topicSubscription", Before: []string{"sqs/queuePolicy"}, Ties: same("sqs/queue"),
		Later:  "messages are lost until the queue's policy lets the topic send",
		Source: "SNS developer guide, Subscribing an Amazon SQS queue"},
	{After: "lambda/function", When: given("deadLetterConfig"), Before: permissions, Ties: onRole, Must: true,
		Refused: "InvalidParameterValueException: The provided execution role does not have permissions to call SendMessage on SQS",
		Source:  "Lambda, CreateFunction with a dead-letter queue; elastic/beats 13963"},
	{After: "lambda/function", When: unless("deadLetterConfig"), Before: permissions, Ties: onRole,
		Later:  "its first invocations write no log and may do nothing",
		Source: "terraform-provider-aws, aws_lambda_function: depends_on of the role's policies"},
	{After: "lambda/eventSourceMapping", Before: permissions, Ties: []Tie{{"lambda/function iam/role", "iam/role"}},
		Refused: "InvalidParameterValueException: The function execution role does not have permissions to call ReceiveMessage on SQS",
		Source:  "Lambda developer guide, Using Lambda with Amazon SQS"},
	{After: "s3/bucketReplicationConfig", Before: versioning, Ties: onBucket, Must: true,
		Refused: "InvalidRequest: Versioning must be 'Enabled' on the bucket to apply a replication configuration",
		Source:  "S3 API, PutBucketReplication; terraform-provider-aws, aws_s3_bucket_replication_configuration"},
	{After: "s3/bucketReplicationConfig", Before: permissions, Ties: onRole,
		Later:  "objects that come before the role may copy have the status FAILED for good",
		Source: "S3 user guide, Replication status: FAILED is not tried again"},
	{After: "s3/bucketLifecycleConfigurationV2", When: given("rules[0].noncurrentVersionExpiration"), Before: versioning,
		Ties:   onBucket,
		Later:  "a rule on old versions means nothing in a bucket that keeps none",
		Source: "terraform-provider-aws, aws_s3_bucket_lifecycle_configuration: 'Must have bucket versioning enabled first'"},
	{After: "s3/bucketPolicy", Before: []string{"s3/bucketPublicAccessBlock"}, Ties: onBucket,
		Refused: "OperationAborted: A conflicting conditional operation is currently in progress against this resource " +
			"(when both are under way)",
		Source: "terraform-provider-aws 7628"},
	{After: "s3/bucketObjectv2", Before: []string{"s3/bucketVersioningV2", "s3/bucketServerSideEncryptionConfigurationV2"},
		Ties:   onBucket,
		Later:  "an object that comes before them has no version, and no encryption but what it asks for itself",
		Source: "S3 user guide, How versioning works: objects that were there before have the version null"},
	{After: "lb/listener", Before: []string{"acm/certificateValidation"}, Ties: same("acm/certificate"), Must: true,
		Refused: "UnsupportedCertificate: The certificate must have a fully-qualified domain name, a supported signature, " +
			"and a supported key size",
		Source: "terraform-provider-aws, aws_acm_certificate_validation: refer to it and not to the certificate"},
	{After: "route53/record", When: given("aliases"), Before: []string{"route53/record"}, Same: [2]string{"aliases[0].name", "name"},
		Refused: "InvalidChangeBatch: Tried to create an alias that targets a record of the zone, but that target was not found",
		Source:  "barnybug/cli53 227; rust-lang/simpleinfra 907"},
	{After: "autoscaling/policy", Before: []string{"lb/listener"},
		When:    given("targetTrackingConfiguration.predefinedMetricSpecification.resourceLabel"),
		Ties:    same("lb/targetGroup"),
		Refused: "ValidationError: the load balancer does not route traffic to the target group",
		Source:  "EC2 Auto Scaling API, PredefinedMetricSpecification.ResourceLabel"},
	{After: "autoscaling/group", Before: []string{"lb/listener"}, Ties: same("lb/targetGroup"),
		Later:  "targets of a group behind no balancer are 'unused' and never healthy: with minElbCapacity the provider waits in vain",
		Source: "ELB user guide, Target health status: Target.NotInUse"},
	{After: "autoscaling/group", Before: permissions,
		Ties:   []Tie{{"ec2/launchTemplate iam/instanceProfile iam/role", "iam/role"}},
		Later:  "instances boot before their role may fetch anything",
		Source: "terraform-provider-aws, aws_iam_instance_profile; IAM user guide, Troubleshoot: changes are not always immediately visible"},
	// Not the values of secrets: the launch hook holds an instance until it could
	// read them, so that a promotion starts instances while the stores change.
	{After: "autoscaling/group", Before: []string{"ec2/routeTableAssociation"}, Ties: same("ec2/subnet"),
		Later: "its instances boot without a way out", Source: "VPC user guide, Route tables: until then a subnet has the main table"},
	{After: "autoscaling/group", Before: []string{"ec2/route"}, If: given("natGatewayId"),
		Ties:  []Tie{{"ec2/subnet ec2/vpc", "ec2/routeTable ec2/vpc"}},
		Later: "its instances boot without a way out", Source: "VPC user guide, NAT gateways"},
}...)

var (
	gateway     = []string{"ec2/internetGateway", "ec2/internetGatewayAttachment"}
	accepter    = []string{"ec2/vpcPeeringConnectionAccepter"}
	permissions = []string{"iam/rolePolicy", "iam/rolePolicyAttachment"}
	invocation  = []string{"lambda/permission"}
	versioning  = []string{"s3/bucketVersioningV2"}

	onRole, onBucket, onTopic = same("iam/role"), same("s3/bucketV2"), same("sns/topic")
)

// standsFor are the kinds by which another can be named: the ARN of a topic's
// policy is the topic's. What names them waits for more, and means the other.
var standsFor = map[string]string{
	"sns/topicPolicy":                  "sns/topic",
	"acm/certificateValidation":        "acm/certificate",
	"ec2/vpcPeeringConnectionAccepter": "ec2/vpcPeeringConnection",
}

// same is the tie of two that name one resource.
func same(kind string) []Tie { return []Tie{{kind, kind}} }

// named are the rows that hold by themselves: the one names the other, or is
// there for the sake of what is behind it.
var named = []Rule{
	{After: "ec2/subnet", Before: []string{"ec2/vpc"}},
	{After: "ec2/internetGateway", Before: []string{"ec2/vpc"}},
	{After: "ec2/routeTable", Before: []string{"ec2/vpc"}},
	{After: "ec2/securityGroup", Before: []string{"ec2/vpc"}},
	{After: "ec2/natGateway", Before: []string{"ec2/subnet", "ec2/eip"}},
	{After: "ec2/route", Before: []string{"ec2/routeTable", "ec2/internetGateway", "ec2/natGateway"}},
	{After: "ec2/routeTableAssociation", Before: []string{"ec2/routeTable", "ec2/subnet"}},
	{After: "ec2/vpcPeeringConnection", Before: []string{"ec2/vpc"}},
	{After: "ec2/vpcPeeringConnectionAccepter", Before: []string{"ec2/vpcPeeringConnection"}},
	{After: "ec2/vpcEndpoint", Before: []string{"ec2/vpc", "ec2/subnet", "ec2/securityGroup", "ec2/routeTable"}},
	{After: "vpc/securityGroupIngressRule", Before: []string{"ec2/securityGroup"}},
	{After: "vpc/securityGroupEgressRule", Before: []string{"ec2/securityGroup"}},
	{After: "iam/rolePolicy", Before: []string{"iam/role", "kms/key", "s3/bucketV2", "sqs/queue", "secretsmanager/secret"}},
	{After: "iam/rolePolicyAttachment", Before: []string{"iam/role"}},
	{After: "iam/instanceProfile", Before: []string{"iam/role"}},
	{After: "rds/subnetGroup", Before: []string{"ec2/subnet"}},
	{After: "rds/instance", Before: []string{"rds/subnetGroup", "rds/parameterGroup", "rds/instance",
		"rds/instanceAutomatedBackupsReplication", "kms/key", "ec2/securityGroup", "iam/role"}},
	{After: "rds/instanceAutomatedBackupsReplication", Before: []string{"kms/key"}},
	{After: "rds/eventSubscription", Before: []string{"rds/instance", "sns/topic"}},
	{After: "elasticache/subnetGroup", Before: []string{"ec2/subnet"}},
	{After: "elasticache/replicationGroup", Before: []string{"elasticache/subnetGroup", "elasticache/parameterGroup", "kms/key",
		"ec2/securityGroup", "cloudwatch/logGroup"}},
	{After: "s3/bucketPolicy", Before: []string{"s3/bucketV2"}},
	{After: "s3/bucketObjectv2", Before: []string{"s3/bucketV2", "kms/key"}},
	{After: "sqs/queue", Before: []string{"kms/key", "sqs/queue"}},
	{After: "secretsmanager/secret", Before: []string{"kms/key"}},
	{After: "secretsmanager/secretVersion", Before: []string{"secretsmanager/secret"}},
	{After: "lb/loadBalancer", Before: []string{"ec2/subnet", "ec2/securityGroup"}},
	{After: "lb/targetGroup", Before: []string{"ec2/vpc"}},
	{After: "lb/listener", Before: []string{"lb/loadBalancer", "lb/targetGroup"}},
	{After: "acm/certificateValidation", Before: []string{"route53/record"}},
	{After: "route53/record", Before: []string{"acm/certificate", "lb/loadBalancer", "route53/healthCheck"}},
	// What AWS calls these is in an instance's environment.
	{After: "ec2/launchTemplate", Before: []string{"ec2/securityGroup", "iam/instanceProfile", "kms/key", "cloudwatch/logGroup",
		"sqs/queue", "s3/bucketV2", "secretsmanager/secret"}},
	// An instance boots by way of these. Rules between the regions may come later.
	{After: "autoscaling/group", Before: []string{"ec2/launchTemplate", "ec2/subnet", "lb/targetGroup",
		"vpc/securityGroupEgressRule", "vpc/securityGroupIngressRule"}},
	{After: "autoscaling/policy", Before: []string{"autoscaling/group", "lb/loadBalancer", "lb/targetGroup"}},
	{After: "autoscaling/schedule", Before: []string{"autoscaling/group"}},
	{After: "cloudwatch/metricAlarm", Before: []string{"autoscaling/group", "rds/instance", "elasticache/replicationGroup",
		"lb/loadBalancer", "lb/targetGroup", "sns/topic", "route53/healthCheck", "sqs/queue", "lambda/function"}},
	{After: "cloudwatch/dashboard", Before: []string{"autoscaling/group", "rds/instance", "elasticache/replicationGroup",
		"lb/loadBalancer", "cloudwatch/metricAlarm"}},
	{After: "cloudwatch/compositeAlarm", Before: []string{"cloudwatch/metricAlarm"}},
}
