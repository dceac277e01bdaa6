package cloudwatch

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"newsfeed/localcloud/cloud"
	"newsfeed/localcloud/cloudwatch/metricmath"
)

// metricProperties is a metric of a query, by the names of the property.
type metricProperties struct {
	Namespace, MetricName, Stat, Unit string
	Dimensions                        map[string]string
	Period                            float64
}

type queryProperties struct {
	ID, Expression, Label string
	Period                float64
	Metric                *metricProperties
	ReturnData            bool
}

func readWatch(r *cloud.Resource) (*watch, error) {
	w := &watch{periods: r.Int("evaluationPeriods", 0), datapoints: r.Int("datapointsToAlarm", 0),
		treatment:         r.String("treatMissingData"),
		thresholdID:       r.String("thresholdMetricId"),
		ignoresLowSamples: r.String("evaluateLowSampleCountPercentiles") == "ignore"}
	w.datapointsGiven, w.treatmentGiven = w.datapoints > 0, w.treatment != ""
	if !w.datapointsGiven {
		w.datapoints = w.periods
	}
	if !w.treatmentGiven {
		w.treatment = treatMissing
	}
	err := errors.Join(w.readQueries(r), w.readCondition(r))
	if err == nil {
		err = w.check()
	}
	return w, err
}

func (w *watch) readCondition(r *cloud.Resource) error {
	var errs []error
	var known bool
	if w.comparison, known = comparisonNamed(r.String("comparisonOperator")); !known {
		errs = append(errs, fmt.Errorf("comparisonOperator %q: there is no such", r.String("comparisonOperator")))
	}
	threshold, given := r.Outputs["threshold"].(float64)
	if w.threshold = threshold; given == w.comparison.band && known {
		errs = append(errs, fmt.Errorf("comparisonOperator %s: it needs threshold, or thresholdMetricId if it is about a band,"+
			" not both", w.comparison.name))
	}
	if known && w.comparison.band != (w.thresholdID != "") {
		errs = append(errs, fmt.Errorf("thresholdMetricId: it goes with a comparisonOperator about a band, and only with "+
			"one"))
	}
	if !slices.Contains(treatments, w.treatment) {
		errs = append(errs, fmt.Errorf("treatMissingData %q: one of %s", w.treatment, strings.Join(treatments, ", ")))
	}
	if w.periods < 1 || w.datapoints > w.periods {
		errs = append(errs, fmt.Errorf("evaluationPeriods is %d: at least 1, and at least datapointsToAlarm (%d)",
			w.periods, w.datapoints))
	}
	return errors.Join(errs...)
}

// readQueries reads the one metric of an alarm, or its queries.
func (w *watch) readQueries(r *cloud.Resource) error {
	var queries []queryProperties
	if err := r.Decode("metricQueries", &queries); err != nil {
		return fmt.Errorf("metricQueries: %w", err)
	}
	if w.simple = len(queries) == 0; w.simple {
		one := metricProperties{Namespace: r.String("namespace"), MetricName: r.String("metricName"), Unit: r.String("unit"),
			Period: float64(r.Int("period", 0)), Stat: r.String("statistic") + r.String("extendedStatistic")}
		if err := r.Decode("dimensions", &one.Dimensions); err != nil {
			return fmt.Errorf("dimensions: %w", err)
		}
		queries = []queryProperties{{ID: "m1", Metric: &one, ReturnData: true}}
	} else if r.String("metricName") != "" || r.String("statistic") != "" {
		return fmt.Errorf("metricQueries: they go without metricName, namespace, period and statistic")
	}
	if len(queries) > maxQueries {
		return fmt.Errorf("metricQueries: %d at most", maxQueries)
	}
	var errs []error
	period := 0.0
	for _, p := range queries {
		q, err := readQuery(r.Region, p)
		if err != nil {
			errs = append(errs, fmt.Errorf("query %s: %w", p.ID, err))
			continue
		}
		given := p.Period
		if p.Metric != nil {
			given = p.Metric.Period
		}
		if period == 0 {
			period = given
		} else if given != 0 && given != period {
			errs = append(errs, fmt.Errorf("query %s: its period is %g, that of another %g: all must have one", p.ID, given,
				period))
		}
		w.queries = append(w.queries, q)
	}
	if seconds := int(period); seconds < 60 || seconds%60 != 0 {
		errs = append(errs, fmt.Errorf("period %g: the local cloud has multiples of 60 s", period))
	}
	w.minutes = int(period) / 60
	return errors.Join(errs...)
}

