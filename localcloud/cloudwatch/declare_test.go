package cloudwatch

import (
	"strings"
	"testing"
)

func TestRefusedAlarms(t *testing.T) {
	t.Parallel()
	of := func(namespace, name, stat string, dimensions map[string]any) map[string]any {
		return map[string]any{"namespace": namespace, "metricName": name, "statistic": stat, "dimensions": dimensions}
	}
	balancer, group := map[string]any{"LoadBalancer": "app/a/1"}, map[string]any{"LoadBalancer": "app/a/1", "TargetGroup": "targetgroup/b/2"}
	for sentence, c := range map[string]struct {
		change map[string]any
		want   string // "": it is taken
	}{
		"a name that AWS does not have": {of("AWS/SQS", "QueueDepth", "Maximum", map[string]any{"QueueName": "q"}),
			"sqs-available-cloudwatch-metrics.html"},
		"dimensions that AWS does not have": {of("AWS/SQS", "NumberOfMessagesSent", "Sum", map[string]any{"Queue": "q"}),
			"[[QueueName]]"},
		"no dimension where AWS has one": {of("AWS/RDS", "ReplicaLag", "Maximum", map[string]any{"DBClusterIdentifier": "d"}),
			"never emitted"},
		"a balancer's answer by target group":    {of("AWS/ApplicationELB", "HTTPCode_ELB_5XX_Count", "Sum", group), "never emitted"},
		"healthy hosts of a balancer as a whole": {of("AWS/ApplicationELB", "HealthyHostCount", "Minimum", balancer), "never emitted"},
		"healthy hosts of a target group":        {of("AWS/ApplicationELB", "HealthyHostCount", "Minimum", group), ""},
		"a namespace that nobody knows":          {of("AWS/Nothing", "X", "Sum", nil), "the local cloud knows"},
		"a namespace of one's own":               {of("Mine", "Anything", "Sum", nil), ""},
		"a unit that no CloudWatch has":          {map[string]any{"unit": "Parsecs"}, "no such unit"},
		"a unit that the metric has not": {map[string]any{"namespace": "AWS/SQS", "metricName": "NumberOfMessagesSent",
			"dimensions": map[string]any{"QueueName": "q"}, "unit": "Bytes"}, "its unit is Count"},
		"an operator that is none":          {map[string]any{"comparisonOperator": ">"}, "there is no such"},
		"a treatment that is none":          {map[string]any{"treatMissingData": "ok"}, "one of missing, ignore"},
		"a statistic that is none":          {map[string]any{"statistic": "Median"}, `statistic "Median"`},
		"a percentile beyond all":           {map[string]any{"statistic": nil, "extendedStatistic": "p101"}, `statistic "p101"`},
		"no threshold":                      {map[string]any{"threshold": nil}, "it needs threshold"},
		"more points to alarm than periods": {map[string]any{"datapointsToAlarm": 2.0}, "at least datapointsToAlarm"},
		"no periods":                        {map[string]any{"evaluationPeriods": 0.0}, "at least 1"},
		"a period of half a minute":         {map[string]any{"period": 30.0}, "multiples of 60 s"},
		"more than a day":                   {map[string]any{"period": 3600.0, "evaluationPeriods": 25.0}, "a day at most"},
		"more than is kept":                 {map[string]any{"evaluationPeriods": 200.0}, "keeps 96 minutes"},
		"too many actions":                  {map[string]any{"okActions": []any{"1", "2", "3", "4", "5", "6"}}, "okActions: 5 at most"},
		"a description that is too long":    {map[string]any{"alarmDescription": strings.Repeat("x", 1025)}, "1024 characters"},
		"a metric and queries": {map[string]any{"metricQueries": []any{map[string]any{"id": "a", "expression": "b"}}},
			"they go without metricName"},
		"an expression that cannot be read":      {formula("a +", map[string]string{"a": "X"}), "it ends too early"},
		"an expression that comes to a number":   {formula("SUM(a)", map[string]string{"a": "X"}), "the result is a number"},
		"an expression that comes to two series": {formula("[a, a]", map[string]string{"a": "X"}), "an alarm watches one"},
		"an expression about what is not there":  {formula("a + b", map[string]string{"a": "X"}), `no metric or expression "b"`},
		"an expression that needs itself":        {formula("result + a", map[string]string{"a": "X"}), "need each other"},
		"a search":                               {formula("SEARCH('x', 'Sum')", nil), "does not have the function SEARCH"},
		"an id in capitals":                      {formula("A", map[string]string{"A": "X"}), "a small letter"},
		"queries of which none is the alarm's": {map[string]any{"metricName": nil, "statistic": nil,
			"metricQueries": []any{map[string]any{"id": "a", "metric": map[string]any{"namespace": "N", "metricName": "M", "stat": "Sum",
				"period": 60.0}}}}, "exactly one must have returnData"},
		"a band without an operator about a band": {map[string]any{"thresholdMetricId": "m1"},
			"it goes with a comparisonOperator about a band"},
	} {
		err := newWorld(t, 60).apply("x", c.change)
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", sentence, err, c.want)
		}
	}
}

// Every metric in the table has a unit that there is and a page that says so.
func TestNamespaces(t *testing.T) {
	t.Parallel()
	if n := len(namespaces()); n != 14 {
		t.Errorf("%d namespaces, want 14", n)
	}
	for name, n := range namespaces() {
		if !strings.HasPrefix(n.Source, "https://docs.aws.amazon.com/") || len(n.Dimensions) == 0 || len(n.Metrics) == 0 {
			t.Errorf("%s: %+v", name, n)
		}
		for unit, metrics := range n.Metrics {
			for _, metric := range metrics {
				for _, set := range n.setsOf(metric) {
					m := map[string]string{}
					for _, dimension := range set {
						m[dimension] = "x"
					}
					if unit == unnamed {
						unit = ""
					}
					if err := metricOf(name, metric, m).exists(unit); err != nil {
						t.Error(err)
					}
				}
			}
		}
		for _, o := range n.Only {
			for _, metric := range o.Metrics {
				if _, known := n.unitOf(metric); !known {
					t.Errorf("%s: dimensions of %s, which is no metric", name, metric)
				}
			}
		}
	}
}
