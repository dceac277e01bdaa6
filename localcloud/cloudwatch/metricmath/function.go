package metricmath

import (
	"fmt"
	"math"
	"strings"
)

// function is one of metric math, with how many arguments it takes.
type function struct {
	least, most int
	eval        func(*Input, []node) (value, error)
}

// functions are those that the local cloud has, by name.
var functions map[string]function

func init() {
	functions = map[string]function{
		"FILL": {2, 2, fill}, "IF": {2, 3, choose},
		"METRICS": {0, 1, metrics}, "PERIOD": {1, 1, period}, "TIME_SERIES": {1, 1, timeSeries},
		"FIRST": {1, 1, nth(func(int) int { return 0 })}, "LAST": {1, 1, nth(func(n int) int { return n - 1 })},
		"METRIC_COUNT": {1, 1, metricCount}, "REMOVE_EMPTY": {1, 1, removeEmpty},
		"ANOMALY_DETECTION_BAND": {1, 2, band},
	}
	for name, f := range map[string]func(float64) float64{
		"ABS": math.Abs, "CEIL": math.Ceil, "FLOOR": math.Floor, "LOG": math.Log, "LOG10": math.Log10} {
		functions[name] = function{1, 1, mapped(elementwise(f))}
	}
	for name, f := range map[string]func([]float64) float64{
		"SUM": sum, "MIN": least, "MAX": most, "STDDEV": deviation} {
		functions[name] = function{1, 1, aggregate(f, present)}
	}
	functions["AVG"] = function{1, 1, aggregate(average, zeroed)}
	functions["DATAPOINT_COUNT"] = function{1, 1, aggregate(func(v []float64) float64 { return float64(len(v)) }, present)}
	functions["DIFF"] = function{1, 1, steps(func(difference, _ float64) float64 { return difference })}
	functions["DIFF_TIME"] = function{1, 1, steps(func(_, seconds float64) float64 { return seconds })}
	functions["RATE"] = function{1, 1, steps(func(difference, seconds float64) float64 { return difference / seconds })}
	functions["RUNNING_SUM"] = function{1, 1, mapped(runningSum)}
}

// series evaluates an argument that may not be a number.
func series(in *Input, n node) (value, error) {
	v, err := n.eval(in)
	if err == nil && v.kind == scalar {
		err = fmt.Errorf("its argument is a number: it must be a time series")
	}
	return v, err
}

func mapped(f func(Series) Series) func(*Input, []node) (value, error) {
	return func(in *Input, args []node) (value, error) {
		v, err := series(in, args[0])
		if err != nil {
			return value{}, err
		}
		return v.each(f), nil
	}
}

// aggregate makes a number of one series, and one series of an array. among
// chooses the values of an array at one time.
func aggregate(f func([]float64) float64, among func(Series) []float64) func(*Input, []node) (value, error) {
	return func(in *Input, args []node) (value, error) {
		v, err := series(in, args[0])
		if err != nil {
			return value{}, err
		}
		if v.kind == one {
			return numberOf(f(present(v.series[0]))), nil
		}
		out := make(Series, in.Length)
		column := make(Series, len(v.series))
		for i := range out {
			for n, s := range v.series {
				column[n] = s[i]
			}
			if out[i] = Missing; len(present(column)) > 0 {
				out[i] = finite(f(among(column)))
			}
		}
		return seriesOf(out), nil
	}
}

// zeroed are all values, those that are missing as 0.
func zeroed(s Series) []float64 {
	all := make([]float64, len(s))
	for i, v := range s {
		if !IsMissing(v) {
			all[i] = v
		}
	}
	return all
}

func sum(all []float64) (total float64) {
	for _, v := range all {
		total += v
	}
	return total
}

func average(all []float64) float64 { return sum(all) / float64(len(all)) }

func least(all []float64) float64 {
	out := math.Inf(1)
	for _, v := range all {
		out = min(out, v)
	}
	return finite(out)
}

