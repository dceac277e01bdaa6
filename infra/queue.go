package infra

import (
	"encoding/json"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/sqs"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// The fan-out of one story takes a worker about a second at p99; longer jobs
// extend their visibility by heartbeat. A message that fails five times waits in
// the DLQ for somebody to look, longer than any in the queue itself.
const (
	visibilitySeconds = 60
	longPollSeconds   = 20
	retentionSeconds  = 4 * 24 * 3600
	deadSeconds       = 14 * 24 * 3600
	attempts          = 5
)

// Queue is the fan-out queue and its dead-letter queue.
type Queue struct {
	pulumi.ResourceState

	FanOut *sqs.Queue
	Dead   *sqs.Queue
}

// NewQueue makes both queues, encrypted with the region's key.
func NewQueue(ctx *pulumi.Context, name string, secrets *Secrets, opts ...pulumi.ResourceOption) (*Queue, error) {
	q := &Queue{}
	return q, component(ctx, "Queue", name, q, opts, func(s *scope) {
		q.Dead = add(s, "dead", sqs.NewQueue, deadLetters(s, "dead", secrets))
		q.FanOut = add(s, "fanout", sqs.NewQueue, &sqs.QueueArgs{
			VisibilityTimeoutSeconds:     pulumi.Int(visibilitySeconds),
			ReceiveWaitTimeSeconds:       pulumi.Int(longPollSeconds),
			MessageRetentionSeconds:      pulumi.Int(retentionSeconds),
			KmsMasterKeyId:               secrets.Key.Arn,
			KmsDataKeyReusePeriodSeconds: pulumi.Int(300),
			RedrivePolicy: object(pulumi.Map{
				"deadLetterTargetArn": q.Dead.Arn, "maxReceiveCount": pulumi.Int(attempts)}),
			Tags: named(s, "fanout"),
		})
		add(s, "dead-from", sqs.NewRedriveAllowPolicy, &sqs.RedriveAllowPolicyArgs{
			QueueUrl: q.Dead.Url,
			RedriveAllowPolicy: object(pulumi.Map{
				"redrivePermission": pulumi.String("byQueue"), "sourceQueueArns": pulumi.Array{q.FanOut.Arn}}),
		})
		onlyTLS(s, "dead", q.Dead)
		onlyTLS(s, "fanout", q.FanOut)
	})
}

// deadLetters is a queue for what failed for good, until somebody looks.
func deadLetters(s *scope, role string, secrets *Secrets) *sqs.QueueArgs {
	return &sqs.QueueArgs{
		MessageRetentionSeconds:      pulumi.Int(deadSeconds),
		KmsMasterKeyId:               secrets.Key.Arn,
		KmsDataKeyReusePeriodSeconds: pulumi.Int(300),
		Tags:                         named(s, role),
	}
}

// onlyTLS refuses what comes in the clear.
func onlyTLS(s *scope, role string, queue *sqs.Queue) {
	add(s, role+"-policy", sqs.NewQueuePolicy, &sqs.QueuePolicyArgs{
		QueueUrl: queue.Url,
		Policy: policy(Statement{Sid: "OnlyTLS", Deny: true, Principal: map[string]string{"AWS": "*"},
			Actions: []string{"sqs:*"}, Resources: one(queue.Arn), Condition: overPlainText}),
	})
}

// overPlainText holds for a request that is not under TLS.
var overPlainText = Condition{"Bool": {"aws:SecureTransport": {"false"}}}

// object is a JSON object whose values may be known only later.
func object(fields pulumi.Map) pulumi.StringOutput {
	return fields.ToMapOutput().ApplyT(func(known map[string]any) (string, error) {
		raw, err := json.Marshal(known)
		return string(raw), err
	}).(pulumi.StringOutput)
}
