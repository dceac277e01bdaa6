package main

import "time"

// level is how much of a hurry on-call is in.
type level int

const (
	event     level = iota // something happened
	warning                // look at it today
	page                   // users cannot use the service: now
	recovered              // what was said before is over
	blind                  // an alarm has no data to judge by
)

// look is how Slack shows a level.
var looks = map[level]struct{ emoji, color, word string }{
	event:     {":information_source:", "#439fe0", "event"},
	warning:   {":warning:", "#daa038", "warning"},
	page:      {":rotating_light:", "#d00000", "PAGE"},
	recovered: {":white_check_mark:", "#2eb886", "recovered"},
	blind:     {":grey_question:", "#888888", "no data"},
}

// notice is what on-call must know of one event. What is empty is left out.
type notice struct {
	level  level
	title  string // what broke
	means  string // what that is to users
	where  string // beyond the stack and its region
	reach  string // how far it reaches
	since  time.Time
	run    string // what to type next
	anchor string // in the runbook
	detail string // in the words of whoever reported it
}

// unknown passes on what nothing here understands.
func unknown(subject, text string) notice {
	if subject == "" {
		subject = "A message of a kind that slackalarm does not know"
	}
	return notice{level: warning, title: subject, anchor: "unknown-message", detail: text}
}
