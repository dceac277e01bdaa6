package cloudwatch

import (
	"cmp"
	"encoding/json"
	"strings"
	"time"
)

// composite is what a composite alarm looks at.
type composite struct {
	source     string
	rule       *rule
	suppressor *suppressor

	declared string // "created" or "updated", until the evaluation after that
	told     State  // the last state whose actions were taken
}

// suppressor is an alarm that holds back the actions of a composite one.
type suppressor struct {
	alarm           string // name or ARN
	wait, extension time.Duration

	on             bool      // when it was last looked at
	waiting, ended time.Time // since when it is waited for; when it went off
	by             string    // who holds actions back now: WaitPeriod, ExtensionPeriod or Alarm
}

func (a address) compare(b address) int {
	return cmp.Or(strings.Compare(a.region, b.region), strings.Compare(a.name, b.name))
}

// named strips what an ARN has before the name of an alarm.
func named(alarm string) string {
	if _, name, found := strings.Cut(alarm, ":alarm:"); found {
		return name
	}
	return alarm
}

// compositeAlarm evaluates one, and tells whether its state became another.
func (t *turn) compositeAlarm(a *alarm) bool {
	to, trigger := OK, (*alarm)(nil)
	if a.composite.rule.eval(func(name string) State { return t.stateOf(a.region, name) }) {
		to = Alarm
	}
	declared := a.composite.declared
	a.composite.declared = ""
	if to == a.status.State {
		return false
	}
	var children []*alarm
	for _, name := range a.composite.rule.alarms() {
		if child := t.service.alarms[address{a.region, named(name)}]; child != nil {
			children = append(children, child)
			if trigger == nil || child.status.Transitioned.After(trigger.status.Transitioned) {
				trigger = child
			}
		}
	}
	reason := a.arn + " was " + cmp.Or(declared, "updated") + " and its alarm rule evaluates to " + string(to)
	if declared == "" && trigger != nil {
		reason = trigger.arn + " transitioned to " + string(trigger.status.State) + " at " +
			trigger.status.Transitioned.UTC().Format("Monday 02 January, 2006 15:04:05 MST")
		children = []*alarm{trigger}
	}
	t.transition(a, to, reason, triggering(children))
	return true
}

func (t *turn) stateOf(region, name string) State {
	if a := t.service.alarms[address{region, named(name)}]; a != nil {
		return a.status.State
	}
	return InsufficientData
}

// suppresses tells whether the actions of a composite alarm that has just
// changed are held back: while its suppressor is on, for the extension after
// that, and for the wait in which it may yet come on.
func (t *turn) suppresses(a *alarm) bool {
	s := a.composite.suppressor
	if s == nil {
		return false
	}
	if a.status.State == Alarm && s.wait > 0 {
		s.waiting = t.now
	}
	return t.held(a)
}

// held tells whether actions are held back now, and notes by what.
func (t *turn) held(a *alarm) bool {
	s := a.composite.suppressor
	local := t.service.clock.Local
	on := t.stateOf(a.region, s.alarm) == Alarm
	if s.on && !on {
		s.ended = t.now
	}
	s.on = on
	switch {
	case on:
		s.by, s.ended, s.waiting = "Alarm", time.Time{}, time.Time{}
	case !s.ended.IsZero() && t.now.Sub(s.ended) < local(s.extension):
		s.by = "ExtensionPeriod"
	case !s.waiting.IsZero() && t.now.Sub(s.waiting) < local(s.wait):
		s.by = "WaitPeriod"
	default:
		s.by, s.ended, s.waiting = "", time.Time{}, time.Time{}
	}
	return s.by != ""
}

// release takes the actions that were held back, once nothing holds them any
// more and the alarm is not back in the state that was told last.
func (t *turn) release(a *alarm) {
	s := a.composite.suppressor
	if s == nil {
		return
	}
	was := s.by
	if t.held(a) || was == "" || a.composite.told == a.status.State {
		return
	}
	t.perform(a, a.composite.told, a.actions[a.status.State])
}

// triggeringChildren are the alarms of a reason, as a message has them.
func triggeringChildren(reason string) []messageRule {
	var data struct{ TriggeringAlarms []messageRule }
	if err := json.Unmarshal([]byte(reason), &data); err != nil || data.TriggeringAlarms == nil {
		return []messageRule{}
	}
	return data.TriggeringAlarms
}
