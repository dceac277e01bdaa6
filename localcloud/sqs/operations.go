package sqs

import (
	"context"
	"regexp"
	"strconv"
	"time"

	"newsfeed/localcloud/endpoint"
)

const maxVisibility = 43_200 // seconds

func (s *Service) table() map[string]endpoint.Operation {
	return map[string]endpoint.Operation{
		"SendMessage":                  endpoint.Typed(s.sendMessage),
		"SendMessageBatch":             endpoint.Typed(s.sendMessageBatch),
		"ReceiveMessage":               endpoint.Typed(s.receiveMessage),
		"DeleteMessage":                endpoint.Typed(s.deleteMessage),
		"DeleteMessageBatch":           endpoint.Typed(s.deleteMessageBatch),
		"ChangeMessageVisibility":      endpoint.Typed(s.changeVisibility),
		"ChangeMessageVisibilityBatch": endpoint.Typed(s.changeVisibilityBatch),
		"GetQueueAttributes":           endpoint.Typed(s.getQueueAttributes),
		"GetQueueUrl":                  endpoint.Typed(s.getQueueURL),
		"ListQueues":                   endpoint.Typed(s.listQueues),
		"PurgeQueue":                   endpoint.Typed(s.purgeQueue),
	}
}

type empty struct{}

// handleEntry is one message of a delete or a change of visibility.
type handleEntry struct {
	ID                string `json:"Id"`
	ReceiptHandle     string
	VisibilityTimeout *int
}

type handleInput struct {
	QueueURL string `json:"QueueUrl"`
	handleEntry
}

type handleBatchInput struct {
	QueueURL string `json:"QueueUrl"`
	Entries  []handleEntry
}

type batchResult struct {
	ID string `json:"Id"`
}

type batchFailure struct {
	ID          string `json:"Id"`
	Code        string
	Message     string
	SenderFault bool
}

type batchOutput struct {
	Successful []batchResult
	Failed     []batchFailure `json:",omitempty"`
}

func failed(id string, err error) batchFailure {
	if e, ok := err.(*endpoint.Error); ok {
		return batchFailure{ID: id, Code: e.Query, Message: e.Message, SenderFault: true}
	}
	return batchFailure{ID: id, Code: "InternalError", Message: err.Error()}
}

var validEntryID = regexp.MustCompile(`^[A-Za-z0-9_-]{1,80}$`)

func checkEntries[E any](entries []E, id func(*E) string) error {
	if len(entries) == 0 {
		return errNoEntries
	}
	if len(entries) > 10 {
		return errManyEntries
	}
	seen := map[string]bool{}
	for i := range entries {
		id := id(&entries[i])
		if !validEntryID.MatchString(id) {
			return errEntryID
		}
		if seen[id] {
			return errSameIDs
		}
		seen[id] = true
	}
	return nil
}

// edit says what to do with the message of an entry; m is nil when the
// entry's handle is of an earlier receive or its message is gone.
type edit func(in *handleEntry, m *message) (*entry, error)

func deleting(_ *handleEntry, m *message) (*entry, error) {
	if m == nil {
		return nil, nil
	}
	return &entry{Op: opDelete, ID: m.ID}, nil
}

func hiding(in *handleEntry, m *message) (*entry, error) {
	switch {
	case in.VisibilityTimeout == nil:
		return nil, missing("VisibilityTimeout")
	case *in.VisibilityTimeout < 0 || *in.VisibilityTimeout > maxVisibility:
		return nil, invalid("VisibilityTimeout must be 0 to 43200 seconds.")
	case m == nil:
		return nil, invalid("Value for parameter ReceiptHandle is invalid. Reason: Message does not exist " +
			"or is not available for visibility timeout change.")
	case m.Until <= now():
		return nil, errInFlight
	}
	v := m.visibility
	v.Until = now() + int64(*in.VisibilityTimeout)*1000
	return &entry{Op: opHide, ID: m.ID, Visibility: &v}, nil
}

func (s *Service) changeAll(ctx context.Context, action, region, url string, entries []handleEntry, f edit) ([]error, error) {
	q, err := s.permitted(ctx, action, region, url)
	if err != nil {
		return nil, err
	}
	handles := make([]string, len(entries))
	for i := range entries {
		handles[i] = entries[i].ReceiptHandle
	}
	return q.change(handles, func(i int, m *message) (*entry, error) { return f(&entries[i], m) })
}

func (s *Service) changeOne(ctx context.Context, action, region string, in *handleInput, f edit) (*empty, error) {
	if in.ReceiptHandle == "" {
		return nil, missing("ReceiptHandle")
	}
	each, err := s.changeAll(ctx, action, region, in.QueueURL, []handleEntry{in.handleEntry}, f)
	if err == nil {
		err = each[0]
	}
	return &empty{}, err
}

