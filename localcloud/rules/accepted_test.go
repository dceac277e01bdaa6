package rules

import (
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
)

const (
	alarmType     = "aws:cloudwatch/metricAlarm:MetricAlarm"
	compositeType = "aws:cloudwatch/compositeAlarm:CompositeAlarm"
	templateType  = "aws:ec2/launchTemplate:LaunchTemplate"
	ruleType      = "aws:cloudwatch/eventRule:EventRule"
	dashboardType = "aws:cloudwatch/dashboard:Dashboard"
)

// accepted is what looks odd, and AWS takes.
var accepted = map[string]struct {
	typ    string
	inputs object
}{
	"at least two of three alarms": {compositeType, object{"alarmRule": `AT_LEAST(2, ALARM, (a, b, c))`}},
	"a share of alarms that are not OK": {compositeType,
		object{"alarmRule": `TRUE AND NOT AT_LEAST(60%, NOT OK, ("a b", c)) OR ALARM(d)`}},
	"an alarm on a band and what it is around": {alarmType, object{"comparisonOperator": "GreaterThanUpperThreshold",
		"evaluationPeriods": 1.0, "thresholdMetricId": "ad1", "metricQueries": list{
			object{"id": "ad1", "expression": "ANOMALY_DETECTION_BAND(m1, 2)", "returnData": true},
			object{"id": "m1", "returnData": true, "metric": object{"metricName": "x", "namespace": "n", "period": 60.0,
				"stat": "p99"}}}}},
	"an expression over texts, numbers and functions": {alarmType, object{"comparisonOperator": "GreaterThanThreshold",
		"evaluationPeriods": 1.0, "threshold": 1e6, "metricQueries": list{
			object{"id": "e1", "expression": "IF(FILL(m1, REPEAT) > 1e3, m1, 0) + SUM(METRICS('errors'))", "returnData": true},
			object{"id": "m1", "metric": object{"metricName": "x", "namespace": "n", "period": 60.0, "stat": "TM(10%:90%)"}}}}},
	"an alarm on a query by SQL": {alarmType, object{"comparisonOperator": "GreaterThanThreshold", "evaluationPeriods": 1.0,
		"threshold": 1.0, "metricQueries": list{object{"id": "q1", "period": 60.0, "returnData": true,
			"expression": `SELECT MAX(CPUUtilization) FROM SCHEMA("AWS/EC2", InstanceId) GROUP BY InstanceId`}}}},
	"a namespace with a colon within": {alarmType, object{"comparisonOperator": "GreaterThanThreshold", "evaluationPeriods": 1.0,
		"threshold": 1.0, "metricName": "x", "namespace": "feed:api", "period": 60.0, "statistic": "Sum"}},
	"an instance called after its memory":    {templateType, object{"instanceType": "u-6tb1.metal"}},
	"a newer one called after its memory":    {templateType, object{"instanceType": "u7in-16tb.224xlarge"}},
	"an instance called after its processor": {templateType, object{"instanceType": "mac2-m2pro.metal"}},
	"formulas for a database": {"aws:rds/parameterGroup:ParameterGroup", object{"family": "mysql8.4", "parameters": list{
		object{"name": "max_connections", "value": "GREATEST({DBInstanceClassMemory/9531392},5)", "applyMethod": "immediate"},
		object{"name": "read_only", "value": "{TrueIfReplica}", "applyMethod": "immediate"},
		object{"name": "binlog_format", "value": "row", "applyMethod": "immediate"}}}},
	"events of keys that expire": {"aws:elasticache/parameterGroup:ParameterGroup", object{"family": "redis7", "parameters": list{
		object{"name": "notify-keyspace-events", "value": "Ex"}, object{"name": "list-max-listpack-size", "value": "-2"}}}},
	"a pattern of every operator": {ruleType, object{"eventPattern": `{"$or":[{"source":["a",null,{"prefix":{"equals-ignore-case":"b"}}]},
		{"detail":{"x":[{"anything-but":["a",1]},{"anything-but":{"suffix":["a","b"]}},{"numeric":[">",0,"<=",5]},{"exists":false},
		{"cidr":"10.0.0.0/8"},{"wildcard":"a*"},{"equals-ignore-case":"a"},{"suffix":".png"}]}}]}`}},
	"no filter": {"aws:sns/topicSubscription:TopicSubscription", object{"topic": "arn:aws:sns:us-east-1:123456789012:t",
		"protocol": "sqs", "endpoint": "arn:aws:sqs:us-east-1:123456789012:q", "filterPolicy": "{}"}},
	"an input that is a text in JSON": {"aws:cloudwatch/eventTarget:EventTarget",
		object{"arn": "arn:aws:lambda:us-east-1:123456789012:function:f", "input": `"now"`}},
	"an alarm's annotation, a chart, and no widget's place": {dashboardType, object{"dashboardBody": `{"widgets":[
		{"type":"metric","properties":{"region":"us-east-1","annotations":{"alarms":["arn:aws:cloudwatch:us-east-1:123456789012:alarm:a"]}}},
		{"type":"metric","x":18,"properties":{"region":"us-east-1","metrics":[["a","b",{"stat":"p99"}],[{"expression":"m1"}]]}},
		{"type":"chart","properties":{}}]}`}},
	"a local zone": {"aws:ec2/subnet:Subnet", object{"vpcId": "vpc-1", "availabilityZone": "ap-northeast-2-sel-1a"}},
	"principals of every kind": {"aws:kms/key:Key", object{"policy": `{"Statement":[{"Effect":"Allow","Principal":{"AWS":["*",
		"123456789012","arn:aws:iam::123456789012:root","AROAEXAMPLEEXAMPLE12"]},"Action":"kms:*","Resource":"*"}]}`}},
	"a TLS policy of the latest generation": {"aws:lb/listener:Listener",
		object{"protocol": "HTTPS", "sslPolicy": "ELBSecurityPolicy-TLS13-1-2-Ext0-FIPS-PQ-2025-09",
			"certificateArn": "arn:aws:acm:us-east-1:123456789012:certificate/x"}},
	"a protocol's version in small letters": {"aws:lb/targetGroup:TargetGroup",
		object{"port": 80.0, "protocol": "HTTP", "vpcId": "vpc-1", "protocolVersion": "http2"}},
	"a refresh by what starts one anyway": {"aws:autoscaling/group:Group", object{"launchTemplate": object{"id": "lt-1"},
		"vpcZoneIdentifiers": list{"subnet-1"}, "instanceRefresh": object{"strategy": "Rolling",
			"triggers": list{"launch_template", "tag"}}}},
	"a database that keeps a snapshot under a name yet to come": {"aws:rds/instance:Instance", object{"engine": "mysql",
		"username": "feed", "password": "correct-horse", "allocatedStorage": 100.0, "skipFinalSnapshot": false}},
}

func TestWhatAWSTakesPasses(t *testing.T) {
	t.Parallel()
	for sentence, a := range accepted {
		t.Run(sentence, func(t *testing.T) {
			t.Parallel()
			if refused := Check(a.typ, "", resource.NewPropertyMapFromMap(a.inputs), false); len(refused) > 0 {
				t.Errorf("refused: %v", refused)
			}
		})
	}
}
