package cloudwatch

import (
	"context"
	"math"
	"slices"
	"time"

	"newsfeed/localcloud/cloudwatch/metricmath"
	"newsfeed/localcloud/endpoint"
)

func (m metricShape) metric() Metric {
	out := Metric{Namespace: m.Namespace, Name: m.MetricName}
	for _, d := range m.Dimensions {
		out.Dimensions = append(out.Dimensions, Dimension(d))
	}
	return out.sorted()
}

type dataInput struct {
	MetricDataQueries  []queryShape
	StartTime, EndTime time.Time
	ScanBy             string
	MaxDatapoints      int
	NextToken          string
}

type dataOutput struct{ MetricDataResults []resultShape }

type resultShape struct {
	Id, Label  string
	Timestamps []time.Time
	Values     []float64
	StatusCode string
}

// span is the time of a request, in whole periods that begin with the first.
type span struct {
	from    time.Time
	period  time.Duration
	periods int
}

// spanOf cuts a request down to what a series can have.
func spanOf(from, to time.Time, seconds int) (span, error) {
	if seconds <= 0 || seconds >= 60 && seconds%60 != 0 {
		return span{}, endpoint.Errorf("InvalidParameterValue", "Period %d: 1, 5, 10, 20, 30 or a multiple of 60", seconds)
	}
	if !from.Before(to) {
		return span{}, endpoint.Errorf("InvalidParameterValue", "StartTime must be before EndTime")
	}
	period := time.Duration(seconds) * time.Second
	from = from.Truncate(period)
	periods := int(math.Ceil(float64(to.Sub(from)) / float64(period)))
	if most := capacity; periods > most {
		from, periods = from.Add(time.Duration(periods-most)*period), most
	}
	return span{from, period, periods}, nil
}

// getMetricData answers all queries by the wall clock.
func (s *Service) getMetricData(_ context.Context, region string, in *dataInput) (*dataOutput, error) {
	math, sp, err := s.dataOf(region, in)
	if err != nil {
		return nil, err
	}
	out := &dataOutput{MetricDataResults: []resultShape{}}
	for i := range in.MetricDataQueries {
		q := &in.MetricDataQueries[i]
		if q.ReturnData != nil && !*q.ReturnData {
			continue
		}
		all, label := []metricmath.Series{math.Series[q.Id]}, q.Id
		if q.MetricStat != nil {
			label = q.MetricStat.Metric.MetricName
		} else if all, err = evaluated(*q.Expression, math); err != nil {
			return nil, err
		}
		if q.Label != nil {
			label = *q.Label
		}
		for _, series := range all {
			out.MetricDataResults = append(out.MetricDataResults, result(q.Id, label, series, sp, in.ScanBy))
		}
	}
	return out, nil
}

// dataOf reads the metrics of a request, and evaluates the expressions that
// others refer to.
func (s *Service) dataOf(region string, in *dataInput) (*metricmath.Input, span, error) {
	seconds := 0
	for _, q := range in.MetricDataQueries {
		if q.MetricStat == nil && q.Expression == nil {
			return nil, span{}, endpoint.Errorf("ValidationError", "query %s: it needs MetricStat or Expression", q.Id)
		}
		if q.MetricStat != nil && seconds == 0 {
			seconds = q.MetricStat.Period
		} else if q.MetricStat != nil && seconds != q.MetricStat.Period {
			return nil, span{}, endpoint.Errorf("ValidationError", "query %s: the local cloud takes one period in a request",
				q.Id)
		}
	}
	sp, err := spanOf(in.StartTime, in.EndTime, seconds)
	if err != nil {
		return nil, sp, err
	}
	math := &metricmath.Input{Length: sp.periods, Period: sp.period, Series: map[string]metricmath.Series{}}
	for _, q := range in.MetricDataQueries {
		if q.MetricStat == nil {
			continue
		}
		st, err := parseStatistic(q.MetricStat.Stat)
		if err != nil {
			return nil, sp, endpoint.Errorf("ValidationError", "query %s: %v", q.Id, err)
		}
		values := make(metricmath.Series, sp.periods)
		for i, p := range s.store.between(q.MetricStat.Metric.metric().key(region), sp.from, sp.period, sp.periods) {
			values[i] = st.of(p, 1)
		}
		math.Metrics, math.Series[q.Id] = append(math.Metrics, q.Id), values
	}
	for range in.MetricDataQueries { // each round settles at least one that others need
		for _, q := range in.MetricDataQueries {
			if q.Expression == nil || math.Series[q.Id] != nil {
				continue
			}
			if out, err := evaluated(*q.Expression, math); err == nil && len(out) == 1 {
				math.Series[q.Id] = out[0]
			}
		}
	}
	return math, sp, nil
}

