package cloudwatch

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"time"
)

// The limits of the embedded metric format ("Specification: Embedded metric
// format" in the CloudWatch user guide); 30 dimensions are those of a metric
// (Dimension in the API reference), which the specification has followed since.
const (
	maxLine       = 1 << 20
	maxMetrics    = 100
	maxValues     = 100
	maxDimensions = 30
	maxName       = 255
	maxValue      = 1024
)

type directive struct {
	Namespace  string
	Dimensions [][]string
	Metrics    []struct{ Name, Unit string }
}

type embedded struct {
	AWS *struct {
		Timestamp         *float64
		CloudWatchMetrics []directive
	} `json:"_aws"`
}

// EMF takes a line of a log of a region. One that is no embedded metric line is
// passed over; one that breaks the format is counted and dropped as a whole.
func (s *Service) EMF(region string, line []byte) {
	if !bytes.Contains(line, []byte(`"_aws"`)) {
		return
	}
	now := s.clock.Now()
	puts, at, err := parseEmbedded(line, now)
	if err != nil {
		s.malformed.Add(1)
		return
	}
	for _, p := range puts {
		s.store.put(region, p.metric, sample{unit: p.unit, values: p.values, at: at}, now)
	}
}

// Malformed tells how many embedded metric lines were dropped.
func (s *Service) Malformed() int64 { return s.malformed.Load() }

type embeddedValue struct {
	metric Metric
	unit   string
	values []float64
}

func parseEmbedded(line []byte, now time.Time) ([]embeddedValue, time.Time, error) {
	if len(line) > maxLine {
		return nil, now, fmt.Errorf("a line of %d bytes: %d at most", len(line), maxLine)
	}
	var head embedded
	if err := json.Unmarshal(line, &head); err != nil {
		return nil, now, err
	}
	if head.AWS == nil || head.AWS.Timestamp == nil {
		return nil, now, fmt.Errorf("_aws: it needs Timestamp and CloudWatchMetrics")
	}
	at := time.UnixMilli(int64(min(max(*head.AWS.Timestamp, 0), 1<<50)))
	root := map[string]json.RawMessage{}
	if err := json.Unmarshal(line, &root); err != nil {
		return nil, at, err
	}
	var puts []embeddedValue
	for _, d := range head.AWS.CloudWatchMetrics {
		of, err := d.read(root)
		if err != nil {
			return nil, at, err
		}
		puts = append(puts, of...)
	}
	return puts, at, nil
}

// read returns the values that a directive names: each for every set of
// dimensions.
func (d directive) read(root map[string]json.RawMessage) ([]embeddedValue, error) {
	if d.Namespace == "" || len(d.Namespace) > maxName || len(d.Dimensions) == 0 || len(d.Metrics) > maxMetrics {
		return nil, fmt.Errorf("directive of namespace %q: it needs a namespace, dimension sets and up to %d metrics",
			d.Namespace, maxMetrics)
	}
	var puts []embeddedValue
	for _, m := range d.Metrics {
		values, err := numbers(root[m.Name])
		if err != nil || m.Name == "" || len(m.Name) > maxName || m.Unit != "" && !slices.Contains(units, m.Unit) {
			return nil, fmt.Errorf("metric %q in %q: no number, or no unit of CloudWatch: %v", m.Name, m.Unit, err)
		}
		for _, set := range d.Dimensions {
			dimensions, err := dimensionsOf(set, root)
			if err != nil {
				return nil, err
			}
			puts = append(puts, embeddedValue{metricOf(d.Namespace, m.Name, dimensions), m.Unit, values})
		}
	}
	return puts, nil
}

// numbers reads a number or an array of them.
func numbers(raw json.RawMessage) ([]float64, error) {
	var one *float64
	if err := json.Unmarshal(raw, &one); err == nil && one != nil {
		return []float64{*one}, nil
	}
	var all []*float64
	if err := json.Unmarshal(raw, &all); err != nil {
		return nil, err
	}
	values := make([]float64, len(all))
	for i, v := range all {
		if v == nil {
			return nil, fmt.Errorf("null is no number")
		}
		values[i] = *v
	}
	if len(values) == 0 || len(values) > maxValues {
		return nil, fmt.Errorf("%d values: 1 to %d", len(values), maxValues)
	}
	return values, nil
}

func dimensionsOf(set []string, root map[string]json.RawMessage) (map[string]string, error) {
	if len(set) > maxDimensions {
		return nil, fmt.Errorf("%d dimensions: %d at most", len(set), maxDimensions)
	}
	out := map[string]string{}
	for _, name := range set {
		var v *string
		if err := json.Unmarshal(root[name], &v); err != nil || v == nil || *v == "" || len(*v) > maxValue ||
			len(name) > maxName {
			return nil, fmt.Errorf("dimension %q: no text of 1 to %d characters", name, maxValue)
		}
		out[name] = *v
	}
	return out, nil
}

// units are those of CloudWatch (MetricDatum in the API reference).
var units = []string{"Seconds", "Microseconds", "Milliseconds", "Bytes", "Kilobytes", "Megabytes", "Gigabytes",
	"Terabytes",
	"Bits", "Kilobits", "Megabits", "Gigabits", "Terabits", "Percent", "Count", "Bytes/Second", "Kilobytes/Second",
	"Megabytes/Second", "Gigabytes/Second", "Terabytes/Second", "Bits/Second", "Kilobits/Second", "Megabits/Second",
	"Gigabits/Second", "Terabits/Second", "Count/Second", "None"}
