package metricmath

import (
	"fmt"
	"math"
	"time"
)

// Input is what an expression is evaluated on. All series are of one length and
// period.
type Input struct {
	Length  int
	Period  time.Duration
	Metrics []string          // ids of the metrics, in order: what METRICS() is
	Series  map[string]Series // by id, of metrics and of expressions
	// Band is the range in which an anomaly detector expects a metric, so many
	// standard deviations wide; nil: there is none.
	Band func(id string, deviations float64) (lower, upper Series)
}

// Eval returns the series that the expression comes to: more than one when it
// comes to an array.
func (e *Expression) Eval(in *Input) ([]Series, error) {
	v, err := e.root.eval(in)
	if err != nil {
		return nil, err
	}
	if v.kind == scalar {
		return nil, fmt.Errorf("the result is a number: it must be a time series (TIME_SERIES makes one of a number)")
	}
	return v.series, nil
}

func (n literal) eval(*Input) (value, error) { return numberOf(float64(n)), nil }

func (n text) eval(*Input) (value, error) {
	return value{}, fmt.Errorf("%q is no value here", string(n))
}

func (n reference) eval(in *Input) (value, error) {
	s, ok := in.Series[string(n)]
	if !ok {
		return value{}, fmt.Errorf("there is no metric or expression %q", string(n))
	}
	return seriesOf(s), nil
}

// An array of arrays is an array of all their series.
func (n list) eval(in *Input) (value, error) {
	var all []Series
	for _, item := range n {
		v, err := item.eval(in)
		if err != nil {
			return value{}, err
		}
		if v.kind == scalar {
			return value{}, fmt.Errorf("an array holds time series, not numbers")
		}
		all = append(all, v.series...)
	}
	return arrayOf(all), nil
}

func (n negation) eval(in *Input) (value, error) {
	v, err := n.of.eval(in)
	if err != nil || v.kind == scalar {
		v.number = -v.number
		return v, err
	}
	return v.each(elementwise(func(x float64) float64 { return -x })), nil
}

func (n binary) eval(in *Input) (value, error) {
	left, err := n.left.eval(in)
	if err != nil {
		return value{}, err
	}
	right, err := n.right.eval(in)
	if err != nil {
		return value{}, err
	}
	return combine(n.op, left, right)
}

func (n call) eval(in *Input) (value, error) {
	v, err := n.do.eval(in, n.arguments)
	if err != nil {
		err = fmt.Errorf("%s: %w", n.name, err)
	}
	return v, err
}

// elementwise applies f to each value that there is.
func elementwise(f func(float64) float64) func(Series) Series {
	return func(s Series) Series {
		out := make(Series, len(s))
		for i, v := range s {
			out[i] = finite(f(v)) // a missing value stays one: it is no number
		}
		return out
	}
}

// filled is a series of one value.
func filled(length int, v float64) Series {
	s := make(Series, length)
	for i := range s {
		s[i] = v
	}
	return s
}

// present are the values that there are.
func present(s Series) []float64 {
	var all []float64
	for _, v := range s {
		if !math.IsNaN(v) {
			all = append(all, v)
		}
	}
	return all
}
