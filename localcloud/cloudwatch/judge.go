package cloudwatch

import (
	"math"
	"slices"
	"time"
)

// State is that of an alarm.
type State string

// The states of an alarm.
const (
	OK               State = "OK"
	Alarm            State = "ALARM"
	InsufficientData State = "INSUFFICIENT_DATA"
)

var states = []State{OK, Alarm, InsufficientData}

// What an alarm may make of missing data.
const (
	treatMissing      = "missing"
	treatIgnore       = "ignore"
	treatBreaching    = "breaching"
	treatNotBreaching = "notBreaching"
)

var treatments = []string{treatMissing, treatIgnore, treatBreaching, treatNotBreaching}

// extraPeriods is by how much the evaluation range is longer than the evaluation
// periods. AWS tells one case only: 5 for 3 periods of 5 minutes.
const extraPeriods = 2

// point is the value of a period of the evaluation range.
type point struct {
	at           time.Time // when the period begins
	value, count float64
	lower, upper float64 // of the band, if the alarm has one
	breaching    bool
}

func (p point) missing() bool { return math.IsNaN(p.value) }

// verdict is what an evaluation comes to.
type verdict struct {
	state     State   // "": as it was
	evaluated []point // real ones, the newest first
	filled    int     // missing ones that were treated as something
	unknown   int     // missing ones, in INSUFFICIENT_DATA
	premature bool    // decided by too few points that are all breaching
}

// judge evaluates the points of the evaluation range, the newest first: atLeast
// of so many periods must be breaching.
//
// Source: "Configuring how CloudWatch alarms treat missing data" in the
// CloudWatch user guide, with its tables as the test. Where all real points are
// breaching but too young for the alarm the page says only that it does not go
// to ALARM; its edition of 2020 (awsdocs/amazon-cloudwatch-user-guide, 05fd32f)
// has INSUFFICIENT_DATA for missing and the old state for ignore.
func judge(points []point, periods, atLeast int, treatment string) verdict {
	var v verdict
	oldest, calm := 0, false
	for age, p := range points {
		if p.missing() {
			continue
		}
		oldest = age
		calm = calm || !p.breaching
		if len(v.evaluated) < periods {
			v.evaluated = append(v.evaluated, p)
		}
	}
	breaching := 0
	for _, p := range v.evaluated {
		if p.breaching {
			breaching++
		}
	}
	missing := periods - len(v.evaluated)
	switch {
	case missing > 0 && treatment == treatBreaching:
		v.filled, breaching = missing, breaching+missing
	case missing > 0 && treatment == treatNotBreaching:
		v.filled = missing
	case missing == 0 || breaching >= atLeast || calm:
		// Real points decide.
	case treatment == treatIgnore:
		return v
	case len(v.evaluated) > 0 && oldest+1 >= atLeast:
		v.state, v.premature = Alarm, true
		return v
	default:
		v.state, v.unknown = InsufficientData, missing
		return v
	}
	if v.state = OK; breaching >= atLeast {
		v.state = Alarm
	}
	return v
}

// comparison is how a value is held against the threshold; words say it as in a
// reason.
type comparison struct {
	name, words string
	band        bool // it is held against a band
	crossed     func(p point, threshold float64) bool
}

var comparisons = []comparison{
	{"GreaterThanThreshold", "greater than", false, func(p point, t float64) bool { return p.value > t }},
	{"GreaterThanOrEqualToThreshold", "greater than or equal to", false, func(p point,
		t float64) bool {
		return p.value >= t
	}},
	{"LessThanThreshold", "less than", false, func(p point, t float64) bool { return p.value < t }},
	{"LessThanOrEqualToThreshold", "less than or equal to", false, func(p point, t float64) bool { return p.value <= t }},
	{"GreaterThanUpperThreshold", "greater than", true, func(p point, _ float64) bool { return p.value > p.upper }},
	{"LessThanLowerThreshold", "less than", true, func(p point, _ float64) bool { return p.value < p.lower }},
	{"LessThanLowerOrGreaterThanUpperThreshold", "less than the lower thresholds or greater than", true,
		func(p point, _ float64) bool { return p.value < p.lower || p.value > p.upper }},
}

func comparisonNamed(name string) (comparison, bool) {
	i := slices.IndexFunc(comparisons, func(c comparison) bool { return c.name == name })
	if i < 0 {
		return comparison{}, false
	}
	return comparisons[i], true
}
