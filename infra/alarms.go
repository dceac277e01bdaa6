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

// What an alarm makes of minutes without data.
const (
	silenceIsFine  = "notBreaching" // no requests, no errors
	silenceIsBad   = "breaching"    // what always reports has stopped to
	silenceUnknown = "missing"      // nothing to say: neither alarm nor recovery
)

// alarm is one line of the catalogue.
type alarm struct {
	name       string
	metrics    []metric // named a, b, c, ... in the expression
	expression string   // none: the one metric itself
	below      bool     // alarms when below the threshold; otherwise above
	threshold  float64
	minutes    int    // in a row
	silence    string // on purpose, each time
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
		rule := ""
		for _, line := range catalogue(st) {
			declared := add(s, line.name, cloudwatch.NewMetricAlarm, line.args(s, alerting.Topic))
			a.arns = append(a.arns, declared.Arn)
			if line.pages {
				paging = append(paging, declared)
				rule += fmt.Sprintf(" OR ALARM(%q)", alarmName(s, line.name))
			}
		}
		if rule != "" {
			a.impaired(s, st, rule[len(" OR "):], paging)
		}
		line := regionHealth(st)
		add(s, line.name, cloudwatch.NewMetricAlarm, line.args(s, alerting.World), pulumi.Provider(alerting.Provider))
	})
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
		EvaluationPeriods:  pulumi.Int(a.minutes),
		TreatMissingData:   pulumi.String(a.silence),
		AlarmActions:       pulumi.Array{topic.Arn},
		OkActions:          pulumi.Array{topic.Arn},
		Tags:               named(s, a.name),
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
