package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/aws/aws-lambda-go/events"
	"github.com/slack-go/slack"
)

var update = flag.Bool("update", false, "rewrite the golden messages")

var seoul = place{stack: "seoul", region: "ap-northeast-2", runbook: "https://example.com/runbook.md"}

// published is a message as SNS invokes the function with it.
func published(t testing.TB, subject, message string) []byte {
	t.Helper()
	raw, err := json.Marshal(events.SNSEvent{Records: []events.SNSEventRecord{{SNS: events.SNSEntity{
		Subject: subject, Message: message, Timestamp: time.Date(2026, 11, 22, 9, 30, 0, 0, time.UTC)}}}})
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// One message for each file of testdata, as Slack gets it.
func TestGoldenMessages(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob(filepath.Join("testdata", "*.json"))
	if err != nil || len(files) < 10 {
		t.Fatalf("%d files in testdata, %v", len(files), err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".json"), func(t *testing.T) {
			t.Parallel()
			raw, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			compare(t, strings.TrimSuffix(file, ".json")+".golden", published(t, "", string(raw)))
		})
	}
	for name, payload := range map[string][]byte{
		"no-json":              []byte("the <topic> says \xff hello & good bye"),
		"no-event":             []byte(`{"hello": "world"}`),
		"plain-text":           published(t, "Backup vault", "a person published this by hand"),
		"json-of-nothing":      published(t, "", `{"a": 1}`),
		"json-list":            published(t, "", `["a", "b"]`),
		"alarm-of-wrong-types": published(t, "", `{"AlarmName": "newsfeed-seoul-x", "NewStateValue": 7}`),
		"empty":                nil,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			compare(t, filepath.Join("testdata", name+".golden"), payload)
		})
	}
}

func compare(t *testing.T, path string, payload []byte) {
	t.Helper()
	all := seoul.notices(payload)
	if len(all) != 1 {
		t.Fatalf("%d notices of one message", len(all))
	}
	text := rendered(t, all[0].message(seoul))
	if *update {
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("%v: write it with: make golden", err)
	}
	if text != string(want) {
		t.Errorf("the message differs from %s; if that is meant, run: make golden\n%s", path, text)
	}
}

// sent is a message as Slack reads it.
type sent struct {
	Text        string
	Attachments []struct {
		Color  string
		Blocks []struct {
			Text   *struct{ Text string }
			Fields []struct{ Text string }
		}
	}
}

func decoded(t *testing.T, message *slack.WebhookMessage) (m sent) {
	t.Helper()
	raw, err := json.Marshal(message)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(raw, &m); err != nil {
		t.Fatal(err)
	}
	return m
}

// rendered is a message as a reviewer wants to read it: what a phone shows,
// then every block.
func rendered(t *testing.T, message *slack.WebhookMessage) string {
	m := decoded(t, message)
	text := fmt.Sprintf("On a phone: %s\n\n", m.Text)
	for _, a := range m.Attachments {
		text += "Color: " + a.Color + "\n"
		for _, b := range a.Blocks {
			if b.Text != nil {
				text += "\n" + b.Text.Text + "\n"
			}
			for _, f := range b.Fields {
				text += "\n| " + strings.ReplaceAll(f.Text, "\n", "\n| ") + "\n"
			}
		}
	}
	return text
}

// Slack refuses a message as a whole for one text that is too long.
func TestNoTextIsAboveTheLimitsOfSlack(t *testing.T) {
	t.Parallel()
	for sentence, letter := range map[string]string{"letters": "x", "signs that are escaped": "<&>", "Korean": "안녕", "ends of code": "```"} {
		t.Run(sentence, func(t *testing.T) {
			t.Parallel()
			long := strings.Repeat(letter, 5000)
			n := notice{level: page, title: long, means: long, where: long, reach: long, run: long, detail: long, anchor: long, since: time.Now()}
			m := decoded(t, n.message(seoul))
			check := func(what, text string, limit int) {
				if n := utf8.RuneCountInString(text); n == 0 || n > limit {
					t.Errorf("%s has %d characters, Slack takes 1 to %d", what, n, limit)
				}
				if strings.Contains(text, "<<") || strings.HasSuffix(text, "&lt…") {
					t.Errorf("%s is not escaped", what)
				}
			}
			check("text", m.Text, 3000)
			for _, b := range m.Attachments[0].Blocks {
				if b.Text != nil {
					check("section", b.Text.Text, 3000)
				}
				if len(b.Fields) > 10 {
					t.Errorf("%d fields, Slack takes 10", len(b.Fields))
				}
				for _, f := range b.Fields {
					check("field", f.Text, 2000)
				}
			}
		})
	}
}
