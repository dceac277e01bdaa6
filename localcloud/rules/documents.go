package rules

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
)

// documents are the formats that are JSON.
var documents = []format{
	{"an identity policy", "IAM user guide, JSON policy element reference and quotas", in("iam/rolePolicy.policy",
		"iam/role.inlinePolicies[].policy", "iam/userPolicy.policy", "iam/groupPolicy.policy"), policyKind{most: 10240}.broken},
	{"a managed policy", "IAM user guide, quotas: 6,144 characters without white space", in("iam/policy.policy"),
		policyKind{most: 6144}.broken},
	{"a trust policy", "IAM user guide, JSON policy element reference; quota of 2,048 characters, 4,096 on request",
		in("iam/role.assumeRolePolicy"), policyKind{principal: true, trust: true, most: 4096}.broken},
	{"a key's policy", "KMS API, PutKeyPolicy: 32 KB", in("kms/key.policy", "kms/keyPolicy.policy"), resourcePolicy(32768)},
	{"a bucket's policy", "S3 user guide, Bucket policies: 20 KB", in("s3/bucketPolicy.policy", "s3/bucket.policy"),
		resourcePolicy(20480)},
	{"a topic's policy", "SNS API, SetTopicAttributes: Policy; SNS quotas: 30 KB",
		in("sns/topicPolicy.policy", "sns/topic.policy"), resourcePolicy(30720)},
	{"a queue's policy", "SQS developer guide, policy quotas: 8,192 bytes, 20 statements, 7 actions each",
		in("sqs/queuePolicy.policy", "sqs/queue.policy"),
		policyKind{principal: true, most: 8192, statements: 20, actions: 7}.broken},
	{"a secret's policy", "Secrets Manager API, PutResourcePolicy: 20,480 characters",
		in("secretsmanager/secretPolicy.policy", "secretsmanager/secret.policy"), resourcePolicy(20480)},
	{"an endpoint's policy", "VPC user guide, endpoint policies: 20,480 characters", in("ec2/vpcEndpoint.policy"),
		resourcePolicy(20480)},
	{"a policy of log groups", "CloudWatch Logs API, PutResourcePolicy: 5,120 characters",
		in("cloudwatch/logResourcePolicy.policyDocument"), resourcePolicy(5120)},
	{"an event bus's policy", "EventBridge quotas: 10,240 characters", in("cloudwatch/eventBusPolicy.policy"),
		resourcePolicy(10240)},
	{"an event pattern", "EventBridge user guide, event patterns", in("cloudwatch/eventRule.eventPattern"), brokenPattern},
	{"a filter policy", "SNS developer guide, Subscription filter policies", in("sns/topicSubscription.filterPolicy"),
		brokenFilter},
	{"a delivery policy", "SNS developer guide, Message delivery retries",
		in("sns/topic.deliveryPolicy", "sns/topicSubscription.deliveryPolicy"), brokenObject},
	{"an input", "EventBridge API, Target: Input is JSON",
		in("cloudwatch/eventTarget.input", "scheduler/schedule.target.input"), brokenJSON},
	{"a dashboard", "CloudWatch API, dashboard body structure and syntax", in("cloudwatch/dashboard.dashboardBody"),
		brokenDashboard},
	{"a redrive policy", "SQS API, CreateQueue: RedrivePolicy",
		in("sqs/queue.redrivePolicy", "sqs/redrivePolicy.redrivePolicy"), brokenRedrive},
	{"a redrive-allow policy", "SQS API, CreateQueue: RedriveAllowPolicy",
		in("sqs/queue.redriveAllowPolicy", "sqs/redriveAllowPolicy.redriveAllowPolicy"), brokenRedriveAllow},
}

// decode reads one JSON document, and nothing after it.
func decode(text string, into any) error {
	decoder := json.NewDecoder(strings.NewReader(text))
	decoder.UseNumber()
	if err := decoder.Decode(into); err != nil {
		return fmt.Errorf("it is no JSON: %w", err)
	}
	if _, err := decoder.Token(); err != io.EOF {
		return fmt.Errorf("it goes on after its end")
	}
	return nil
}

func brokenJSON(text, _ string) error {
	var document any
	return decode(text, &document)
}

func brokenObject(text, _ string) error {
	var document map[string]any
	return decode(text, &document)
}

// textsOf is a text, or a list of texts, as a list.
func textsOf(value any) ([]string, error) {
	switch v := value.(type) {
	case string:
		return []string{v}, nil
	case []any:
		texts := make([]string, 0, len(v))
		for _, element := range v {
			text, ok := element.(string)
			if !ok {
				return nil, fmt.Errorf("%v is no text", element)
			}
			texts = append(texts, text)
		}
		return texts, nil
	}
	return nil, fmt.Errorf("%v is neither a text nor a list", value)
}

// known refuses a key that is not among names.
func known(object map[string]any, names []string) error {
	for _, key := range slices.Sorted(maps.Keys(object)) {
		if !slices.Contains(names, key) {
			return fmt.Errorf("there is no element %q: there are %s", key, strings.Join(names, ", "))
		}
	}
	return nil
}
