package sqs

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"
)

// sender stands for the principal who sent a message: there is only one.
const sender = "AIDALOCALCLOUD"

type receiveInput struct {
	QueueURL                    string `json:"QueueUrl"`
	MaxNumberOfMessages         *int
	VisibilityTimeout           *int
	WaitTimeSeconds             *int
	AttributeNames              []string // the older name of the next
	MessageSystemAttributeNames []string
	MessageAttributeNames       []string
}

type receivedMessage struct {
	MessageID              string `json:"MessageId"`
	ReceiptHandle          string
	Body                   string
	MD5OfBody              string
	Attributes             map[string]string    `json:",omitempty"`
	MessageAttributes      map[string]attribute `json:",omitempty"`
	MD5OfMessageAttributes string               `json:",omitempty"`
}

type receiveOutput struct {
	Messages []receivedMessage `json:",omitempty"`
}

func (s *Service) receiveMessage(ctx context.Context, region string, in *receiveInput) (*receiveOutput, error) {
	q, err := s.permitted(ctx, "ReceiveMessage", region, in.QueueURL)
	if err != nil {
		return nil, err
	}
	c, _ := s.settings(q)
	limit, err1 := within(in.MaxNumberOfMessages, 1, 1, 10, "MaxNumberOfMessages")
	hide, err2 := within(in.VisibilityTimeout, c.visibility, 0, maxVisibility, "VisibilityTimeout")
	wait, err3 := within(in.WaitTimeSeconds, c.wait, 0, 20, "WaitTimeSeconds")
	for _, err := range []error{err1, err2, err3} {
		if err != nil {
			return nil, err
		}
	}
	messages, err := s.poll(ctx, q, limit, seconds(hide), seconds(wait))
	if err != nil {
		return nil, err
	}
	out := &receiveOutput{}
	for i := range messages {
		out.Messages = append(out.Messages, in.shape(&messages[i], c.arn))
	}
	return out, nil
}

func within(v *int, fallback, least, most int, name string) (int, error) {
	if v == nil {
		return fallback, nil
	}
	if *v < least || *v > most {
		return 0, invalid("Value " + strconv.Itoa(*v) + " for parameter " + name + " is invalid. Reason: must be between " +
			strconv.Itoa(least) + " and " + strconv.Itoa(most) + ", if provided.")
	}
	return *v, nil
}

// poll receives, and waits for up to wait while there is nothing. Messages
// that were received too often go to the dead-letter queue instead.
func (s *Service) poll(ctx context.Context, q *queue, limit int, hide, wait time.Duration) ([]message, error) {
	deadline := time.Now().Add(wait)
	for {
		c, dead := s.settings(q)
		maxReceives := c.redrive.maxReceives
		if dead == nil {
			maxReceives = 0
		}
		r, err := q.receive(limit, hide, maxReceives)
		if err != nil {
			return nil, err
		}
		if len(r.dead) > 0 {
			if err := bury(q, dead, c.arn, r.dead); err != nil {
				return r.alive, err
			}
		}
		left := time.Until(deadline)
		if len(r.alive) > 0 || left <= 0 || ctx.Err() != nil {
			return r.alive, nil
		}
		if len(r.dead) > 0 {
			continue
		}
		if r.due > 0 {
			left = min(left, time.Until(time.UnixMilli(r.due)))
		}
		timer := time.NewTimer(left)
		select {
		case <-r.wake:
		case <-timer.C:
		case <-ctx.Done():
		}
		timer.Stop()
	}
}

// bury moves messages to the dead-letter queue: there first, so that a crash
// between leaves two rather than none. The time they were sent stays, and
// with it their retention.
func bury(q, dead *queue, source string, messages []message) error {
	t := now()
	var copies []*message
	var entries []entry
	for _, m := range messages {
		copies = append(copies, &message{
			ID: m.ID, Body: m.Body, MD5: m.MD5, Attributes: m.Attributes, Trace: m.Trace,
			Source: source, Sent: m.Sent, Arrived: t, visibility: visibility{Until: t},
		})
		entries = append(entries, entry{Op: opDelete, ID: m.ID})
	}
	if err := dead.send(copies...); err != nil {
		return err
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.commit(entries)
}

// shape returns a message with the attributes that were asked for.
func (in *receiveInput) shape(m *message, queueARN string) receivedMessage {
	out := receivedMessage{MessageID: m.ID, ReceiptHandle: m.handle(queueARN), Body: m.Body, MD5OfBody: m.MD5}
	if asked := append(in.AttributeNames, in.MessageSystemAttributeNames...); len(asked) > 0 {
		out.Attributes = map[string]string{}
		for name, value := range map[string]string{
			"ApproximateReceiveCount":          strconv.Itoa(m.Receives),
			"ApproximateFirstReceiveTimestamp": strconv.FormatInt(m.First, 10),
			"SentTimestamp":                    strconv.FormatInt(m.Sent, 10),
			"SenderId":                         sender,
			"AWSTraceHeader":                   m.Trace,
			"DeadLetterQueueSourceArn":         m.Source,
		} {
			if value != "" && (slices.Contains(asked, "All") || slices.Contains(asked, name)) {
				out.Attributes[name] = value
			}
		}
	}
	for name, a := range m.Attributes {
		if !asks(in.MessageAttributeNames, name) {
			continue
		}
		if out.MessageAttributes == nil {
			out.MessageAttributes = map[string]attribute{}
		}
		out.MessageAttributes[name] = a
	}
	out.MD5OfMessageAttributes = attributesMD5(out.MessageAttributes)
	return out
}

// asks says whether the names asked for cover name: itself, All, .* or a
// prefix followed by .*
func asks(asked []string, name string) bool {
	return slices.ContainsFunc(asked, func(a string) bool {
		prefix, isPrefix := strings.CutSuffix(a, ".*")
		return a == "All" || a == name || isPrefix && strings.HasPrefix(name, prefix)
	})
}
