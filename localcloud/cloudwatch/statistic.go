package cloudwatch

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// summary is what is known of the values of a period.
type summary struct {
	sum, min, max float64
	count         float64
	sketch        *sketch // nil when all values are one, or their sketch is gone
}

func (s *summary) add(v, count float64) {
	if s.count == 0 {
		s.min, s.max = v, v
	}
	s.min, s.max = min(s.min, v), max(s.max, v)
	s.sum += v * count
	s.count += count
}

func (s *summary) merge(o summary) {
	if o.count == 0 {
		return
	}
	if s.count == 0 {
		s.min, s.max = o.min, o.max
	}
	if o.sketch != nil || s.sketch != nil || s.count > 0 && (o.min != s.min || o.max != s.max) {
		merged := &sketch{}
		for _, part := range []*summary{s, &o} {
			part.spread(merged)
		}
		s.sketch = merged
	}
	s.min, s.max = min(s.min, o.min), max(s.max, o.max)
	s.sum += o.sum
	s.count += o.count
}

// spread adds the values to a sketch.
func (s *summary) spread(into *sketch) {
	switch {
	case s.sketch != nil:
		into.merge(s.sketch)
	case s.count > 0 && s.min == s.max:
		into.add(s.min, s.count)
	case s.count > 0: // of a statistic set only the ends are known
		into.add(s.min, s.count/2)
		into.add(s.max, s.count/2)
	}
}

// statistic is one of a period's values.
type statistic struct {
	name  string  // as CloudWatch writes it
	share float64 // of a percentile
}

var statistics = []string{"SampleCount", "Average", "Sum", "Minimum", "Maximum"}

// parseStatistic reads Average, or a percentile such as p99.9.
func parseStatistic(name string) (statistic, error) {
	for _, known := range statistics {
		if name == known {
			return statistic{name: name}, nil
		}
	}
	percent, isPercentile := strings.CutPrefix(name, "p")
	p, err := strconv.ParseFloat(percent, 64)
	if !isPercentile || err != nil || p < 0 || p > 100 || math.IsNaN(p) {
		return statistic{}, fmt.Errorf("statistic %q: the local cloud has %s and percentiles (p0 to p100)", name,
			strings.Join(statistics, ", "))
	}
	return statistic{name, p / 100}, nil
}

func (s statistic) isPercentile() bool { return s.name[0] == 'p' }

// isRate tells what grows with the length of a period.
func (s statistic) isRate() bool { return s.name == "Sum" || s.name == "SampleCount" }

// of is the statistic of a period; scale is what a rate is multiplied by.
func (s statistic) of(p summary, scale float64) float64 {
	if p.count == 0 {
		return math.NaN()
	}
	switch s.name {
	case "SampleCount":
		return p.count * scale
	case "Sum":
		return p.sum * scale
	case "Average":
		return p.sum / p.count
	case "Minimum":
		return p.min
	case "Maximum":
		return p.max
	}
	if p.sketch == nil {
		if p.min != p.max {
			return math.NaN()
		}
		return p.min
	}
	return min(max(p.sketch.quantile(s.share), p.min), p.max)
}

// leastSamples is how many samples a percentile needs to say something ("Percentile-
// based CloudWatch alarms and low data samples" in the CloudWatch user guide).
func (s statistic) leastSamples() float64 {
	if s.share >= 0.5 {
		return 10 / (1 - s.share)
	}
	return 10 / s.share
}
