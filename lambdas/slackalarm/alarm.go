package main

import (
	"encoding/json"
	"regexp"
	"strings"
	"time"

	"github.com/aws/aws-lambda-go/events"
)

// alarmTime is how CloudWatch writes a time in a notification.
const alarmTime = "2006-01-02T15:04:05.000-0700"

// child matches the alarms that a composite alarm's reason names by ARN.
var child = regexp.MustCompile(`arn:aws:cloudwatch:[a-z0-9-]+:\d+:alarm:([A-Za-z0-9_-]+)`)

// alarm reads the notification of a metric alarm or of a composite one.
func (p place) alarm(raw []byte) (notice, error) {
	var a events.CloudWatchAlarmSNSPayload
	if err := json.Unmarshal(raw, &a); err != nil {
		return notice{}, err
	}
	n := described(a.AlarmDescription)
	n.title = p.short(a.AlarmName)
	n.since, _ = time.Parse(alarmTime, a.StateChangeTime)
	n.detail = child.ReplaceAllStringFunc(a.NewStateReason, func(arn string) string {
		return p.short(child.FindStringSubmatch(arn)[1])
	})
	// The metrics of Route 53 are in a region of their own.
	if parts := strings.Split(a.AlarmARN, ":"); len(parts) > 3 && parts[3] != p.region {
		n.where = "measured in " + parts[3]
	}
	switch a.NewStateValue {
	case "OK":
		n.level, n.reach, n.run = recovered, "", ""
	case "INSUFFICIENT_DATA":
		n.level = blind
	}
	return n, nil
}

// short is the name of an alarm without the project and the stack.
func (p place) short(name string) string {
	if _, after, found := strings.Cut(name, "-"+p.stack+"-"); found {
		return after
	}
	return name
}

// The lines that infra ends the description of an alarm with, and how it
// begins that of one that pages.
const (
	pageMark    = "PAGE: "
	reachMark   = "Reach: "
	runMark     = "Run: "
	runbookMark = "Runbook: "
)

// described reads the description of an alarm, which may be anybody's.
func described(text string) notice {
	n := notice{level: warning}
	var means []string
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		switch {
		case strings.HasPrefix(line, reachMark):
			n.reach = strings.TrimPrefix(line, reachMark)
		case strings.HasPrefix(line, runMark):
			n.run = strings.TrimPrefix(line, runMark)
		case strings.HasPrefix(line, runbookMark):
			_, n.anchor, _ = strings.Cut(line, "#")
		case line != "":
			means = append(means, line)
		}
	}
	n.means = strings.Join(means, "\n")
	if rest, pages := strings.CutPrefix(n.means, pageMark); pages {
		n.level, n.means = page, rest
	}
	return n
}
