package main

import (
	"context"
	"encoding/json"
	"errors"

	"github.com/aws/aws-lambda-go/events"
)

// place is where the function stands guard.
type place struct {
	stack, region string
	runbook       string // URL or path of the page, without an anchor
}

// handler takes the bytes of an invocation, whatever they are.
type handler struct {
	place   place
	webhook *webhook
}

// Invoke implements lambda.Handler: one message for each record.
func (h *handler) Invoke(ctx context.Context, payload []byte) ([]byte, error) {
	var errs []error
	for _, n := range h.place.notices(payload) {
		errs = append(errs, h.webhook.post(ctx, n.message(h.place)))
	}
	return nil, errors.Join(errs...)
}

// notices reads what arrived. There is always at least one.
func (p place) notices(payload []byte) []notice {
	var event events.SNSEvent
	if err := json.Unmarshal(payload, &event); err != nil || len(event.Records) == 0 {
		return []notice{unknown("", string(payload))}
	}
	all := make([]notice, len(event.Records))
	for i, record := range event.Records {
		all[i] = p.notice(record.SNS)
	}
	return all
}

// notice reads one message of a topic, by what only its kind has.
func (p place) notice(sns events.SNSEntity) (n notice) {
	var kind struct {
		AlarmName   string
		EventSource string `json:"Event Source"`
		DetailType  string `json:"detail-type"`
	}
	raw := []byte(sns.Message)
	n = unknown(sns.Subject, sns.Message)
	if err := json.Unmarshal(raw, &kind); err == nil {
		var read func([]byte) (notice, error)
		switch {
		case kind.AlarmName != "":
			read = p.alarm
		case kind.EventSource != "":
			read = p.databaseEvent
		case kind.DetailType != "":
			read = p.awsEvent
		}
		if read != nil {
			if known, err := read(raw); err == nil {
				n = known
			}
		}
	}
	if n.since.IsZero() {
		n.since = sns.Timestamp
	}
	return n
}
