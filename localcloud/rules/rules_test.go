package rules

import (
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
)

type object = map[string]any
type list = []any

// mistakes are each refused, by a property and in words; one kind a row.
var mistakes = map[string]struct {
	typ    string
	inputs object
	path   string
	want   string
}{
	// Values.
	"an apostrophe in a rule's description": {"aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule",
		object{"description": "the peer's health"}, "description", "must match"},
	"a value that is none of the enumeration": {"aws:acm/certificate:Certificate", object{"validationMethod": "dns"}, "validationMethod", "must be one of"},
	"a text that is too long":                 {"aws:acm/certificate:Certificate", object{"domainName": strings.Repeat("a", 65)}, "domainName", "at most 64"},
	"a number out of its range":               {"aws:sqs/queue:Queue", object{"receiveWaitTimeSeconds": 30.0}, "receiveWaitTimeSeconds", "from 0 to 20"},
	"a name that AWS keeps for itself":        {"aws:lb/loadBalancer:LoadBalancer", object{"name": "internal-web"}, "name", "must not match"},

	// Names within blocks.
	"a misspelt name deep in a block": {"aws:ec2/launchTemplate:LaunchTemplate",
		object{"blockDeviceMappings": list{object{"ebs": object{"volumeTyp": "gp3"}}}}, "blockDeviceMappings[0].ebs.volumeTyp", `did you mean "volumeType"?`},
	"a number where a block has a text":    {"aws:autoscaling/group:Group", object{"launchTemplate": object{"version": 3.0}}, "launchTemplate.version", "must be string"},
	"a block where a list of them belongs": {"aws:lb/listener:Listener", object{"defaultActions": list{"forward"}}, "defaultActions[0]", "must be an object"},

	// Documents.
	"a policy that is no JSON":             {"aws:iam/rolePolicy:RolePolicy", object{"policy": `{"Version": }`}, "policy", "it is no JSON"},
	"an element that policies do not have": {"aws:iam/rolePolicy:RolePolicy", object{"policy": `{"Statements": []}`}, "policy", `there is no element "Statements"`},
	"an effect in small letters": {"aws:iam/rolePolicy:RolePolicy",
		object{"policy": `{"Statement":[{"Effect":"allow","Action":"s3:GetObject","Resource":"*"}]}`}, "policy", "Effect is allow"},
	"an action without its service": {"aws:iam/rolePolicy:RolePolicy",
		object{"policy": `{"Statement":[{"Effect":"Allow","Action":"GetObject","Resource":"*"}]}`}, "policy", `Action "GetObject"`},
	"a principal in an identity policy": {"aws:iam/rolePolicy:RolePolicy",
		object{"policy": `{"Statement":[{"Effect":"Allow","Principal":"*","Action":"s3:GetObject","Resource":"*"}]}`}, "policy", "must have no Principal"},
	"no principal in a resource policy": {"aws:sqs/queuePolicy:QueuePolicy",
		object{"policy": `{"Statement":[{"Effect":"Allow","Action":"sqs:*","Resource":"*"}]}`}, "policy", "must have a Principal"},
	"a resource in a trust policy": {"aws:iam/role:Role", object{"assumeRolePolicy": `{"Statement":[{"Effect":"Allow",` +
		`"Principal":{"Service":"ec2.amazonaws.com"},"Action":"sts:AssumeRole","Resource":"*"}]}`}, "assumeRolePolicy", "must have no Resource"},
	"an operator that conditions do not have": {"aws:sns/topicPolicy:TopicPolicy", object{"policy": `{"Statement":[{"Effect":"Allow","Principal":"*",` +
		`"Action":"sns:Publish","Resource":"*","Condition":{"StringEqual":{"aws:SourceAccount":"1"}}}]}`}, "policy", `no operator "StringEqual"`},
	"a pattern whose field is no list": {"aws:cloudwatch/eventRule:EventRule", object{"eventPattern": `{"source":"aws.rds"}`}, "eventPattern", "must be a list"},
	"a widget of no type":              {"aws:cloudwatch/dashboard:Dashboard", object{"dashboardBody": `{"widgets":[{"type":"graph","properties":{}}]}`}, "dashboardBody", `of type "graph"`},
	"a dead letter that is received never": {"aws:sqs/queue:Queue",
		object{"redrivePolicy": `{"deadLetterTargetArn":"arn:aws:sqs:ap-northeast-2:000000000000:dead","maxReceiveCount":0}`}, "redrivePolicy", "from 1 to 1000"},

	// Formats.
	"host bits in a subnet":              {"aws:ec2/subnet:Subnet", object{"cidrBlock": "10.20.1.0/20"}, "cidrBlock", "host bits"},
	"a network that is too large":        {"aws:ec2/vpc:Vpc", object{"cidrBlock": "10.0.0.0/8"}, "cidrBlock", "from a /16 to a /28"},
	"an ARN that is a name":              {"aws:lambda/function:Function", object{"kmsKeyArn": "alias/newsfeed"}, "kmsKeyArn", "not an ARN"},
	"one minutes":                        {"aws:cloudwatch/eventRule:EventRule", object{"scheduleExpression": "rate(1 minutes)"}, "scheduleExpression", "the unit of 1 is minute"},
	"five minute":                        {"aws:cloudwatch/eventRule:EventRule", object{"scheduleExpression": "rate(5 minute)"}, "scheduleExpression", "the unit of 5 is minutes"},
	"cron as Unix has it":                {"aws:cloudwatch/eventRule:EventRule", object{"scheduleExpression": "cron(0 9 * * *)"}, "scheduleExpression", "must have 6"},
	"a day of the month and of the week": {"aws:cloudwatch/eventRule:EventRule", object{"scheduleExpression": "cron(0 9 * * * *)"}, "scheduleExpression", "exactly one of"},
	"a recurrence in hour 25":            {"aws:autoscaling/schedule:Schedule", object{"recurrence": "0 25 * * *"}, "recurrence", "not within 0 to 23"},
	"a time with its zone":               {"aws:autoscaling/schedule:Schedule", object{"startTime": "2026-11-27T09:00:00+09:00"}, "startTime", "not a time in UTC"},
	"a window of ten minutes":            {"aws:rds/instance:Instance", object{"backupWindow": "18:00-18:10"}, "backupWindow", "must last 30"},
	"a weekly window without its day":    {"aws:elasticache/replicationGroup:ReplicationGroup", object{"maintenanceWindow": "18:00-19:00"}, "maintenanceWindow", "want ddd:hh24:mi"},
	"user data that is not encoded":      {"aws:ec2/launchTemplate:LaunchTemplate", object{"userData": "#cloud-config"}, "userData", "not base64"},
	"an instance type of no size":        {"aws:ec2/launchTemplate:LaunchTemplate", object{"instanceType": "m7g.lrge"}, "instanceType", "has no size lrge"},
	"a class that RDS has not":           {"aws:rds/instance:Instance", object{"instanceClass": "db.m7g.medium"}, "instanceClass", "has no medium"},
	"a node type without its prefix":     {"aws:elasticache/replicationGroup:ReplicationGroup", object{"nodeType": "m7g.large"}, "nodeType", "begins with cache."},
	"a zone of another region":           {"aws:ec2/subnet:Subnet", object{"availabilityZone": "ap-northeast-1a"}, "availabilityZone", "the region is ap-northeast-2"},
	"a service of another region":        {"aws:ec2/vpcEndpoint:VpcEndpoint", object{"serviceName": "com.amazonaws.us-east-1.s3"}, "serviceName", "the region is ap-northeast-2"},

	// Tags.
	"a tag that AWS keeps for itself": {"aws:sqs/queue:Queue", object{"tags": object{"aws:name": "x"}}, "tags.aws:name", "aws: is AWS's own"},
	"a tag with a letter too many":    {"aws:sqs/queue:Queue", object{"tags": object{"why": "users' feeds"}}, "tags.why", "must be at most 256"},
	"eleven tags of an object": {"aws:s3/bucketObjectv2:BucketObjectv2", object{"tags": object{"a": "", "b": "", "c": "", "d": "", "e": "", "f": "", "g": "",
		"h": "", "i": "", "j": "", "k": ""}}, "tags", "may have 10"},

	// What goes together.
	"a minimum above the maximum":           {"aws:autoscaling/group:Group", object{"minSize": 3.0, "maxSize": 2.0}, "maxSize", "below minSize 3"},
	"two templates":                         {"aws:autoscaling/group:Group", object{"launchTemplate": object{"id": "lt-1"}, "mixedInstancesPolicy": object{}}, "launchTemplate", "exactly one"},
	"a policy without what it tracks":       {"aws:autoscaling/policy:Policy", object{"policyType": "TargetTrackingScaling"}, "targetTrackingConfiguration", "is not given"},
	"a scheduled action that does nothing":  {"aws:autoscaling/schedule:Schedule", object{"startTime": "2026-11-27T00:00:00Z"}, "minSize", "at least one"},
	"a gp3 volume of too few operations":    {"aws:ec2/launchTemplate:LaunchTemplate", object{"blockDeviceMappings": list{object{"ebs": object{"volumeType": "gp3", "volumeSize": 16.0, "iops": 100.0}}}}, "blockDeviceMappings[0].ebs.iops", "from 3000"},
	"a variable that Lambda reserves":       {"aws:lambda/function:Function", object{"environment": object{"variables": object{"AWS_REGION": "x"}}}, "environment.variables.AWS_REGION", "reserves"},
	"a route to two targets":                {"aws:ec2/route:Route", object{"destinationCidrBlock": "0.0.0.0/0", "gatewayId": "igw-1", "natGatewayId": "nat-1"}, "gatewayId", "exactly one"},
	"ports of all traffic":                  {"aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule", object{"ipProtocol": "-1", "fromPort": 443.0, "toPort": 443.0}, "fromPort", "all traffic"},
	"ports in the wrong order":              {"aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule", object{"ipProtocol": "tcp", "fromPort": 443.0, "toPort": 80.0}, "toPort", "below fromPort"},
	"a public gateway without an address":   {"aws:ec2/natGateway:NatGateway", object{"subnetId": "subnet-1"}, "allocationId", "goes with a public gateway"},
	"a version that the engine lacks":       {"aws:rds/instance:Instance", object{"engine": "mysql", "engineVersion": "8.5"}, "engineVersion", "must be of mysql"},
	"operations of a small gp3":             {"aws:rds/instance:Instance", object{"storageType": "gp3", "allocatedStorage": 100.0, "iops": 12000.0}, "iops", "below 400 GiB"},
	"monitoring every 20 seconds":           {"aws:rds/instance:Instance", object{"monitoringInterval": 20.0}, "monitoringInterval", "must be 0, 1, 5"},
	"monitoring without a role":             {"aws:rds/instance:Instance", object{"monitoringInterval": 15.0}, "monitoringRoleArn", "is not given"},
	"insights on a class without":           {"aws:rds/instance:Instance", object{"engine": "mysql", "instanceClass": "db.t4g.micro", "performanceInsightsEnabled": true}, "performanceInsightsEnabled", "does not have"},
	"insights for thirty days":              {"aws:rds/instance:Instance", object{"performanceInsightsEnabled": true, "performanceInsightsRetentionPeriod": 30.0}, "performanceInsightsRetentionPeriod", "must be 7, 731"},
	"backups in the hour of maintenance":    {"aws:rds/instance:Instance", object{"backupWindow": "19:00-20:00", "maintenanceWindow": "sun:19:30-sun:20:30"}, "backupWindow", "overlaps"},
	"backups that cross midnight into it":   {"aws:rds/instance:Instance", object{"backupWindow": "23:30-00:30", "maintenanceWindow": "sun:00:00-sun:01:00"}, "backupWindow", "overlaps"},
	"a parameter of another server":         {"aws:rds/parameterGroup:ParameterGroup", object{"family": "mysql8.4", "parameters": list{object{"name": "max_conections", "value": "1"}}}, "parameters[0].name", "did you mean max_connections?"},
	"a static parameter at once":            {"aws:rds/parameterGroup:ParameterGroup", object{"family": "mysql8.4", "parameters": list{object{"name": "performance_schema", "value": "1", "applyMethod": "immediate"}}}, "parameters[0].applyMethod", "pending-reboot"},
	"a family that RDS has not":             {"aws:rds/parameterGroup:ParameterGroup", object{"family": "mysql8.5"}, "family", "must be one of"},
	"a cache of many zones that stays down": {"aws:elasticache/replicationGroup:ReplicationGroup", object{"multiAzEnabled": true, "automaticFailoverEnabled": false}, "automaticFailoverEnabled", "is not true"},
	"a token in the clear":                  {"aws:elasticache/replicationGroup:ReplicationGroup", object{"authToken": "a-token-of-some-length"}, "transitEncryptionEnabled", "is not true"},
	"a cache parameter of another engine":   {"aws:elasticache/parameterGroup:ParameterGroup", object{"family": "redis7", "parameters": list{object{"name": "maxmemory-polcy", "value": "allkeys-lru"}}}, "parameters[0].name", "did you mean maxmemory-policy?"},
	"a balancer in one zone":                {"aws:lb/loadBalancer:LoadBalancer", object{"subnets": list{"subnet-1"}}, "subnets", "fewer than two"},
	"a check longer than its interval":      {"aws:lb/targetGroup:TargetGroup", object{"healthCheck": object{"interval": 5.0, "timeout": 5.0}}, "healthCheck.timeout", "below interval"},
	"HTTPS without a certificate":           {"aws:lb/listener:Listener", object{"protocol": "HTTPS"}, "certificateArn", "is not given"},
	"a forward to nowhere":                  {"aws:lb/listener:Listener", object{"defaultActions": list{object{"type": "forward"}}}, "defaultActions[0].targetGroupArn", "is not given"},
	"a name for an address":                 {"aws:route53/record:Record", object{"type": "A", "ttl": 60.0, "records": list{"example.com"}}, "records[0]", "IPv4 address"},
	"a share without its name":              {"aws:route53/record:Record", object{"failoverRoutingPolicies": list{object{"type": "PRIMARY"}}}, "setIdentifier", "every share has one"},
	"a check every 20 seconds":              {"aws:route53/healthCheck:HealthCheck", object{"type": "HTTPS", "requestInterval": 20.0}, "requestInterval", "must be 10 or 30"},
	"two rules of one place":                {"aws:wafv2/webAcl:WebAcl", object{"rules": list{object{"name": "a", "priority": 1.0}, object{"name": "b", "priority": 1.0}}}, "rules[1].priority", "there twice"},
	"a log group of another name for WAF":   {"aws:wafv2/webAclLoggingConfiguration:WebAclLoggingConfiguration", object{"logDestinationConfigs": list{"arn:aws:logs:ap-northeast-2:000000000000:log-group:waf"}}, "logDestinationConfigs", "must begin with aws-waf-logs-"},
	"an alarm on two things":                {"aws:cloudwatch/metricAlarm:MetricAlarm", object{"metricName": "x", "metricQueries": list{}}, "metricName", "exactly one"},
	"a period of 45 seconds":                {"aws:cloudwatch/metricAlarm:MetricAlarm", object{"period": 45.0}, "period", "must be 10, 20, 30"},
	"more points than periods":              {"aws:cloudwatch/metricAlarm:MetricAlarm", object{"evaluationPeriods": 2.0, "datapointsToAlarm": 3.0}, "datapointsToAlarm", "from 1 to"},
	"a composite of no state":               {"aws:cloudwatch/compositeAlarm:CompositeAlarm", object{"alarmRule": `FAILED("a")`}, "alarmRule", "no state of an alarm"},
	"a composite that is not closed":        {"aws:cloudwatch/compositeAlarm:CompositeAlarm", object{"alarmRule": `(ALARM("a") OR OK("b")`}, "alarmRule", "not closed"},
	"logs for 45 days":                      {"aws:cloudwatch/logGroup:LogGroup", object{"retentionInDays": 45.0}, "retentionInDays", "must be one of"},
	"a queue that is called FIFO":           {"aws:sqs/queue:Queue", object{"name": "fan-out.fifo"}, "name", "a FIFO queue's"},
	"a subscription without an address":     {"aws:sns/topicSubscription:TopicSubscription", object{"protocol": "email", "endpoint": "on-call"}, "endpoint", "protocol email"},
	"a path without its slashes":            {"aws:iam/role:Role", object{"path": "newsfeed"}, "path", "must begin and end with /"},
	"a key that goes at once":               {"aws:kms/key:Key", object{"deletionWindowInDays": 1.0}, "deletionWindowInDays", "7"},
	"an alias of AWS's own":                 {"aws:kms/alias:Alias", object{"name": "alias/aws/s3"}, "name", "not alias/aws"},
	"a lifecycle that does nothing":         {"aws:s3/bucketLifecycleConfigurationV2:BucketLifecycleConfigurationV2", object{"rules": list{object{"id": "a", "status": "Enabled"}}}, "rules[0]", "does nothing"},
}

