package cloudwatch

import (
	"time"

	"newsfeed/localcloud/cloudwatch/metricmath"
)

// alarm is a metric alarm or a composite one. The mutex of the service guards
// what changes.
type alarm struct {
	region, name, arn string
	description       *string
	actions           map[State][]string // by the state that they are for
	actionsEnabled    bool

	watch     *watch     // of a metric alarm
	composite *composite // of a composite one

	status  status
	history history
}

// status is what a restart keeps of an alarm.
type status struct {
	State        State     `json:"state"`
	Reason       string    `json:"reason"`
	ReasonData   string    `json:"reasonData,omitempty"`
	Updated      time.Time `json:"updated"`      // when the state or its reason was set
	Transitioned time.Time `json:"transitioned"` // when the state became another
	Configured   time.Time `json:"configured"`
}

// created is the status of an alarm that is new.
func created(now time.Time) status {
	return status{State: InsufficientData, Reason: "Unchecked: Initial alarm creation",
		Updated: now, Transitioned: now, Configured: now}
}

// watch is what a metric alarm looks at, and what it makes of it.
type watch struct {
	queries []query
	ordered []*query // the expressions, each after those that it refers to
	simple  bool     // declared by a metric, not by queries
	minutes int      // of a period

	periods, datapoints int
	datapointsGiven     bool
	comparison          comparison
	threshold           float64
	thresholdID         string // of the query that is the band
	treatment           string
	treatmentGiven      bool
	ignoresLowSamples   bool
}

// query is a statistic of a metric, or an expression.
type query struct {
	id, label string
	returns   bool // it is what the alarm judges

	metric    *Metric
	key       string // of the metric, in the store
	unit      string
	statistic statistic

	source     string
	expression *metricmath.Expression
}

func (a *alarm) metrics() []Metric {
	var all []Metric
	if a.watch != nil {
		for _, q := range a.watch.queries {
			if q.metric != nil {
				all = append(all, *q.metric)
			}
		}
	}
	return all
}

// judged is the query that decides.
func (w *watch) judged() *query {
	for i := range w.queries {
		if w.queries[i].returns && w.queries[i].id != w.thresholdID {
			return &w.queries[i]
		}
	}
	return nil
}

func (w *watch) period() time.Duration { return time.Duration(w.minutes) * time.Minute }
