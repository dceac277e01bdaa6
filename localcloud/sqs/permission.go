package sqs

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"newsfeed/localcloud/endpoint"
)

// keyUse is what an action needs of the key of an encrypted queue (SQS developer
// guide, sqs-key-management). It is asked at each request: the five minutes for
// which SQS keeps a data key are not reproduced. Whether a receive that finds
// nothing needs the key the sources do not say; here it does.
var keyUse = map[string][]string{
	"SendMessage":    {"kms:GenerateDataKey", "kms:Decrypt"},
	"ReceiveMessage": {"kms:Decrypt"},
}

// permitted returns a queue that the caller may take the action on. Who may not,
// does not learn whether there is one. Batches are the single action (SQS API
// permissions: the Batch actions are no permissions of their own).
func (s *Service) permitted(ctx context.Context, action, region, queueURL string) (*queue, error) {
	q, missing := s.find(region, queueURL)
	arn := queueARN(ctx, region, queueURL)
	if missing == nil {
		c, _ := s.settings(q)
		arn = c.arn
	}
	if err := permit(ctx, action, arn); err != nil {
		return nil, err
	}
	if missing != nil {
		return nil, missing
	}
	var denied *endpoint.Denied
	err := endpoint.PermitKey(ctx, arn, keyUse[action]...)
	if errors.As(err, &denied) {
		return nil, failure("KmsAccessDenied", "KMS.AccessDeniedException", kmsMessage(denied))
	}
	return q, err
}

// permit asks for an action. AWS writes it in lower case in its refusal.
func permit(ctx context.Context, action, arn string) error {
	err := endpoint.Permit(ctx, "sqs:"+action, arn, nil)
	var denied *endpoint.Denied
	if errors.As(err, &denied) {
		lower := strings.ToLower(denied.Action)
		denied.Action, denied.Reason = lower, strings.ReplaceAll(denied.Reason, "sqs:"+action, lower)
		return &endpoint.Error{Code: "AccessDeniedException", Query: "AccessDenied", Message: denied.Error(), Status: http.StatusForbidden}
	}
	return err
}

// kmsMessage is that of KMS, which SQS passes on (data-prepper 2422).
func kmsMessage(denied *endpoint.Denied) string {
	message := denied.Error()
	if denied.Action == "kms:Decrypt" {
		message = "The ciphertext refers to a customer master key that does not exist, does not exist in this region, " +
			"or you are not allowed to access."
	}
	return message + " (Service: AWSKMS; Status Code: 400; Error Code: AccessDeniedException)"
}

// queueARN is that of a queue by its URL or its name, whether or not there is one.
func queueARN(ctx context.Context, region, queueURL string) string {
	parts := strings.Split(queueURL, "/")
	account := ""
	if who := endpoint.CallerOf(ctx); who != nil {
		account = who.Identity().Account
	}
	return "arn:aws:sqs:" + region + ":" + account + ":" + parts[len(parts)-1]
}
