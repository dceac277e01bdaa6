package metricmath

import (
	"fmt"
	"math"
)

// Series are the values of one metric or expression, one a period, the oldest
// first. A value that is missing is Missing.
type Series []float64

// Missing is the value of a period without data.
var Missing = math.NaN()

// IsMissing tells whether a value is Missing.
func IsMissing(v float64) bool { return math.IsNaN(v) }

type kind int

const (
	scalar kind = iota // a number
	one                // a series
	many               // an array of series
)

func (k kind) String() string {
	return [...]string{"a number", "a time series", "an array of time series"}[k]
}

// value is what an expression or a part of it comes to.
type value struct {
	kind   kind
	number float64
	series []Series // one or many
}

func numberOf(v float64) value   { return value{number: v} }
func seriesOf(s Series) value    { return value{kind: one, series: []Series{s}} }
func arrayOf(all []Series) value { return value{kind: many, series: all} }

// each applies f to every series, and keeps the kind.
func (v value) each(f func(Series) Series) value {
	out := value{kind: v.kind, series: make([]Series, len(v.series))}
	for i, s := range v.series {
		out.series[i] = f(s)
	}
	return out
}

// at is the value at a time: a number is the same at all times.
func (v value) at(series, i int) float64 {
	if v.kind == scalar {
		return v.number
	}
	return v.series[series][i]
}

// finite drops what is no number: a division by zero, an overflow.
func finite(v float64) float64 {
	if math.IsInf(v, 0) {
		return Missing
	}
	return v
}

// combine applies an operator. Of two series the one without a value at a time
// counts as 0 there; when both have none, so has the result. A series and a
// number come to no value where the series has none.
func combine(op operator, a, b value) (value, error) {
	if a.kind == scalar && b.kind == scalar {
		return numberOf(finite(op.apply(a.number, b.number))), nil
	}
	if a.kind == many && b.kind == many {
		return value{}, fmt.Errorf("operator %s: it takes no two arrays of time series", op.text)
	}
	shape := a
	if b.kind > a.kind {
		shape = b
	}
	out := value{kind: shape.kind, series: make([]Series, len(shape.series))}
	for n := range shape.series {
		s := make(Series, len(shape.series[n]))
		for i := range s {
			s[i] = op.pair(a, b, min(n, len(a.series)-1), min(n, len(b.series)-1), i)
		}
		out.series[n] = s
	}
	return out, nil
}

func (op operator) pair(a, b value, na, nb, i int) float64 {
	x, y := a.at(na, i), b.at(nb, i)
	missingX, missingY := IsMissing(x), IsMissing(y)
	switch {
	case missingX && missingY, missingX && b.kind == scalar, missingY && a.kind == scalar:
		return Missing
	case missingX:
		x = 0
	case missingY:
		y = 0
	}
	return finite(op.apply(x, y))
}