func TestEveryMistakeIsRefusedWithItsPath(t *testing.T) {
	t.Parallel()
	for sentence, m := range mistakes {
		t.Run(sentence, func(t *testing.T) {
			t.Parallel()
			refused := Check(m.typ, "ap-northeast-2", resource.NewPropertyMapFromMap(m.inputs), false)
			for _, f := range refused {
				if f.Path == m.path && strings.Contains(f.Reason, m.want) && strings.HasSuffix(f.Reason, ")") {
					return
				}
			}
			t.Errorf("not refused at %s with %q: %v", m.path, m.want, refused)
		})
	}
}

// What is not known yet may be right, and a secret is never shown.
func TestWhatIsNotKnownPassesAndSecretsStaySecret(t *testing.T) {
	t.Parallel()
	unknown := resource.PropertyMap{"cidrBlock": resource.MakeComputed(resource.NewProperty("")), "availabilityZone": resource.MakeComputed(resource.NewProperty(""))}
	if refused := Check("aws:ec2/subnet:Subnet", "ap-northeast-2", unknown, false); len(refused) > 0 {
		t.Errorf("refused: %v", refused)
	}
	hidden := resource.PropertyMap{"policy": resource.MakeSecret(resource.NewProperty("hush"))}
	refused := Check("aws:iam/rolePolicy:RolePolicy", "", hidden, false)
	if len(refused) == 0 || strings.Contains(refused[0].Reason, "hush") {
		t.Errorf("refused: %v", refused)
	}
}

// A replica that was promoted has its user and its name from what was its source.
func TestWhatWasMadeIsNotAskedForWhatMadeIt(t *testing.T) {
	t.Parallel()
	promoted := resource.NewPropertyMapFromMap(object{"instanceClass": "db.m7g.large", "engine": "mysql", "allocatedStorage": 100.0,
		"password": "correct-horse"})
	for made, want := range map[bool]int{true: 0, false: 1} {
		refused := Check("aws:rds/instance:Instance", "ap-northeast-2", promoted, made)
		if len(refused) != want || want > 0 && refused[0].Path != "username" {
			t.Errorf("made %v: refused %v", made, refused)
		}
	}
}
