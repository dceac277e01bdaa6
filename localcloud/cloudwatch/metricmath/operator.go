package metricmath

import "math"

// operator is one between two operands. A higher rank binds closer.
type operator struct {
	text  string
	rank  int
	apply func(a, b float64) float64
}

func truth(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

// signRank is that of a minus before an operand: above products, below powers.
const signRank = 6

var operators = map[string]operator{}

func init() {
	or := func(a, b float64) float64 { return truth(a != 0 || b != 0) }
	and := func(a, b float64) float64 { return truth(a != 0 && b != 0) }
	for _, op := range []operator{
		{"OR", 1, or}, {"||", 1, or},
		{"AND", 2, and}, {"&&", 2, and},
		{"==", 3, func(a, b float64) float64 { return truth(a == b) }},
		{"!=", 3, func(a, b float64) float64 { return truth(a != b) }},
		{"<", 3, func(a, b float64) float64 { return truth(a < b) }},
		{"<=", 3, func(a, b float64) float64 { return truth(a <= b) }},
		{">", 3, func(a, b float64) float64 { return truth(a > b) }},
		{">=", 3, func(a, b float64) float64 { return truth(a >= b) }},
		{"+", 4, func(a, b float64) float64 { return a + b }},
		{"-", 4, func(a, b float64) float64 { return a - b }},
		{"*", 5, func(a, b float64) float64 { return a * b }},
		{"/", 5, func(a, b float64) float64 { return a / b }},
		{"^", 7, math.Pow},
	} {
		operators[op.text] = op
	}
}
