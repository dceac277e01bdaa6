package cloudwatch

import (
	"cmp"
	"slices"
	"strings"
	"time"
)

// Dimension is a name and a value that are part of a metric's identity.
type Dimension struct{ Name, Value string }

// Metric is a metric of one region: two with different dimensions have nothing
// in common.
type Metric struct {
	Namespace, Name string
	Dimensions      []Dimension // by name
}

// Datum is what a source has measured.
type Datum struct {
	Namespace, Name string
	Dimensions      map[string]string
	Unit            string
	Values          []float64
	Count           float64 // how often each value; 0 is once
}

// Source measures once a minute of AWS.
type Source func(region string, now time.Time) []Datum

func metricOf(namespace, name string, dimensions map[string]string) Metric {
	m := Metric{Namespace: namespace, Name: name}
	for k, v := range dimensions {
		m.Dimensions = append(m.Dimensions, Dimension{k, v})
	}
	return m.sorted()
}

func (m Metric) sorted() Metric {
	slices.SortFunc(m.Dimensions, func(a, b Dimension) int { return cmp.Compare(a.Name, b.Name) })
	return m
}

// key tells metrics of all regions apart.
func (m Metric) key(region string) string {
	var b strings.Builder
	for _, part := range []string{region, m.Namespace, m.Name} {
		b.WriteString(part)
		b.WriteByte(0)
	}
	for _, d := range m.Dimensions {
		b.WriteString(d.Name)
		b.WriteByte(1)
		b.WriteString(d.Value)
		b.WriteByte(0)
	}
	return b.String()
}

// String is the metric as people write it.
func (m Metric) String() string {
	var parts []string
	for _, d := range m.Dimensions {
		parts = append(parts, d.Name+"="+d.Value)
	}
	return m.Namespace + " " + m.Name + " {" + strings.Join(parts, ", ") + "}"
}
