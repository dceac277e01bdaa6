package cloudwatch

import (
	"fmt"
	"strings"
	"time"
)

// Action is what an alarm wants done because of its state.
type Action struct {
	ARN              string // of the topic, the scaling policy or the function
	Region           string
	Alarm, AlarmARN  string
	Old, New         State
	At               time.Time
	Subject, Message string // what a topic is sent
	Repeated         bool   // the state is not new: Auto Scaling is told again
}

// message is what CloudWatch publishes to SNS. Its fields, their order and the
// spelling of each are those of messages that AWS has sent.
type message struct {
	AlarmName                          string
	AlarmDescription                   *string
	AWSAccountID                       string `json:"AWSAccountId"`
	AlarmConfigurationUpdatedTimestamp string
	NewStateValue                      State
	NewStateReason                     string
	StateChangeTime                    string
	Region                             string
	AlarmARN                           string `json:"AlarmArn"`
	OldStateValue                      State
	OKActions                          []string
	AlarmActions                       []string
	InsufficientDataActions            []string
	Trigger                            *trigger       `json:",omitempty"`
	AlarmRule                          string         `json:",omitempty"`
	TriggeringChildren                 *[]messageRule `json:",omitempty"`
}

type messageRule struct {
	ARN   string `json:"Arn"`
	State struct {
		Value     State
		Timestamp string
	}
}

type trigger struct {
	*simpleTrigger
	Period                           int
	EvaluationPeriods                int
	DatapointsToAlarm                int `json:",omitempty"`
	ComparisonOperator               string
	Threshold                        *number64 `json:",omitempty"`
	ThresholdMetricID                string    `json:"ThresholdMetricId,omitempty"`
	TreatMissingData                 string
	EvaluateLowSampleCountPercentile string
	Metrics                          []messageQuery `json:",omitempty"`
}

type simpleTrigger struct {
	MetricName, Namespace, StatisticType string
	Statistic                            string `json:",omitempty"`
	ExtendedStatistic                    string `json:",omitempty"`
	Unit                                 *string
	Dimensions                           []messageDimension
}

type messageDimension struct {
	Value string `json:"value"`
	Name  string `json:"name"`
}

type messageQuery struct {
	Expression string `json:",omitempty"`
	ID         string `json:"Id"`
	Label      string `json:",omitempty"`
	MetricStat *struct {
		Metric struct {
			Dimensions            []messageDimension
			MetricName, Namespace string
		}
		Period int
		Stat   string
		Unit   string `json:",omitempty"`
	} `json:",omitempty"`
	ReturnData bool
}

// account is the number within an ARN.
func account(arn string) string {
	if parts := strings.Split(arn, ":"); len(parts) > 4 {
		return parts[4]
	}
	return ""
}

func (a *alarm) action(arn string, from State) Action {
	text := encode(a.message(from))
	return Action{ARN: arn, Region: a.region, Alarm: a.name, AlarmARN: a.arn, Old: from, New: a.status.State,
		At: a.status.Updated, Message: text,
		Subject: truncated(fmt.Sprintf("%s: %q in %s", a.status.State, a.name, regionName(a.region)))}
}

// truncated keeps a subject within the 100 characters that SNS takes.
func truncated(subject string) string { return subject[:min(len(subject), 100)] }

func (a *alarm) message(from State) message {
	m := message{
		AlarmName: a.name, AlarmDescription: a.description, AWSAccountID: account(a.arn),
		AlarmConfigurationUpdatedTimestamp: stamp(a.status.Configured),
		NewStateValue:                      a.status.State, NewStateReason: a.status.Reason,
		StateChangeTime: stamp(a.status.Updated),
		Region:          regionName(a.region), AlarmARN: a.arn, OldStateValue: from,
		OKActions: some(a.actions[OK]), AlarmActions: some(a.actions[Alarm]),
		InsufficientDataActions: some(a.actions[InsufficientData]),
	}
	if a.composite != nil {
		m.AlarmRule = a.composite.source
		m.TriggeringChildren = new(triggeringChildren(a.status.ReasonData))
		return m
	}
	m.Trigger = a.watch.trigger()
	return m
}

func some(list []string) []string {
	if list == nil {
		return []string{}
	}
	return list
}

func (w *watch) trigger() *trigger {
	t := &trigger{Period: w.minutes * 60, EvaluationPeriods: w.periods, ComparisonOperator: w.comparison.name,
		ThresholdMetricID: w.thresholdID}
	if w.datapointsGiven {
		t.DatapointsToAlarm = w.datapoints
	}
	if !w.comparison.band {
		t.Threshold = new(number64(w.threshold))
	}
	if w.treatmentGiven {
		t.TreatMissingData = w.treatment
	}
	if w.ignoresLowSamples {
		t.EvaluateLowSampleCountPercentile = "ignore"
	}
	if w.simple {
		t.simpleTrigger = w.judged().simpleTrigger()
		return t
	}
	for _, q := range w.queries {
		t.Metrics = append(t.Metrics, q.message(t.Period))
	}
	return t
}

func (q *query) simpleTrigger() *simpleTrigger {
	s := &simpleTrigger{MetricName: q.metric.Name, Namespace: q.metric.Namespace, Dimensions: messageDimensions(q.metric)}
	if q.statistic.isPercentile() {
		s.StatisticType, s.ExtendedStatistic = "ExtendedStatistic", q.statistic.name
	} else {
		s.StatisticType, s.Statistic = "Statistic", shouted[q.statistic.name]
	}
	if q.unit != "" {
		s.Unit = &q.unit
	}
	return s
}

// shouted are statistics as messages have them.
var shouted = map[string]string{"SampleCount": "SAMPLE_COUNT", "Average": "AVERAGE", "Sum": "SUM",
	"Minimum": "MINIMUM", "Maximum": "MAXIMUM"}

func messageDimensions(m *Metric) []messageDimension {
	all := []messageDimension{}
	for _, d := range m.Dimensions {
		all = append(all, messageDimension{d.Value, d.Name})
	}
	return all
}

func (q *query) message(period int) messageQuery {
	m := messageQuery{Expression: q.source, ID: q.id, Label: q.label, ReturnData: q.returns}
	if q.metric == nil {
		return m
	}
	m.MetricStat = &struct {
		Metric struct {
			Dimensions            []messageDimension
			MetricName, Namespace string
		}
		Period int
		Stat   string
		Unit   string `json:",omitempty"`
	}{Period: period, Stat: q.statistic.name, Unit: q.unit}
	m.MetricStat.Metric.Dimensions = messageDimensions(q.metric)
	m.MetricStat.Metric.MetricName, m.MetricStat.Metric.Namespace = q.metric.Name, q.metric.Namespace
	return m
}
