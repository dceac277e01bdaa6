package cloudwatch

import (
	"context"
	"slices"
	"strings"
	"time"

	"newsfeed/localcloud/endpoint"
)

type putInput struct {
	Namespace  string
	MetricData []datumShape
}

type datumShape struct {
	MetricName        string
	Dimensions        []dimensionShape
	Timestamp         *time.Time
	Value             *float64
	StatisticValues   *setShape
	Values, Counts    []float64
	Unit              string
	StorageResolution int
}

type setShape struct{ SampleCount, Sum, Minimum, Maximum float64 }

const mostData = 1000 // in a request (PutMetricData in the API reference)

func (s *Service) putMetricData(_ context.Context, region string, in *putInput) (*empty, error) {
	if in.Namespace == "" || strings.HasPrefix(in.Namespace, "AWS/") {
		return nil, endpoint.Errorf("InvalidParameterValue",
			"The value %s for parameter Namespace is invalid: those of AWS are its own", in.Namespace)
	}
	if len(in.MetricData) > mostData {
		return nil, endpoint.Errorf("InvalidParameterValue",
			"The collection MetricData must not have a size greater than %d.", mostData)
	}
	for _, d := range in.MetricData {
		if d.MetricName == "" || len(d.Dimensions) > maxDimensions || d.Unit != "" && !slices.Contains(units, d.Unit) ||
			len(d.Counts) > 0 && len(d.Counts) != len(d.Values) {
			return nil, endpoint.Errorf("InvalidParameterValue",
				"MetricData %s: it needs a name, up to %d dimensions, a unit of CloudWatch, and a count for each value",
				d.MetricName, maxDimensions)
		}
	}
	now := s.clock.Now()
	for _, d := range in.MetricData {
		m := metricShape{in.Namespace, d.MetricName, d.Dimensions}.metric()
		for _, one := range d.samples(now) {
			s.store.put(region, m, one, now)
		}
	}
	return &empty{}, nil
}

func (d datumShape) samples(now time.Time) []sample {
	base := sample{unit: d.Unit, at: now}
	if d.Timestamp != nil {
		base.at = *d.Timestamp
	}
	if set := d.StatisticValues; set != nil {
		base.set = &summary{sum: set.Sum, min: set.Minimum, max: set.Maximum, count: set.SampleCount}
		return []sample{base}
	}
	if d.Value != nil {
		base.values = []float64{*d.Value}
		return []sample{base}
	}
	var all []sample
	for i, v := range d.Values {
		one := base
		one.values = []float64{v}
		if len(d.Counts) > 0 {
			one.count = d.Counts[i]
		}
		all = append(all, one)
	}
	return all
}
