package cloudwatch

import "time"

// What an alarm is in the API (MetricAlarm and CompositeAlarm in the API
// reference). A pointer or a slice that is nil is not there.
type alarmShape struct {
	AlarmName, AlarmArn                                 string
	AlarmDescription                                    *string
	AlarmConfigurationUpdatedTimestamp                  time.Time
	ActionsEnabled                                      bool
	OKActions, AlarmActions, InsufficientDataActions    []string
	StateValue, StateReason                             string
	StateReasonData                                     *string
	StateUpdatedTimestamp, StateTransitionedTimestamp   time.Time
	MetricName, Namespace, Statistic, ExtendedStatistic *string
	Dimensions                                          []dimensionShape
	Period                                              *int
	Unit                                                *string
	EvaluationPeriods                                   int
	DatapointsToAlarm                                   *int
	Threshold                                           *float64
	ComparisonOperator                                  string
	TreatMissingData                                    *string
	EvaluateLowSampleCountPercentile                    *string
	Metrics                                             []queryShape
	ThresholdMetricId                                   *string
}

type compositeShape struct {
	ActionsEnabled                                    bool
	AlarmActions                                      []string
	AlarmArn                                          string
	AlarmConfigurationUpdatedTimestamp                time.Time
	AlarmDescription                                  *string
	AlarmName, AlarmRule                              string
	InsufficientDataActions, OKActions                []string
	StateReason                                       string
	StateReasonData                                   *string
	StateUpdatedTimestamp, StateTransitionedTimestamp time.Time
	StateValue                                        string
	ActionsSuppressedBy, ActionsSuppressor            *string
	ActionsSuppressorWaitPeriod                       *int
	ActionsSuppressorExtensionPeriod                  *int
}

type dimensionShape struct{ Name, Value string }

type metricShape struct {
	Namespace, MetricName string
	Dimensions            []dimensionShape
}

type statShape struct {
	Metric metricShape
	Period int
	Stat   string
	Unit   *string
}

type queryShape struct {
	Id         string
	MetricStat *statShape
	Expression *string
	Label      *string
	ReturnData *bool
	Period     *int
}

// given is a pointer to a value, or nil to the zero value.
func given[T comparable](v T) *T {
	if v == *new(T) {
		return nil
	}
	return &v
}

func dimensionShapes(m *Metric) []dimensionShape {
	all := []dimensionShape{}
	for _, d := range m.Dimensions {
		all = append(all, dimensionShape(d))
	}
	return all
}

func (a *alarm) shape() alarmShape {
	w, st := a.watch, a.status
	out := alarmShape{AlarmName: a.name, AlarmArn: a.arn, AlarmDescription: a.description,
		AlarmConfigurationUpdatedTimestamp: st.Configured, ActionsEnabled: a.actionsEnabled,
		OKActions: some(a.actions[OK]), AlarmActions: some(a.actions[Alarm]),
		InsufficientDataActions: some(a.actions[InsufficientData]),
		StateValue:              string(st.State), StateReason: st.Reason, StateReasonData: given(st.ReasonData),
		StateUpdatedTimestamp: st.Updated, StateTransitionedTimestamp: st.Transitioned,
		EvaluationPeriods: w.periods, ComparisonOperator: w.comparison.name, ThresholdMetricId: given(w.thresholdID)}
	if w.datapointsGiven {
		out.DatapointsToAlarm = &w.datapoints
	}
	if w.treatmentGiven {
		out.TreatMissingData = &w.treatment
	}
	if w.ignoresLowSamples {
		out.EvaluateLowSampleCountPercentile = given("ignore")
	}
	if !w.comparison.band {
		out.Threshold = &w.threshold
	}
	if !w.simple {
		for _, q := range w.queries {
			out.Metrics = append(out.Metrics, q.shape(w.minutes*60))
		}
		return out
	}
	q := w.judged()
	out.MetricName, out.Namespace, out.Dimensions = &q.metric.Name, &q.metric.Namespace, dimensionShapes(q.metric)
	out.Period, out.Unit = given(w.minutes*60), given(q.unit)
	if q.statistic.isPercentile() {
		out.ExtendedStatistic = &q.statistic.name
	} else {
		out.Statistic = &q.statistic.name
	}
	return out
}

func (q *query) shape(period int) queryShape {
	out := queryShape{Id: q.id, Expression: given(q.source), Label: given(q.label), ReturnData: &q.returns}
	if q.metric != nil {
		out.MetricStat = &statShape{Period: period, Stat: q.statistic.name, Unit: given(q.unit),
			Metric: metricShape{q.metric.Namespace, q.metric.Name, dimensionShapes(q.metric)}}
	}
	return out
}

func (a *alarm) compositeShape() compositeShape {
	st := a.status
	out := compositeShape{AlarmName: a.name, AlarmArn: a.arn, AlarmDescription: a.description,
		AlarmRule:                          a.composite.source,
		AlarmConfigurationUpdatedTimestamp: st.Configured, ActionsEnabled: a.actionsEnabled,
		OKActions: some(a.actions[OK]), AlarmActions: some(a.actions[Alarm]),
		InsufficientDataActions: some(a.actions[InsufficientData]),
		StateValue:              string(st.State), StateReason: st.Reason, StateReasonData: given(st.ReasonData),
		StateUpdatedTimestamp: st.Updated, StateTransitionedTimestamp: st.Transitioned}
	if s := a.composite.suppressor; s != nil {
		out.ActionsSuppressor, out.ActionsSuppressedBy = &s.alarm, given(s.by)
		out.ActionsSuppressorWaitPeriod = new(int(s.wait.Seconds()))
		out.ActionsSuppressorExtensionPeriod = new(int(s.extension.Seconds()))
	}
	return out
}
