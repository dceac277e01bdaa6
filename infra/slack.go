package infra

import (
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/sns"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/sqs"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// tellSlack makes the function that writes to Slack what either topic receives.
// The topic of the other region invokes it across regions. What it cannot
// deliver in three tries waits in a dead-letter queue that has an alarm of its own.
func (a *Alerting) tellSlack(s *scope, args AlertingArgs) {
	a.SlackDead = add(s, "slack-dead", sqs.NewQueue, deadLetters(s, "slack-dead", args.Secrets))
	onlyTLS(s, "slack-dead", a.SlackDead)
	a.Slack = s.function("slack", functionArgs{
		program: slackProgram, directory: args.Functions,
		description: "Tells on-call in Slack what the topics of alarms receive",
		seconds:     30,
		environment: pulumi.StringMap{
			"NEWSFEED_STACK":        pulumi.String(s.ctx.Stack()),
			"NEWSFEED_REGION":       pulumi.String(args.Region),
			"NEWSFEED_RUNBOOK":      pulumi.String(args.Runbook),
			"NEWSFEED_SLACK_SECRET": args.Secrets.Slack.Arn,
		},
		may:  []Statement{{Sid: "Webhook", Actions: []string{"secretsmanager:GetSecretValue"}, Resources: one(args.Secrets.Slack.Arn)}},
		dead: a.SlackDead, secrets: args.Secrets,
	})
	for _, from := range []struct {
		role  string
		topic *sns.TopicPolicy
		opts  []pulumi.ResourceOption
	}{{"slack-topic", a.Topic, nil}, {"slack-world-topic", a.World, []pulumi.ResourceOption{pulumi.Provider(a.Provider)}}} {
		allowed := s.invokes(from.role+"-may", "sns.amazonaws.com", from.topic.Arn, a.Slack)
		add(s, from.role, sns.NewTopicSubscription, &sns.TopicSubscriptionArgs{
			Topic: from.topic.Arn, Protocol: pulumi.String("lambda"), Endpoint: a.Slack.Arn,
		}, append(from.opts, pulumi.DependsOn([]pulumi.Resource{allowed}))...)
	}
}