var validID = regexp.MustCompile(`^[a-z][A-Za-z0-9_]{0,254}$`)

func readQuery(region string, p queryProperties) (q query, err error) {
	q = query{id: p.ID, label: p.Label, returns: p.ReturnData, source: p.Expression}
	switch {
	case !validID.MatchString(p.ID):
		return q, fmt.Errorf("id: a small letter, then letters, digits and underscores")
	case (p.Metric == nil) == (p.Expression == ""):
		return q, fmt.Errorf("it needs metric or expression, not both")
	case p.Metric == nil:
		q.expression, err = metricmath.Parse(p.Expression)
		return q, err
	}
	m := metricOf(p.Metric.Namespace, p.Metric.MetricName, p.Metric.Dimensions)
	if m.Namespace == "" || m.Name == "" {
		return q, fmt.Errorf("it needs namespace and metricName")
	}
	if len(m.Dimensions) > maxDimensions {
		return q, fmt.Errorf("%d dimensions at most", maxDimensions)
	}
	q.metric, q.key, q.unit = &m, m.key(region), p.Metric.Unit
	if q.statistic, err = parseStatistic(p.Metric.Stat); err != nil {
		return q, err
	}
	return q, m.exists(q.unit)
}

// check looks at the queries as a whole: which one is judged, what refers to
// what, and that each expression comes to series.
func (w *watch) check() error {
	returned := 0
	for _, q := range w.queries {
		if q.returns && q.id != w.thresholdID {
			returned++
		}
	}
	if returned != 1 {
		return fmt.Errorf("metricQueries: exactly one must have returnData besides the band, not %d", returned)
	}
	if w.comparison.band && !slices.ContainsFunc(w.queries, func(q query) bool {
		return q.id == w.thresholdID &&
			q.expression != nil
	}) {
		return fmt.Errorf("thresholdMetricId %q: no expression has that id", w.thresholdID)
	}
	length := w.periods + extraPeriods
	if time.Duration(w.periods)*w.period() > maxInterval {
		return fmt.Errorf("evaluationPeriods times period: a day at most")
	}
	if length*w.minutes > capacity {
		return fmt.Errorf("evaluationPeriods of %d minutes: the local cloud keeps %d minutes", w.minutes, capacity)
	}
	in := &metricmath.Input{Length: length, Period: w.period(), Series: map[string]metricmath.Series{}}
	empty := make(metricmath.Series, length)
	for _, q := range w.queries {
		if q.metric != nil {
			in.Metrics, in.Series[q.id] = append(in.Metrics, q.id), empty
		}
	}
	w.ordered = w.inOrder()
	for _, q := range w.ordered {
		out, err := q.expression.Eval(in)
		if err != nil {
			return fmt.Errorf("query %s: %w", q.id, err)
		}
		if want := w.wanted(q); want > 0 && len(out) != want {
			return fmt.Errorf("query %s: it comes to %d time series: an alarm watches one", q.id, len(out))
		}
		if len(out) == 1 {
			in.Series[q.id] = out[0]
		}
	}
	if len(in.Metrics)+len(w.ordered) != len(w.queries) {
		return fmt.Errorf("metricQueries: expressions that need each other, or what is not there")
	}
	return nil
}

// wanted is how many series a query must come to; 0 is any number.
func (w *watch) wanted(q *query) int {
	switch {
	case q.id == w.thresholdID:
		return 2
	case q.returns:
		return 1
	}
	return 0
}

// inOrder returns the expressions, each after those that it refers to; without
// those for which there is no such order.
func (w *watch) inOrder() []*query {
	var ordered []*query
	done := map[string]bool{}
	exists := map[string]bool{}
	for i := range w.queries {
		exists[w.queries[i].id] = true
		done[w.queries[i].id] = w.queries[i].metric != nil
	}
	for range w.queries {
		for i := range w.queries {
			q := &w.queries[i]
			if done[q.id] || slices.ContainsFunc(q.expression.IDs(), func(id string) bool { return exists[id] && !done[id] }) {
				continue
			}
			ordered, done[q.id] = append(ordered, q), true
		}
	}
	return ordered
}