func evaluated(source string, in *metricmath.Input) ([]metricmath.Series, error) {
	e, err := metricmath.Parse(source)
	var all []metricmath.Series
	if err == nil {
		all, err = e.Eval(in)
	}
	if err != nil {
		return nil, endpoint.Errorf("ValidationError", "Error in expression: %v", err)
	}
	return all, nil
}

func result(id, label string, values metricmath.Series, sp span, scanBy string) resultShape {
	r := resultShape{Id: id, Label: label, Timestamps: []time.Time{}, Values: []float64{}, StatusCode: "Complete"}
	for i, v := range values {
		if !metricmath.IsMissing(v) {
			r.Timestamps, r.Values = append(r.Timestamps, sp.from.Add(time.Duration(i)*sp.period).UTC()), append(r.Values, v)
		}
	}
	if scanBy != "TimestampAscending" {
		slices.Reverse(r.Timestamps)
		slices.Reverse(r.Values)
	}
	return r
}

type statisticsInput struct {
	Namespace, MetricName          string
	Dimensions                     []dimensionShape
	StartTime, EndTime             time.Time
	Period                         int
	Statistics, ExtendedStatistics []string
	Unit                           string
}

type statisticsOutput struct {
	Label      string
	Datapoints []statisticsShape
}

type statisticsShape struct {
	Timestamp                                   time.Time
	SampleCount, Average, Sum, Minimum, Maximum *float64
	Unit                                        string
	ExtendedStatistics                          map[string]float64
}

func (s *Service) getMetricStatistics(_ context.Context, region string, in *statisticsInput) (*statisticsOutput,
	error) {
	sp, err := spanOf(in.StartTime, in.EndTime, in.Period)
	if err != nil {
		return nil, err
	}
	var wanted []statistic
	for _, name := range append(slices.Clone(in.Statistics), in.ExtendedStatistics...) {
		st, err := parseStatistic(name)
		if err != nil {
			return nil, endpoint.Errorf("InvalidParameterValue", "%v", err)
		}
		wanted = append(wanted, st)
	}
	key := metricShape{in.Namespace, in.MetricName, in.Dimensions}.metric().key(region)
	out := &statisticsOutput{Label: in.MetricName, Datapoints: []statisticsShape{}}
	for i, p := range s.store.between(key, sp.from, sp.period, sp.periods) {
		if p.count == 0 {
			continue
		}
		d := statisticsShape{Timestamp: sp.from.Add(time.Duration(i) * sp.period).UTC(), Unit: s.store.unitOf(key)}
		for _, st := range wanted {
			d.set(st, st.of(p, 1))
		}
		out.Datapoints = append(out.Datapoints, d)
	}
	return out, nil
}

func (d *statisticsShape) set(st statistic, v float64) {
	if place, isPlain := map[string]**float64{"SampleCount": &d.SampleCount, "Average": &d.Average, "Sum": &d.Sum,
		"Minimum": &d.Minimum, "Maximum": &d.Maximum}[st.name]; isPlain {
		*place = &v
		return
	}
	if d.ExtendedStatistics == nil {
		d.ExtendedStatistics = map[string]float64{}
	}
	if !metricmath.IsMissing(v) {
		d.ExtendedStatistics[st.name] = v
	}
}

type filterShape struct {
	Name  string
	Value *string
}

type listInput struct {
	Namespace, MetricName string
	Dimensions            []filterShape
	RecentlyActive        string
	NextToken             string
}

type listOutput struct {
	Metrics   []metricShape
	NextToken *string
}

func (s *Service) listMetrics(_ context.Context, region string, in *listInput) (*listOutput, error) {
	found := []metricShape{}
	for _, one := range s.store.list(region) {
		m := one.metric
		if (in.Namespace == "" || in.Namespace == m.Namespace) && (in.MetricName == "" || in.MetricName == m.Name) &&
			m.has(in.Dimensions) {
			found = append(found, metricShape{m.Namespace, m.Name, dimensionShapes(&m)})
		}
	}
	found, next, err := page(found, 0, in.NextToken)
	return &listOutput{found, next}, err
}

func (m Metric) has(filters []filterShape) bool {
	for _, f := range filters {
		if !slices.ContainsFunc(m.Dimensions, func(d Dimension) bool {
			return d.Name == f.Name && (f.Value == nil ||
				*f.Value == d.Value)
		}) {
			return false
		}
	}
	return true
}
