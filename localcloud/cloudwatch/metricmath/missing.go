package metricmath

import "fmt"

// What FILL may fill with besides values.
const (
	fillRepeat = "REPEAT" // the last value before the gap
	fillLinear = "LINEAR" // a line between the values on both sides of the gap
)

// fill gives values to the periods that have none.
func fill(in *Input, args []node) (value, error) {
	v, err := series(in, args[0])
	if err != nil {
		return value{}, err
	}
	switch args[1] {
	case text(fillRepeat):
		return v.each(repeated), nil
	case text(fillLinear):
		return v.each(interpolated), nil
	}
	with, err := args[1].eval(in)
	if err == nil && with.kind == many {
		err = fmt.Errorf("it fills with a number, a time series, REPEAT or LINEAR")
	}
	if err != nil {
		return value{}, err
	}
	return v.each(func(s Series) Series {
		out := make(Series, len(s))
		for i, x := range s {
			if out[i] = x; IsMissing(x) {
				out[i] = with.at(0, i)
			}
		}
		return out
	}), nil
}

func repeated(s Series) Series {
	out, last := make(Series, len(s)), Missing
	for i, v := range s {
		if !IsMissing(v) {
			last = v
		}
		out[i] = last
	}
	return out
}

func interpolated(s Series) Series {
	out, before := append(Series(nil), s...), -1
	for i, v := range s {
		if IsMissing(v) {
			continue
		}
		for gap := before + 1; before >= 0 && gap < i; gap++ {
			out[gap] = s[before] + (v-s[before])*float64(gap-before)/float64(i-before)
		}
		before = i
	}
	return out
}

// choose is IF: condition, value when true, value when false. There is no value
// where the condition has none, or is false and there is nothing for that; a
// value for true that is missing is 0.
func choose(in *Input, args []node) (value, error) {
	parts := []value{{}, {}, seriesOf(filled(in.Length, Missing))}
	for i, arg := range args {
		var err error
		if parts[i], err = arg.eval(in); err != nil {
			return value{}, err
		}
		if parts[i].kind == many {
			return value{}, fmt.Errorf("it takes no array of time series")
		}
	}
	condition, yes, no := parts[0], parts[1], parts[2]
	if condition.kind == scalar {
		if yes.kind == scalar {
			return value{}, fmt.Errorf("a condition that is a number needs a time series to choose")
		}
		if condition.number != 0 {
			return yes, nil
		}
		if no.kind == scalar {
			no = seriesOf(filled(in.Length, no.number))
		}
		return no, nil
	}
	out := make(Series, in.Length)
	for i := range out {
		switch c := condition.at(0, i); {
		case IsMissing(c):
			out[i] = Missing
		case c == 0:
			out[i] = no.at(0, i)
		default:
			if out[i] = yes.at(0, i); IsMissing(out[i]) {
				out[i] = 0
			}
		}
	}
	return seriesOf(out), nil
}
