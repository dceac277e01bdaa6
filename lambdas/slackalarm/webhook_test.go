package main

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
)

// secrets answers with its values one after the other, then with the last.
type secrets struct {
	values []string
	reads  int
}

func (s *secrets) GetSecretValue(context.Context, *secretsmanager.GetSecretValueInput, ...func(*secretsmanager.Options)) (*secretsmanager.GetSecretValueOutput, error) {
	value := s.values[min(s.reads, len(s.values)-1)]
	s.reads++
	if value == "" {
		return nil, errors.New("access denied")
	}
	return &secretsmanager.GetSecretValueOutput{SecretString: aws.String(value)}, nil
}

// inbox stands for Slack: it answers with the statuses, one a message, then 200.
type inbox struct {
	*httptest.Server
	statuses []int
	paths    []string
	texts    []string
	bare     []bool // without blocks
}

func newInbox(t *testing.T, statuses ...int) *inbox {
	t.Helper()
	in := &inbox{statuses: statuses}
	in.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		raw, _ := io.ReadAll(r.Body)
		var m struct {
			Text        string
			Attachments []any
		}
		if err := json.Unmarshal(raw, &m); err != nil {
			t.Error(err)
		}
		status := http.StatusOK
		if n := len(in.paths); n < len(in.statuses) {
			status = in.statuses[n]
		}
		in.paths, in.texts, in.bare = append(in.paths, r.URL.Path), append(in.texts, m.Text), append(in.bare, len(m.Attachments) == 0)
		w.WriteHeader(status)
	}))
	t.Cleanup(in.Close)
	return in
}

func TestWebhook(t *testing.T) {
	t.Parallel()
	for sentence, c := range map[string]struct {
		secrets  []string // paths of the address, one a read; empty: refused
		statuses []int    // of Slack
		posts    int      // messages sent by the handler
		paths    []string // that Slack saw
		reads    int
		fails    string // in the error of the last post
	}{
		"the secret is read once for many messages":          {secrets: []string{"/a"}, posts: 3, paths: []string{"/a", "/a", "/a"}, reads: 1},
		"an address that was revoked is read again":          {secrets: []string{"/a", "/b"}, statuses: []int{200, 403}, posts: 2, paths: []string{"/a", "/a", "/b"}, reads: 2},
		"an address that is gone is read again":              {secrets: []string{"/a", "/b"}, statuses: []int{200, 404}, posts: 2, paths: []string{"/a", "/a", "/b"}, reads: 2},
		"a revoked address without a new one is an error":    {secrets: []string{"/a"}, statuses: []int{200, 403}, posts: 2, paths: []string{"/a", "/a"}, reads: 2, fails: "403"},
		"the next try reads the secret again":                {secrets: []string{"/a", "/a", "/b"}, statuses: []int{404, 404}, posts: 2, paths: []string{"/a", "/a", "/b"}, reads: 3},
		"too many messages are an error, to be retried":      {secrets: []string{"/a"}, statuses: []int{429}, posts: 1, paths: []string{"/a"}, reads: 1, fails: "429"},
		"a Slack that is down is an error, to be retried":    {secrets: []string{"/a"}, statuses: []int{503}, posts: 1, paths: []string{"/a"}, reads: 1, fails: "503"},
		"a form that Slack refuses is sent as bare text":     {secrets: []string{"/a"}, statuses: []int{400}, posts: 1, paths: []string{"/a", "/a"}, reads: 1},
		"a secret that may not be read is an error":          {secrets: []string{""}, posts: 1, reads: 1, fails: "access denied"},
		"a secret that was unreadable once is read again":    {secrets: []string{"", "/a"}, posts: 2, paths: []string{"/a"}, reads: 2},
		"a secret that holds something else is an error":     {secrets: []string{"{}"}, posts: 1, reads: 1, fails: "newsfeed:slackWebhook"},
		"a secret that is no JSON is not shown by the error": {secrets: []string{"hunter2"}, posts: 1, reads: 1, fails: "newsfeed:slackWebhook"},
	} {
		t.Run(sentence, func(t *testing.T) {
			t.Parallel()
			slack := newInbox(t, c.statuses...)
			reader := &secrets{}
			for _, value := range c.secrets {
				if strings.HasPrefix(value, "/") {
					value = `{"url": "` + slack.URL + value + `"}`
				}
				reader.values = append(reader.values, value)
			}
			h := &handler{place: seoul, webhook: &webhook{secrets: reader, id: "arn:secret", client: slack.Client()}}
			var err error
			for range c.posts {
				_, err = h.Invoke(t.Context(), published(t, "hello", "world"))
			}
			switch {
			case c.fails == "" && err != nil:
				t.Errorf("the last message fails: %v", err)
			case c.fails != "" && (err == nil || !strings.Contains(err.Error(), c.fails)):
				t.Errorf("error is %v, want one with %q", err, c.fails)
			}
			if err != nil && (strings.Contains(err.Error(), slack.URL) || strings.Contains(err.Error(), "hunter2")) {
				t.Errorf("the error shows the address: %v", err)
			}
			if !slices.Equal(slack.paths, c.paths) || reader.reads != c.reads {
				t.Errorf("Slack saw %v after %d reads of the secret, want %v after %d", slack.paths, reader.reads, c.paths, c.reads)
			}
			if slices.Contains(c.statuses, 400) && (!slack.bare[1] || !strings.Contains(slack.texts[1], "world")) {
				t.Errorf("the second try has %q", slack.texts[1])
			}
		})
	}
}

func TestAnUnreachableSlackDoesNotShowItsAddress(t *testing.T) {
	t.Parallel()
	slack := newInbox(t)
	address := slack.URL + "/services/T0/B0/secret"
	slack.Close()
	w := &webhook{secrets: &secrets{values: []string{`{"url": "` + address + `"}`}}, id: "arn:secret", client: slack.Client()}
	err := w.post(t.Context(), unknown("a", "b").message(seoul))
	if err == nil || strings.Contains(err.Error(), "/services/") {
		t.Errorf("error is %v", err)
	}
}

// A record that fails must not hold back those after it.
func TestEveryRecordIsSent(t *testing.T) {
	t.Parallel()
	slack := newInbox(t, 500)
	h := &handler{place: seoul, webhook: &webhook{secrets: &secrets{values: []string{`{"url": "` + slack.URL + `/a"}`}}, client: slack.Client()}}
	_, err := h.Invoke(t.Context(), []byte(`{"Records": [{"Sns": {"Subject": "one"}}, {"Sns": {"Subject": "two"}}]}`))
	if err == nil || len(slack.texts) != 2 || !strings.Contains(slack.texts[1], "two") {
		t.Errorf("Slack saw %q, error is %v", slack.texts, err)
	}
}

func TestTheEnvironmentIsComplete(t *testing.T) {
	for _, key := range []string{"STACK", "REGION", "RUNBOOK", "SLACK_SECRET"} {
		t.Setenv("NEWSFEED_"+key, "x")
	}
	t.Setenv("AWS_REGION", "ap-northeast-2")
	if _, err := newHandler(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Setenv("NEWSFEED_SLACK_SECRET", "")
	if _, err := newHandler(t.Context()); err == nil || !strings.Contains(err.Error(), "NEWSFEED_SLACK_SECRET is not set") {
		t.Errorf("error is %v", err)
	}
}
