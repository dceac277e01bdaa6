package infra

import (
	"encoding/json"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/cloudwatch"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/kms"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/lambda"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/sns"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/sqs"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// world is the region that has Route 53's metrics, and hence their alarms.
const world = "us-east-1"

// AlertingArgs is what an Alerting needs.
type AlertingArgs struct {
	Account   string
	Region    string
	World     *aws.Provider // of the region that has Route 53's metrics
	Functions string        // directory of the programs
	Runbook   string        // where the page is
	Secrets   *Secrets
}

// Alerting is the way from an alarm or an event to on-call.
type Alerting struct {
	pulumi.ResourceState

	Topic     *sns.TopicPolicy // whose ARN is the topic's: what names it by that waits until AWS may publish
	World     *sns.TopicPolicy // for alarms in the region of Route 53's metrics
	Provider  *aws.Provider
	Slack     *lambda.Function // nil without a webhook
	SlackDead *sqs.Queue       // what Slack did not take
}

// NewAlerting makes both topics, each encrypted with a key of its region, the
// rules that send them what AWS itself reports, and what tells Slack.
func NewAlerting(ctx *pulumi.Context, name string, args AlertingArgs, opts ...pulumi.ResourceOption) (*Alerting, error) {
	a := &Alerting{}
	return a, component(ctx, "Alerting", name, a, opts, func(s *scope) {
		a.Topic = topic(s, "topic", args.Account, args.Secrets.Key)
		a.events(s)

		a.Provider = args.World
		there := pulumi.Provider(a.Provider)
		key := add(s, "world-key", kms.NewKey, &kms.KeyArgs{
			Description:          pulumi.String("Alarms on the health that Route 53 measures"),
			EnableKeyRotation:    pulumi.Bool(true),
			DeletionWindowInDays: pulumi.Int(7),
			Policy:               keyPolicy(args.Account, world),
			Tags:                 named(s, "alerts"),
		}, there)
		a.World = topic(s, "world-topic", args.Account, key, there)
		if args.Secrets.Slack != nil {
			a.tellSlack(s, args)
		}
	})
}

// topic makes a topic that AWS's own services may publish to, from this account.
func topic(s *scope, role, account string, key *kms.Key, opts ...pulumi.ResourceOption) *sns.TopicPolicy {
	t := add(s, role, sns.NewTopic, &sns.TopicArgs{KmsMasterKeyId: key.Arn, Tags: named(s, "alerts")}, opts...)
	ours := Condition{"StringEquals": {"aws:SourceAccount": {account}}}
	var may []Statement
	for _, from := range []struct {
		sid, service string
		condition    Condition
	}{
		{"Alarms", "cloudwatch.amazonaws.com", ours},
		{"Events", "events.amazonaws.com", nil}, // EventBridge publishes nothing under a condition
		{"DatabaseEvents", "events.rds.amazonaws.com", ours},
	} {
		may = append(may, Statement{Sid: from.sid, Principal: service(from.service), Actions: []string{"sns:Publish"},
			Resources: one(t.Arn), Condition: from.condition})
	}
	return add(s, role+"-policy", sns.NewTopicPolicy, &sns.TopicPolicyArgs{Arn: t.Arn, Policy: policy(may...)}, opts...)
}

// reported are the events of AWS that on-call hears of. Those of the database
// come by its own subscription.
var reported = []struct {
	role, why, source string
	kinds             []string
}{
	{"scaling", "Instances could not be started, ended or refreshed", "aws.autoscaling", []string{
		"EC2 Instance Launch Unsuccessful", "EC2 Instance Terminate Unsuccessful",
		"EC2 Auto Scaling Instance Refresh Failed", "EC2 Auto Scaling Instance Refresh Cancelled",
		"EC2 Auto Scaling Instance Refresh Rollback Started", "EC2 Auto Scaling Instance Refresh Rollback Succeeded",
		"EC2 Auto Scaling Instance Refresh Rollback Failed"}},
	{"health", "AWS has trouble in this region, or plans to", "aws.health", []string{"AWS Health Event"}},
}

// events sends to the topic what AWS reports.
func (a *Alerting) events(s *scope) {
	for _, r := range reported {
		pattern := must(json.Marshal(map[string][]string{"source": {r.source}, "detail-type": r.kinds}))
		rule := add(s, r.role, cloudwatch.NewEventRule, &cloudwatch.EventRuleArgs{
			Description: pulumi.String(r.why), EventPattern: pulumi.String(pattern), Tags: named(s, r.role)})
		add(s, r.role+"-to-topic", cloudwatch.NewEventTarget, &cloudwatch.EventTargetArgs{Rule: rule.Name, Arn: a.Topic.Arn})
	}
}

// logGroup is a log group that the key encrypts and that forgets after a month.
func logGroup(s *scope, role string, secrets *Secrets) *cloudwatch.LogGroupArgs {
	return &cloudwatch.LogGroupArgs{
		KmsKeyId:        secrets.Key.Arn,
		RetentionInDays: pulumi.Int(30),
		Tags:            named(s, role),
	}
}
