package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/slack-go/slack"
)

// secretReader is the part of Secrets Manager that a webhook needs.
type secretReader interface {
	GetSecretValue(context.Context, *secretsmanager.GetSecretValueInput, ...func(*secretsmanager.Options)) (*secretsmanager.GetSecretValueOutput, error)
}

// webhook posts to the address that a secret holds. The address is itself the
// permission to post: it is in no log and no error.
type webhook struct {
	secrets secretReader
	id      string // of the secret; its value is JSON: {"url": "https://..."}
	client  *http.Client

	mu  sync.Mutex
	url string // as last read; empty: read it
}

// post sends a message. Where Slack says that the address is no longer one, it
// reads the secret again and tries the new one; where Slack does not take the
// form of the message, it sends the bare text.
func (w *webhook) post(ctx context.Context, message *slack.WebhookMessage) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	known := w.url
	err := w.try(ctx, message)
	if status(err) == http.StatusBadRequest {
		err = w.try(ctx, &slack.WebhookMessage{Text: message.Text})
	}
	if revoked(err) {
		w.url = ""
		if readErr := w.read(ctx); readErr != nil {
			return errors.Join(err, readErr)
		}
		if w.url != known && known != "" {
			err = w.try(ctx, message)
		}
	}
	return err
}

func (w *webhook) try(ctx context.Context, message *slack.WebhookMessage) error {
	if err := w.read(ctx); err != nil {
		return err
	}
	err := slack.PostWebhookCustomHTTPContext(ctx, w.url, w.client, message)
	var failed *url.Error // shows the address
	if errors.As(err, &failed) {
		err = fmt.Errorf("post to Slack: %w", failed.Err)
	}
	return err
}

// read reads the address, unless it is known.
func (w *webhook) read(ctx context.Context) error {
	if w.url != "" {
		return nil
	}
	secret, err := w.secrets.GetSecretValue(ctx, &secretsmanager.GetSecretValueInput{SecretId: &w.id})
	if err != nil {
		return fmt.Errorf("secret %s: %w", w.id, err)
	}
	var value struct{ URL string }
	if err := json.Unmarshal([]byte(aws.ToString(secret.SecretString)), &value); err != nil || value.URL == "" {
		return fmt.Errorf(`secret %s: is not {"url": "https://..."}: set newsfeed:slackWebhook and deploy`, w.id)
	}
	w.url = value.URL
	return nil
}

// status is the HTTP status of Slack's refusal, 0 if it was none.
func status(err error) int {
	var refused slack.StatusCodeError
	errors.As(err, &refused)
	return refused.Code
}

// revoked says whether Slack knows the address no more.
func revoked(err error) bool {
	switch status(err) {
	case http.StatusForbidden, http.StatusNotFound, http.StatusGone:
		return true
	}
	return false
}
