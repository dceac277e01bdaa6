package sqs

import (
	"context"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/google/uuid"
)

const maxBatchSize = 1 << 20

type sendInput struct {
	QueueURL                string `json:"QueueUrl"`
	ID                      string `json:"Id"` // in a batch
	MessageBody             string
	DelaySeconds            *int
	MessageAttributes       map[string]attribute
	MessageSystemAttributes map[string]attribute
}

type sendOutput struct {
	ID                           string `json:"Id,omitempty"`
	MessageID                    string `json:"MessageId"`
	MD5OfMessageBody             string
	MD5OfMessageAttributes       string `json:",omitempty"`
	MD5OfMessageSystemAttributes string `json:",omitempty"`
}

type sendBatchInput struct {
	QueueURL string `json:"QueueUrl"`
	Entries  []sendInput
}

type sendBatchOutput struct {
	Successful []sendOutput
	Failed     []batchFailure `json:",omitempty"`
}

func (s *Service) sendMessage(ctx context.Context, region string, in *sendInput) (*sendOutput, error) {
	q, err := s.permitted(ctx, "SendMessage", region, in.QueueURL)
	if err != nil {
		return nil, err
	}
	c, _ := s.settings(q)
	m, err := c.message(in)
	if err != nil {
		return nil, err
	}
	out := in.accepted(m)
	return &out, q.send(m)
}

func (s *Service) sendMessageBatch(ctx context.Context, region string, in *sendBatchInput) (*sendBatchOutput, error) {
	if err := checkEntries(in.Entries, func(e *sendInput) string { return e.ID }); err != nil {
		return nil, err
	}
	q, err := s.permitted(ctx, "SendMessage", region, in.QueueURL)
	if err != nil {
		return nil, err
	}
	c, _ := s.settings(q)
	total := 0
	var messages []*message
	out := &sendBatchOutput{Successful: []sendOutput{}}
	for i := range in.Entries {
		e := &in.Entries[i]
		total += size(e.MessageBody, e.MessageAttributes)
		m, err := c.message(e)
		if err != nil {
			out.Failed = append(out.Failed, failed(e.ID, err))
			continue
		}
		messages = append(messages, m)
		out.Successful = append(out.Successful, e.accepted(m))
	}
	if total > maxBatchSize {
		return nil, errBatchSize
	}
	return out, q.send(messages...)
}

// message checks what was sent to a queue of this config and returns the
// message to keep.
func (c *config) message(in *sendInput) (*message, error) {
	delay := c.delay
	if in.DelaySeconds != nil {
		delay = *in.DelaySeconds
	}
	if delay < 0 || delay > 900 {
		return nil, invalid("DelaySeconds must be 0 to 900.")
	}
	if in.MessageBody == "" {
		return nil, missing("MessageBody")
	}
	if n := size(in.MessageBody, in.MessageAttributes); n > c.maxSize {
		return nil, invalid(fmt.Sprintf("One or more parameters are invalid. Reason: Message must be shorter than %d bytes.", c.maxSize))
	}
	if !allowed(in.MessageBody) {
		return nil, errContents
	}
	if len(in.MessageAttributes) > 10 {
		return nil, invalid("Number of message attributes exceeds the allowed maximum [10].")
	}
	for name, a := range in.MessageAttributes {
		kind, _, _ := strings.Cut(a.DataType, ".")
		if kind != "String" && kind != "Number" && kind != "Binary" || len(a.value()) == 0 || name == "" || len(name) > 256 {
			return nil, invalid(fmt.Sprintf("The message attribute '%s' must have a name of at most 256 characters, "+
				"a type of String, Number or Binary, and a value.", name))
		}
	}
	t := now()
	return &message{
		ID: uuid.NewString(), Body: in.MessageBody, MD5: digest([]byte(in.MessageBody)),
		Attributes: in.MessageAttributes,
		Trace:      string(in.MessageSystemAttributes["AWSTraceHeader"].value()),
		Sent:       t, Arrived: t,
		visibility: visibility{Until: t + seconds(delay).Milliseconds()},
	}, nil
}

// allowed says whether a body holds only the characters that SQS takes.
func allowed(body string) bool {
	for _, r := range body {
		if r < 0x20 && r != '\t' && r != '\n' && r != '\r' || r == 0xFFFE || r == 0xFFFF {
			return false
		}
	}
	return utf8.ValidString(body)
}

func (in *sendInput) accepted(m *message) sendOutput {
	return sendOutput{
		ID: in.ID, MessageID: m.ID, MD5OfMessageBody: m.MD5,
		MD5OfMessageAttributes:       attributesMD5(in.MessageAttributes),
		MD5OfMessageSystemAttributes: attributesMD5(in.MessageSystemAttributes),
	}
}
