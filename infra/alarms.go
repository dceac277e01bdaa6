package infra

import (
	"fmt"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/cloudwatch"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/sns"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// appNamespace holds the metrics that the app writes.
const appNamespace = "NewsFeed"

// metric is one series of CloudWatch, by the minute.
type metric struct {
	namespace, name, stat string
	dimensions            pulumi.StringMap
}

// silence is what an alarm makes of minutes without data.
type silence int

// silenceIsBad is told as such: the alarm goes to INSUFFICIENT_DATA, and says so.
// Were it breaching, a new stack would begin with all of these on, since alarms
// are made before their first metric; a new alarm has INSUFFICIENT_DATA already,
// and says nothing (CloudWatch: Configuring how alarms treat missing data).
const (
	silenceIsFine  silence = iota // no requests, no errors
	silenceIsBad                  // what always reports has stopped to
	silenceUnknown                // nothing to say: neither alarm nor recovery
)

// treatment is the silence as CloudWatch calls it.
func (s silence) treatment() string {
	if s == silenceIsFine {
		return "notBreaching"
	}
	return "missing"
}

// alarm is one line of the catalogue.
type alarm struct {
	name       string
	metrics    []metric // named a, b, c, ... in the expression
	expression string   // none: the one metric itself
	below      bool     // alarms when below the threshold; otherwise above
	threshold  float64
	minutes    int // that must be bad
	of         int // so many; none: in a row
	silence    silence
	pages      bool   // the region cannot serve; the rest warns
	reason     string // why this threshold, and what it means to users
	reach      string // who feels it
	run        string // what to type next
	runbook    string // anchor in docs/runbook.md
}

// description is what on-call reads, in Slack and in the console. The function
// that tells Slack takes it apart again by these lines.
func (a alarm) description() string {
	return fmt.Sprintf("%s\nReach: %s\nRun: %s\nRunbook: docs/runbook.md#%s", a.reason, a.reach, a.run, a.runbook)
}

// Alarms is the catalogue, declared. Each alarm tells the topic when it begins
// and when it ends; the composite is what wakes somebody up.
type Alarms struct {
	pulumi.ResourceState

	arns pulumi.StringArray // of all alarms in the region
}

// NewAlarms declares the catalogue of what the stack holds.
func NewAlarms(ctx *pulumi.Context, name string, st *stack, alerting *Alerting, opts ...pulumi.ResourceOption) (*Alarms, error) {
	a := &Alarms{}
	return a, component(ctx, "Alarms", name, a, opts, func(s *scope) {
		var paging []pulumi.Resource
		rule, served := "", ""
		for _, line := range catalogue(st) {
			if line.name == hasServed { // the first
				served = alarmName(s, hasServed)
			}
			declared := add(s, line.name, cloudwatch.NewMetricAlarm, line.args(s, alerting.Topic))
			a.arns = append(a.arns, declared.Arn)
			if line.pages || line.name == hasServed {
				paging = append(paging, declared)
			}
			if line.pages {
				rule += " OR " + line.rule(alarmName(s, line.name), served)
			}
		}
		if rule != "" {
			a.impaired(s, st, rule[len(" OR "):], paging)
		}
		line := regionHealth(st)
		add(s, line.name, cloudwatch.NewMetricAlarm, line.args(s, alerting.World), pulumi.Provider(alerting.Provider))
	})
}

// rule is when an alarm that pages does: when it is on, or when what must always
// report has stopped to in a region that has served. That alarm keeps its state
// without data: it is OK from the region's first healthy instance on. A region
// without instances has no such alarm, and AWS takes no rule with one that is not
// there.
func (a alarm) rule(name, served string) string {
	if a.silence != silenceIsBad || served == "" {
		return fmt.Sprintf("ALARM(%q)", name)
	}
	return fmt.Sprintf("ALARM(%q) OR (INSUFFICIENT_DATA(%q) AND OK(%q))", name, name, served)
}

// impaired is the alarm that pages: the region cannot do its work.
func (a *Alarms) impaired(s *scope, st *stack, rule string, of []pulumi.Resource) {
	topic := st.alerting.Topic
	line := alarm{reason: "PAGE: Users cannot use the service as they should: see which alarm below is on.",
		reach: reachesRegion, run: st.command(showAlarms), runbook: "region-impaired"}
	add(s, "region-impaired", cloudwatch.NewCompositeAlarm, &cloudwatch.CompositeAlarmArgs{
		AlarmName:        pulumi.String(alarmName(s, "region-impaired")),
		AlarmDescription: pulumi.String(line.description()),
		AlarmRule:        pulumi.String(rule),
		AlarmActions:     pulumi.StringArray{topic.Arn},
		OkActions:        pulumi.StringArray{topic.Arn},
		Tags:             named(s, "region-impaired"),
	}, pulumi.DependsOn(of))
}

func alarmName(s *scope, role string) string {
	return fmt.Sprintf("%s-%s-%s", s.ctx.Project(), s.ctx.Stack(), role)
}

func (a alarm) args(s *scope, topic *sns.TopicPolicy) *cloudwatch.MetricAlarmArgs {
	comparison := "GreaterThanThreshold"
	if a.below {
		comparison = "LessThanThreshold"
	}
	args := &cloudwatch.MetricAlarmArgs{
		Name:               pulumi.String(alarmName(s, a.name)),
		AlarmDescription:   pulumi.String(a.description()),
		ComparisonOperator: pulumi.String(comparison),
		Threshold:          pulumi.Float64(a.threshold),
		EvaluationPeriods:  pulumi.Int(max(a.of, a.minutes)),
		TreatMissingData:   pulumi.String(a.silence.treatment()),
		AlarmActions:       pulumi.Array{topic.Arn},
		OkActions:          pulumi.Array{topic.Arn},
		Tags:               named(s, a.name),
	}
	if a.of > 0 {
		args.DatapointsToAlarm = pulumi.Int(a.minutes)
	}
	if a.silence == silenceIsBad {
		args.InsufficientDataActions = pulumi.Array{topic.Arn}
	}
	if a.name == hasServed {
		args.TreatMissingData = pulumi.String("ignore")
		args.AlarmActions, args.OkActions = nil, nil
	}
	if a.expression == "" {
		a.metrics[0].watched(args)
		return args
	}
	queries := cloudwatch.MetricAlarmMetricQueryArray{cloudwatch.MetricAlarmMetricQueryArgs{
		Id: pulumi.String("result"), Expression: pulumi.String(a.expression), Label: pulumi.String(a.name), ReturnData: pulumi.Bool(true)}}
	for i, m := range a.metrics {
		queries = append(queries, cloudwatch.MetricAlarmMetricQueryArgs{
			Id: pulumi.String(letters[i : i+1]),
			Metric: cloudwatch.MetricAlarmMetricQueryMetricArgs{
				Namespace: pulumi.String(m.namespace), MetricName: pulumi.String(m.name), Dimensions: m.dimensions,
				Stat: pulumi.String(m.stat), Period: pulumi.Int(60)},
		})
	}
	args.MetricQueries = queries
	return args
}

// letters name the metrics of an expression.
const letters = "abcdefghij"

// watched makes m the metric of an alarm without an expression.
func (m metric) watched(args *cloudwatch.MetricAlarmArgs) {
	args.Namespace, args.MetricName = pulumi.String(m.namespace), pulumi.String(m.name)
	args.Dimensions, args.Period = m.dimensions, pulumi.Int(60)
	switch m.stat {
	case "Average", "Maximum", "Minimum", "SampleCount", "Sum":
		args.Statistic = pulumi.String(m.stat)
	default:
		args.ExtendedStatistic = pulumi.String(m.stat) // a percentile
	}
}