func (s *Service) changeBatch(ctx context.Context, action, region string, in *handleBatchInput, f edit) (*batchOutput, error) {
	if err := checkEntries(in.Entries, func(e *handleEntry) string { return e.ID }); err != nil {
		return nil, err
	}
	each, err := s.changeAll(ctx, action, region, in.QueueURL, in.Entries, f)
	out := &batchOutput{Successful: []batchResult{}}
	for i, err := range each {
		if id := in.Entries[i].ID; err != nil {
			out.Failed = append(out.Failed, failed(id, err))
		} else {
			out.Successful = append(out.Successful, batchResult{id})
		}
	}
	return out, err
}

func (s *Service) deleteMessage(ctx context.Context, region string, in *handleInput) (*empty, error) {
	return s.changeOne(ctx, "DeleteMessage", region, in, deleting)
}

func (s *Service) deleteMessageBatch(ctx context.Context, region string, in *handleBatchInput) (*batchOutput, error) {
	return s.changeBatch(ctx, "DeleteMessage", region, in, deleting)
}

func (s *Service) changeVisibility(ctx context.Context, region string, in *handleInput) (*empty, error) {
	return s.changeOne(ctx, "ChangeMessageVisibility", region, in, hiding)
}

func (s *Service) changeVisibilityBatch(ctx context.Context, region string, in *handleBatchInput) (*batchOutput, error) {
	return s.changeBatch(ctx, "ChangeMessageVisibility", region, in, hiding)
}

type queueInput struct {
	QueueURL        string `json:"QueueUrl"`
	QueueName       string
	QueueNamePrefix string
	AttributeNames  []string
}

type urlOutput struct {
	QueueURL string `json:"QueueUrl"`
}

func (s *Service) getQueueURL(ctx context.Context, region string, in *queueInput) (*urlOutput, error) {
	q, err := s.permitted(ctx, "GetQueueUrl", region, in.QueueName)
	if err != nil {
		return nil, err
	}
	return &urlOutput{q.status().URL}, nil
}

type listOutput struct {
	QueueURLs []string `json:"QueueUrls,omitempty"`
}

func (s *Service) listQueues(ctx context.Context, region string, in *queueInput) (*listOutput, error) {
	if err := permit(ctx, "ListQueues", queueARN(ctx, region, "*")); err != nil {
		return nil, err
	}
	out := &listOutput{}
	for _, q := range s.Status() {
		if q.Region == region && len(q.Name) >= len(in.QueueNamePrefix) && q.Name[:len(in.QueueNamePrefix)] == in.QueueNamePrefix {
			out.QueueURLs = append(out.QueueURLs, q.URL)
		}
	}
	return out, nil
}

func (s *Service) purgeQueue(ctx context.Context, region string, in *queueInput) (*empty, error) {
	q, err := s.permitted(ctx, "PurgeQueue", region, in.QueueURL)
	if err != nil {
		return nil, err
	}
	return &empty{}, q.purge()
}

type attributesOutput struct {
	Attributes map[string]string `json:",omitempty"`
}

func (s *Service) getQueueAttributes(ctx context.Context, region string, in *queueInput) (*attributesOutput, error) {
	q, err := s.permitted(ctx, "GetQueueAttributes", region, in.QueueURL)
	if err != nil {
		return nil, err
	}
	c, _ := s.settings(q)
	status := q.status()
	all := map[string]string{
		"ApproximateNumberOfMessages":           strconv.Itoa(status.Visible),
		"ApproximateNumberOfMessagesNotVisible": strconv.Itoa(status.InFlight),
		"ApproximateNumberOfMessagesDelayed":    strconv.Itoa(status.Delayed),
		"VisibilityTimeout":                     strconv.Itoa(c.visibility),
		"DelaySeconds":                          strconv.Itoa(c.delay),
		"MessageRetentionPeriod":                strconv.Itoa(c.retention),
		"ReceiveMessageWaitTimeSeconds":         strconv.Itoa(c.wait),
		"MaximumMessageSize":                    strconv.Itoa(c.maxSize),
		"QueueArn":                              c.arn,
	}
	if c.redrive.policy != "" {
		all["RedrivePolicy"] = c.redrive.policy
	}
	out := &attributesOutput{Attributes: map[string]string{}}
	for _, name := range in.AttributeNames {
		if name == "All" {
			return &attributesOutput{all}, nil
		}
		if value, ok := all[name]; ok {
			out.Attributes[name] = value
		} else if name != "RedrivePolicy" && name != "Policy" {
			return nil, failure("InvalidAttributeName", "InvalidAttributeName", "Unknown Attribute "+name+".")
		}
	}
	return out, nil
}

func seconds(n int) time.Duration { return time.Duration(n) * time.Second }
