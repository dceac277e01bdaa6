package rules

import (
	"regexp"
	"slices"
	"strings"
)

const putAlarm = "CloudWatch API, PutMetricAlarm"

// retention is how many days a log group may keep.
var retention = []float64{0, 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557,
	2922, 3288, 3653}

// watchRules are of CloudWatch and EventBridge.
var watchRules = map[string][]rule{
	"aws:cloudwatch/metricAlarm:MetricAlarm": {
		{"an alarm is on a metric, or on an expression of ten at most", putAlarm + "; MetricDataQuery", alarmSubject},
		{"a period is 10, 20, 30 seconds or minutes, within a day", putAlarm + ": Period, EvaluationPeriods", alarmPeriods},
		{"an alarm has a threshold, or a band", putAlarm + ": ComparisonOperator, ThresholdMetricId", alarmThreshold},
	},
	"aws:cloudwatch/compositeAlarm:CompositeAlarm": {
		{"a rule is a rule", "CloudWatch API, PutCompositeAlarm: AlarmRule", func(r *declared) {
			if rule := r.text("alarmRule"); rule != "" {
				err := alarmRule(rule)
				r.require(err == nil, "alarmRule", "is %.80q, which is none: %v", rule, err)
			}
		}},
	},
	"aws:cloudwatch/eventRule:EventRule": {
		{"a rule has a pattern or a schedule", "EventBridge API, PutRule", func(r *declared) {
			r.require(r.count("eventPattern", "scheduleExpression") > 0, "eventPattern", "is not given, nor is scheduleExpression")
		}},
	},
	"aws:cloudwatch/logGroup:LogGroup": {
		{"logs are kept for certain numbers of days", "CloudWatch Logs API, PutRetentionPolicy", func(r *declared) {
			days, given := r.number("retentionInDays")
			r.require(!given || slices.Contains(retention, days), "retentionInDays", "is %v, must be one of %v", days, retention)
		}},
	},
}

var (
	queryID  = regexp.MustCompile(`^[a-z][a-zA-Z0-9_]*$`)
	extended = regexp.MustCompile(`^(p(100|\d{1,2}(\.\d{1,10})?)|(tm|wm|tc|ts)\d{1,2}(\.\d+)?|IQM|((PR|TM|TC|TS|WM)\(.*\)))$`)
	simple   = []string{"SampleCount", "Average", "Sum", "Minimum", "Maximum"}
)

func alarmSubject(r *declared) {
	r.one("metricName", "metricQueries")
	if r.given("metricName") {
		for _, needed := range []string{"namespace", "period"} {
			r.require(r.given(needed), needed, "is not given, but metricName is")
		}
		r.one("statistic", "extendedStatistic")
	}
	if stat := r.text("statistic"); stat != "" {
		r.require(slices.Contains(simple, stat), "statistic", "is %q, must be one of %v", stat, simple)
	}
	if stat := r.text("extendedStatistic"); stat != "" {
		r.require(extended.MatchString(stat), "extendedStatistic", "is %q, must be like p99 or tm90", stat)
	}
	queries, ids, metrics, returned := r.elements("metricQueries"), map[string]bool{}, 0, map[string]bool{}
	for _, q := range queries {
		id := q.text("id")
		r.require(queryID.MatchString(id) || id == "", q.path+".id", "is %q, must begin with a small letter", id)
		r.require(id == "" || !ids[id], q.path+".id", "is %q, which is there twice", id)
		ids[id] = true
		r.require(q.count("expression", "metric") == 1, q.path, "must have one of expression and metric")
		if q.given("metric") {
			metrics++
			stat := q.text("metric.stat")
			r.require(q.given("metric.namespace"), q.path+".metric.namespace", "is not given")
			r.require(stat == "" || slices.Contains(simple, stat) || extended.MatchString(stat), q.path+".metric.stat",
				"is %q, must be one of %v or like p99", stat, simple)
		}
		if q.yes("returnData") {
			returned[id] = true
		}
	}
	most := 1
	if band := r.text("thresholdMetricId"); returned[band] {
		most = 2 // the band, and what it is around
	}
	r.require(len(queries) == 0 || len(returned) >= 1 && len(returned) <= most, "metricQueries",
		"return the data of %d, must of one, or of one and its band", len(returned))
	r.require(metrics <= 10, "metricQueries", "have %d metrics, may have ten", metrics)
	r.references(queries, ids)
}

var (
	quoted    = regexp.MustCompile(`'[^']*'|"[^"]*"`)
	reference = regexp.MustCompile(`\b[a-z][a-zA-Z0-9_]*\b\s*\(?`)
)

// references holds the names in expressions to the queries that there are: what else
// metric math has is in capitals. A SELECT names metrics by themselves.
func (r *declared) references(queries []part, ids map[string]bool) {
	for _, q := range queries {
		expression := q.text("expression")
		if strings.HasPrefix(strings.ToUpper(strings.TrimSpace(expression)), "SELECT") {
			continue
		}
		for _, id := range reference.FindAllString(quoted.ReplaceAllString(expression, ""), -1) {
			function := strings.HasSuffix(id, "(")
			id = strings.TrimSpace(id)
			r.require(function || ids[id] || ids[""], q.path+".expression", "is %q, but there is no query %s", expression, id)
		}
	}
}

// bands are the comparisons with the band of an anomaly detector.
var bands = []string{"LessThanLowerOrGreaterThanUpperThreshold", "LessThanLowerThreshold", "GreaterThanUpperThreshold"}

func alarmThreshold(r *declared) {
	r.require(r.count("threshold", "thresholdMetricId") == 1, "threshold", "or thresholdMetricId must be given, and not both")
	operator := r.text("comparisonOperator")
	r.require(!slices.Contains(bands, operator) || !r.given("threshold"), "comparisonOperator",
		"is %q, which compares with a band: that of thresholdMetricId", operator)
	for _, actions := range []string{"alarmActions", "okActions", "insufficientDataActions"} {
		v, known := r.at(actions)
		r.require(!known || !v.IsArray() || len(v.ArrayValue()) <= 5, actions, "are more than five")
	}
}

func alarmPeriods(r *declared) {
	period, given := r.number("period")
	whole := period == 10 || period == 20 || period == 30 || period > 0 && int(period)%60 == 0
	r.require(!given || whole, "period", "is %v, must be 10, 20, 30 or a multiple of 60", period)
	for _, q := range r.elements("metricQueries") {
		if p, ok := q.number("metric.period"); ok {
			whole := p == 10 || p == 20 || p == 30 || p > 0 && int(p)%60 == 0
			r.require(whole, q.path+".metric.period", "is %v, must be 10, 20, 30 or a multiple of 60", p)
			given, period = true, max(period, p)
		}
	}
	periods, counted := r.number("evaluationPeriods")
	r.require(!counted || periods >= 1, "evaluationPeriods", "is %v, must be at least 1", periods)
	longest := 86400.0
	if period >= 3600 {
		longest = 604800
	}
	r.require(!given || !counted || period*periods <= longest, "evaluationPeriods",
		"is %v, which with a period of %v is more than %v seconds", periods, period, longest)
	points, some := r.number("datapointsToAlarm")
	r.require(!some || !counted || points >= 1 && points <= periods, "datapointsToAlarm",
		"is %v, must be from 1 to evaluationPeriods %v", points, periods)
}