func most(all []float64) float64 {
	out := math.Inf(-1)
	for _, v := range all {
		out = max(out, v)
	}
	return finite(out)
}

func deviation(all []float64) float64 {
	mean, squares := average(all), 0.0
	for _, v := range all {
		squares += (v - mean) * (v - mean)
	}
	return math.Sqrt(squares / float64(len(all)))
}

// steps compares each value with the one before it, if there are several
// periods between them too.
func steps(f func(difference, seconds float64) float64) func(*Input, []node) (value, error) {
	return func(in *Input, args []node) (value, error) {
		return mapped(func(s Series) Series {
			out, before := filled(len(s), Missing), -1
			for i, v := range s {
				if IsMissing(v) {
					continue
				}
				if before >= 0 {
					out[i] = finite(f(v-s[before], float64(i-before)*in.Period.Seconds()))
				}
				before = i
			}
			return out
		})(in, args)
	}
}

func runningSum(s Series) Series {
	total := 0.0
	return elementwise(func(v float64) float64 {
		if !IsMissing(v) {
			total += v
		} else {
			return v
		}
		return total
	})(s)
}

// metrics are those of the input, or those whose id has a part.
func metrics(in *Input, args []node) (value, error) {
	part := text("")
	if len(args) > 0 {
		var ok bool
		if part, ok = args[0].(text); !ok {
			return value{}, fmt.Errorf("its argument is a part of an id, in quotes")
		}
	}
	var all []Series
	for _, id := range in.Metrics {
		if strings.Contains(id, string(part)) {
			all = append(all, in.Series[id])
		}
	}
	return arrayOf(all), nil
}

func period(in *Input, args []node) (value, error) {
	if _, ok := args[0].(reference); !ok {
		return value{}, fmt.Errorf("its argument is a metric")
	}
	return numberOf(in.Period.Seconds()), nil
}

func timeSeries(in *Input, args []node) (value, error) {
	v, err := args[0].eval(in)
	if err == nil && v.kind != scalar {
		err = fmt.Errorf("its argument is %s: it must be a number", v.kind)
	}
	return seriesOf(filled(in.Length, v.number)), err
}

func nth(of func(count int) int) func(*Input, []node) (value, error) {
	return func(in *Input, args []node) (value, error) {
		v, err := series(in, args[0])
		if err != nil {
			return value{}, err
		}
		if len(v.series) == 0 {
			return seriesOf(filled(in.Length, Missing)), nil
		}
		return seriesOf(v.series[of(len(v.series))]), nil
	}
}

func metricCount(in *Input, args []node) (value, error) {
	v, err := series(in, args[0])
	return numberOf(float64(len(v.series))), err
}

func removeEmpty(in *Input, args []node) (value, error) {
	v, err := series(in, args[0])
	var kept []Series
	for _, s := range v.series {
		if len(present(s)) > 0 {
			kept = append(kept, s)
		}
	}
	return arrayOf(kept), err
}

// defaultDeviations is the width of a band that gives none.
const defaultDeviations = 2

// band is an array of the upper bound and the lower one: FIRST is the upper.
func band(in *Input, args []node) (value, error) {
	id, ok := args[0].(reference)
	if !ok {
		return value{}, fmt.Errorf("its first argument is the id of a metric")
	}
	if _, ok := in.Series[string(id)]; !ok {
		return value{}, fmt.Errorf("there is no metric %q", string(id))
	}
	width := numberOf(defaultDeviations)
	if len(args) > 1 {
		var err error
		if width, err = args[1].eval(in); err != nil || width.kind != scalar || width.number <= 0 {
			return value{}, fmt.Errorf("its second argument is a number above 0")
		}
	}
	if in.Band == nil {
		empty := filled(in.Length, Missing)
		return arrayOf([]Series{empty, empty}), nil
	}
	lower, upper := in.Band(string(id), width.number)
	return arrayOf([]Series{upper, lower}), nil
}
