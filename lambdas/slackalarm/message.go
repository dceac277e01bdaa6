package main

import (
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/slack-go/slack"
)

// Slack refuses a message with a text above its limit as a whole. Its limits
// are 3000 characters for a section, 2000 for a field, and more for the text
// that stands in for the blocks where there is no room for them.
const (
	mostInSection = 2900
	mostInField   = 1900
	mostInText    = 2900
)

// message is the notice as Slack takes it.
func (n notice) message(p place) *slack.WebhookMessage {
	look := looks[n.level]
	head := fmt.Sprintf("%s %s: %s", look.word, p.stack, n.title)
	first := fmt.Sprintf("%s *%s*", look.emoji, bounded(oneLine(head), 500))
	if n.means != "" {
		first += "\n" + bounded(n.means, mostInSection-1000)
	}
	blocks := []slack.Block{
		section(first),
		slack.NewSectionBlock(nil, n.fields(p), nil),
	}
	if n.run != "" {
		blocks = append(blocks, section("*Run next*\n"+code(n.run)))
	}
	if n.detail != "" {
		blocks = append(blocks, section("*Details*\n"+code(n.detail)))
	}
	return &slack.WebhookMessage{
		Text:        n.text(p),
		Attachments: []slack.Attachment{{Color: look.color, Blocks: slack.Blocks{BlockSet: blocks}}},
	}
}

// text is the notice without any form: what a phone shows, and what is sent
// when Slack does not take the blocks.
func (n notice) text(p place) string {
	text := fmt.Sprintf("%s %s: %s", looks[n.level].word, p.stack, oneLine(n.title))
	if n.means != "" {
		text += "\n" + n.means
	} else if n.detail != "" {
		text += "\n" + n.detail
	}
	return bounded(text, mostInText)
}

// fields are the questions that on-call asks first.
func (n notice) fields(p place) []*slack.TextBlockObject {
	where := fmt.Sprintf("%s, %s", p.stack, p.region)
	if n.where != "" {
		where += "\n" + n.where
	}
	answers := [][2]string{{"Where", bounded(where, mostInField)}}
	if !n.since.IsZero() {
		answers = append(answers, [2]string{"Since", local(n.since)})
	}
	if n.reach != "" {
		answers = append(answers, [2]string{"Reaches", bounded(n.reach, mostInField)})
	}
	if n.anchor != "" {
		answers = append(answers, [2]string{"Runbook", n.link(p)})
	}
	var fields []*slack.TextBlockObject
	for _, a := range answers {
		fields = append(fields, slack.NewTextBlockObject(slack.MarkdownType, fmt.Sprintf("*%s*\n%s", a[0], a[1]), false, false))
	}
	return fields
}

// link is the place in the runbook: a link where the page has an address.
func (n notice) link(p place) string {
	target := p.runbook + "#" + n.anchor
	if strings.HasPrefix(p.runbook, "https://") {
		return fmt.Sprintf("<%s|%s>", bounded(target, 1000), bounded(n.anchor, 200))
	}
	return bounded(target, 1000)
}

// local is a time in the time zone of whoever reads it; UTC where Slack cannot.
func local(t time.Time) string {
	return fmt.Sprintf("<!date^%d^{date_short_pretty} {time_secs}|%s>", t.Unix(), t.UTC().Format("2006-01-02 15:04:05 UTC"))
}

func section(text string) *slack.SectionBlock {
	return slack.NewSectionBlock(slack.NewTextBlockObject(slack.MarkdownType, text, false, false), nil, nil)
}

// code shows text as it is; it cannot end the block that it is in.
func code(text string) string {
	return "```" + bounded(strings.ReplaceAll(text, "```", "'''"), mostInSection) + "```"
}

func oneLine(text string) string { return strings.Join(strings.Fields(text), " ") }

// bounded escapes text for Slack and cuts it so that at most limit characters
// are left, an ellipsis included.
func bounded(text string, limit int) string {
	var b strings.Builder
	n := 0
	for _, r := range strings.ToValidUTF8(text, "\uFFFD") {
		escaped := string(r)
		switch r {
		case '&':
			escaped = "&amp;"
		case '<':
			escaped = "&lt;"
		case '>':
			escaped = "&gt;"
		}
		if n += utf8.RuneCountInString(escaped); n > limit-1 {
			return b.String() + "…"
		}
		b.WriteString(escaped)
	}
	return b.String()
}
