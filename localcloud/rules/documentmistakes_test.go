package rules

import (
	"fmt"
	"strings"
)

// documentMistakes are of texts that are JSON.
var documentMistakes = map[string]mistake{
	"a policy that is no JSON": {"aws:iam/rolePolicy:RolePolicy", object{"policy": `{"Version": }`},
		"policy", "it is no JSON"},
	"an element that policies do not have": {"aws:iam/rolePolicy:RolePolicy", object{"policy": `{"Statements": []}`},
		"policy", `there is no element "Statements"`},
	"an effect in small letters": {"aws:iam/rolePolicy:RolePolicy",
		object{"policy": `{"Statement":[{"Effect":"allow","Action":"s3:GetObject","Resource":"*"}]}`}, "policy", "Effect is allow"},
	"an action without its service": {"aws:iam/rolePolicy:RolePolicy",
		object{"policy": `{"Statement":[{"Effect":"Allow","Action":"GetObject","Resource":"*"}]}`}, "policy", `Action "GetObject"`},
	"a principal in an identity policy": {"aws:iam/rolePolicy:RolePolicy",
		object{"policy": `{"Statement":[{"Effect":"Allow","Principal":"*","Action":"s3:GetObject","Resource":"*"}]}`},
		"policy", "must have no Principal"},
	"no principal in a resource policy": {"aws:sqs/queuePolicy:QueuePolicy",
		object{"policy": `{"Statement":[{"Effect":"Allow","Action":"sqs:*","Resource":"*"}]}`}, "policy", "must have a Principal"},
	"a resource in a trust policy": {"aws:iam/role:Role", object{"assumeRolePolicy": `{"Statement":[{"Effect":"Allow",` +
		`"Principal":{"Service":"ec2.amazonaws.com"},"Action":"sts:AssumeRole","Resource":"*"}]}`}, "assumeRolePolicy",
		"must have no Resource"},
	"an operator that conditions do not have": {"aws:sns/topicPolicy:TopicPolicy",
		object{"policy": `{"Statement":[{"Effect":"Allow","Principal":"*",` +
			`"Action":"sns:Publish","Resource":"*","Condition":{"StringEqual":{"aws:SourceAccount":"1"}}}]}`}, "policy",
		`no operator "StringEqual"`},
	"a pattern whose field is no list": {"aws:cloudwatch/eventRule:EventRule",
		object{"eventPattern": `{"source":"aws.rds"}`}, "eventPattern", "must be a list"},
	"a widget of no type": {"aws:cloudwatch/dashboard:Dashboard",
		object{"dashboardBody": `{"widgets":[{"type":"graph","properties":{}}]}`}, "dashboardBody", `of type "graph"`},
	"a dead letter that is received never": {"aws:sqs/queue:Queue",
		object{"redrivePolicy": `{"deadLetterTargetArn":"arn:aws:sqs:ap-northeast-2:000000000000:dead","maxReceiveCount":0}`},
		"redrivePolicy", "from 1 to 1000"},
	"a principal that is no account": {"aws:kms/key:Key",
		object{"policy": `{"Statement":[{"Effect":"Allow","Principal":{"AWS":"root"},"Action":"kms:*","Resource":"*"}]}`},
		"policy", "no account"},
	"a key's policy that is too long": {"aws:kms/key:Key", object{"policy": longPolicy(32768)}, "policy", "may have 32768"},
	"a bucket's policy that is too long": {"aws:s3/bucketPolicy:BucketPolicy", object{"policy": longPolicy(20480)},
		"policy", "may have 20480"},
	"a topic's policy that is too long": {"aws:sns/topicPolicy:TopicPolicy", object{"policy": longPolicy(30720)},
		"policy", "may have 30720"},
	"a queue's policy that is too long": {"aws:sqs/queuePolicy:QueuePolicy", object{"policy": longPolicy(8192)},
		"policy", "may have 8192"},
	"a secret's policy that is too long": {"aws:secretsmanager/secretPolicy:SecretPolicy",
		object{"policy": longPolicy(20480)}, "policy", "may have 20480"},
	"an endpoint's policy that is too long": {"aws:ec2/vpcEndpoint:VpcEndpoint", object{"policy": longPolicy(20480)},
		"policy", "may have 20480"},
	"a policy of logs that is too long": {"aws:cloudwatch/logResourcePolicy:LogResourcePolicy",
		object{"policyDocument": longPolicy(5120)}, "policyDocument", "may have 5120"},
	"a bus's policy that is too long": {"aws:cloudwatch/eventBusPolicy:EventBusPolicy",
		object{"policy": longPolicy(10240)}, "policy", "may have 10240"},
	"a queue's policy of many statements": {"aws:sqs/queuePolicy:QueuePolicy", object{"policy": `{"Statement":[` +
		strings.Repeat(`{},`, 20) + `{}]}`}, "policy", "it has 21 statements"},
	"a queue's statement of many actions": {"aws:sqs/queuePolicy:QueuePolicy", object{"policy": `{"Statement":[{"Effect":"Allow",` +
		`"Principal":"*","Resource":"*","Action":["sqs:A","sqs:B","sqs:C","sqs:D","sqs:E","sqs:F","sqs:G","sqs:H"]}]}`},
		"policy", "it has 8 actions"},
	"a pattern by no operator": {"aws:cloudwatch/eventRule:EventRule",
		object{"eventPattern": `{"detail":{"x":[{"prefx":"a"}]}}`}, "eventPattern", `detail.x has "prefx"`},
	"a pattern by half a range": {"aws:cloudwatch/eventRule:EventRule",
		object{"eventPattern": `{"detail":{"x":[{"numeric":[">"]}]}}`}, "eventPattern", `"numeric"`},
	"a pattern of two operators at once": {"aws:cloudwatch/eventRule:EventRule",
		object{"eventPattern": `{"source":[{"prefix":"a","suffix":"b"}]}`}, "eventPattern", "must have one"},
	"a filter that is no JSON": {"aws:sns/topicSubscription:TopicSubscription", object{"filterPolicy": "{a}"},
		"filterPolicy", "no JSON"},
	"a filter by no operator": {"aws:sns/topicSubscription:TopicSubscription",
		object{"filterPolicy": `{"x":[{"not":"a"}]}`}, "filterPolicy", `x has "not"`},
	"deliveries that are no JSON": {"aws:sns/topic:Topic", object{"deliveryPolicy": "{"}, "deliveryPolicy", "no JSON"},
	"an input that is no JSON":    {"aws:cloudwatch/eventTarget:EventTarget", object{"input": "{x"}, "input", "no JSON"},
	"a widget past the last column": {"aws:cloudwatch/dashboard:Dashboard",
		object{"dashboardBody": `{"widgets":[{"type":"text","x":12,` +
			`"width":20,"properties":{"markdown":"x"}}]}`}, "dashboardBody", "ends at column 32"},
	"metrics of no region": {"aws:cloudwatch/dashboard:Dashboard",
		object{"dashboardBody": `{"widgets":[{"type":"metric","properties":{"metrics":[["a","b"]]}}]}`},
		"dashboardBody", "must have a region"},
	"a region of no metrics": {"aws:cloudwatch/dashboard:Dashboard",
		object{"dashboardBody": `{"widgets":[{"type":"metric","properties":{"region":"us-east-1"}}]}`}, "dashboardBody",
		"metrics or annotations"},
	"a metric whose dimensions are an object": {"aws:cloudwatch/dashboard:Dashboard",
		object{"dashboardBody": `{"widgets":[{"type":"metric",` +
			`"properties":{"region":"us-east-1","metrics":[["a","b",{"Region":"x"},"c"]]}}]}`}, "dashboardBody", "must be a list of texts"},
	"a text of no words": {"aws:cloudwatch/dashboard:Dashboard",
		object{"dashboardBody": `{"widgets":[{"type":"text","properties":{}}]}`}, "dashboardBody", "no markdown"},
	"a widget of no alarms": {"aws:cloudwatch/dashboard:Dashboard",
		object{"dashboardBody": `{"widgets":[{"type":"alarm","properties":{}}]}`}, "dashboardBody", "has 0 alarms"},
}

// longPolicy is longer than most.
func longPolicy(most int) string {
	return fmt.Sprintf(`{"Statement":[{"Effect":"Allow","Principal":"*","Action":"s3:GetObject","Resource":"arn:aws:s3:::%s"}]}`,
		strings.Repeat("a", most))
}
