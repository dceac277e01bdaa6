package cloudwatch

import (
	_ "embed"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"gopkg.in/yaml.v3"
)

// namespace is what a service of AWS publishes: an alarm on anything else in it
// would never see a value.
type namespace struct {
	Source     string              // AWS's page about it
	Dimensions [][]string          // the sets that a metric may have
	Metrics    map[string][]string // by unit
	Only       []struct {          // metrics that have other sets
		Dimensions [][]string
		Metrics    []string
	}
}

//go:embed aws.yaml
var published []byte

// unnamed is the unit of metrics whose page names none.
const unnamed = "unnamed"

// namespaces are those of the services that a stack of ours may use.
var namespaces = sync.OnceValue(func() map[string]namespace {
	all := map[string]namespace{}
	if err := yaml.Unmarshal(published, &all); err != nil {
		panic(fmt.Sprintf("aws.yaml: %v", err)) // it is built in, and a test reads it
	}
	return all
})

// unitOf is the unit of a metric; no unit when there is no such metric.
func (n namespace) unitOf(metric string) (unit string, known bool) {
	for unit, names := range n.Metrics {
		if slices.Contains(names, metric) {
			return unit, true
		}
	}
	return "", false
}

// setsOf are the sets of dimensions that a metric may have.
func (n namespace) setsOf(metric string) [][]string {
	for _, o := range n.Only {
		if slices.Contains(o.Metrics, metric) {
			return o.Dimensions
		}
	}
	return n.Dimensions
}

// exists tells what AWS would never emit: a name, a set of dimensions or a unit.
// Namespaces that do not begin with AWS/ are free.
func (m Metric) exists(unit string) error {
	if unit != "" && !slices.Contains(units, unit) {
		return fmt.Errorf("unit %q: CloudWatch has no such unit", unit)
	}
	if !strings.HasPrefix(m.Namespace, "AWS/") {
		return nil
	}
	n, known := namespaces()[m.Namespace]
	if !known {
		return fmt.Errorf("namespace %q: the local cloud knows %s", m.Namespace,
			strings.Join(slices.Sorted(maps.Keys(namespaces())), ", "))
	}
	of, known := n.unitOf(m.Name)
	if !known {
		return fmt.Errorf("metric %s: there is none of that name in %s: see %s", m.Name, m.Namespace, n.Source)
	}
	if unit != "" && of != unnamed && unit != of {
		return fmt.Errorf("metric %s of %s: its unit is %s, not %s: an alarm with another sees no value: see %s",
			m.Name, m.Namespace, of, unit, n.Source)
	}
	var names []string
	for _, d := range m.Dimensions {
		names = append(names, d.Name)
	}
	sets := n.setsOf(m.Name)
	for _, set := range sets {
		if slices.Equal(slices.Sorted(slices.Values(set)), names) {
			return nil
		}
	}
	return fmt.Errorf("metric %s of %s: it is never emitted by dimensions %v, but by one of %v: see %s",
		m.Name, m.Namespace, names, sets, n.Source)
}
