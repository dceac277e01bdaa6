package sqs

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"newsfeed/app/awserror"
	"newsfeed/app/feed"
)

// Queue is one SQS queue. Its methods are safe for concurrent use.
type Queue struct {
	client *sqs.Client
	url    string
}

// Open prepares the client of the queue at url; it doesn't connect yet.
func Open(config aws.Config, url string) *Queue {
	return &Queue{client: sqs.NewFromConfig(config), url: url}
}

const (
	batch    = 10 // the most that one call takes
	longPoll = 20 // seconds; the longest that SQS waits
)

// Send delivers each message at least once, not before delay has passed.
func (q *Queue) Send(ctx context.Context, delay time.Duration, messages ...[]byte) error {
	for part := range slices.Chunk(messages, batch) {
		entries := make([]types.SendMessageBatchRequestEntry, len(part))
		for i, m := range part {
			entries[i] = types.SendMessageBatchRequestEntry{
				Id: aws.String(strconv.Itoa(i)), MessageBody: aws.String(string(m)), DelaySeconds: int32(delay / time.Second),
			}
		}
		out, err := q.client.SendMessageBatch(ctx, &sqs.SendMessageBatchInput{QueueUrl: &q.url, Entries: entries})
		if err != nil {
			return fmt.Errorf("send to the queue: %w", err)
		}
		if len(out.Failed) > 0 {
			return fmt.Errorf("send to the queue: %d of %d refused: %s", len(out.Failed), len(part), aws.ToString(out.Failed[0].Message))
		}
	}
	return nil
}

// Receive waits up to 20 s for up to max messages; none is no error.
func (q *Queue) Receive(ctx context.Context, max int) ([]feed.Delivery, error) {
	out, err := q.client.ReceiveMessage(ctx, &sqs.ReceiveMessageInput{
		QueueUrl: &q.url, MaxNumberOfMessages: int32(min(max, batch)), WaitTimeSeconds: longPoll,
	})
	if err != nil {
		return nil, fmt.Errorf("receive from the queue: %w", err)
	}
	deliveries := make([]feed.Delivery, len(out.Messages))
	for i, m := range out.Messages {
		deliveries[i] = feed.Delivery{Body: []byte(aws.ToString(m.Body)), Receipt: aws.ToString(m.ReceiptHandle)}
	}
	return deliveries, nil
}

// Ready says why the queue does not answer, or nil.
func (q *Queue) Ready(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	_, err := q.client.GetQueueAttributes(ctx, &sqs.GetQueueAttributesInput{
		QueueUrl: &q.url, AttributeNames: []types.QueueAttributeName{types.QueueAttributeNameQueueArn},
	})
	if err != nil {
		return fmt.Errorf("queue: %w", awserror.Judge(err))
	}
	return nil
}

// Extend hides a received message for d from now.
func (q *Queue) Extend(ctx context.Context, receipt string, d time.Duration) error {
	_, err := q.client.ChangeMessageVisibility(ctx, &sqs.ChangeMessageVisibilityInput{
		QueueUrl: &q.url, ReceiptHandle: &receipt, VisibilityTimeout: int32(d / time.Second),
	})
	return err
}

// Delete removes messages that are done.
func (q *Queue) Delete(ctx context.Context, receipts ...string) error {
	var errs []error
	for part := range slices.Chunk(receipts, batch) {
		entries := make([]types.DeleteMessageBatchRequestEntry, len(part))
		for i := range part {
			entries[i] = types.DeleteMessageBatchRequestEntry{Id: aws.String(strconv.Itoa(i)), ReceiptHandle: &part[i]}
		}
		out, err := q.client.DeleteMessageBatch(ctx, &sqs.DeleteMessageBatchInput{QueueUrl: &q.url, Entries: entries})
		if err == nil && len(out.Failed) > 0 {
			err = fmt.Errorf("%d of %d not deleted: %s", len(out.Failed), len(part), aws.ToString(out.Failed[0].Message))
		}
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}
