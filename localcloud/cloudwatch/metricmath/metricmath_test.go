package metricmath_test

import (
	"strings"
	"testing"
	"time"

	"newsfeed/localcloud/cloudwatch/metricmath"
)

// parse reads "30, 20, -": a minus is a missing value.
func parse(t *testing.T, line string) metricmath.Series {
	t.Helper()
	var out metricmath.Series
	for field := range strings.SplitSeq(line, ",") {
		v, err := number(strings.TrimSpace(field))
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, v)
	}
	return out
}

func TestExpressions(t *testing.T) {
	t.Parallel()
	given := map[string]string{
		"a": "30, 20, 0, 0, -", "b": "20, -, 20, -, -", // those of the guide's table of operators, and a gap in both
		"m1": "1, 1, 0, 0, -", "m2": "30, -, 0, 0, 30", "m3": "0, 0, 20, -, 20", // those of its tables of IF
		"gap": "1, -, -, 4, -", "none": "-, -, -, -, -", "up": "1, 2, 4, 7, 11", "minus": "-1.5, 1.5, 2, -, 0",
	}
	for sentence, c := range map[string]struct{ expression, want string }{
		"guide: a missing value is 0 in a comparison of series": {"a < b", "0, 0, 1, 0, -"},
		"guide: a series and a number compare where it is":      {"a >= 30", "1, 0, 0, 0, -"},
		"guide: AND joins comparisons":                          {"a > 15 AND b > 15", "1, 0, 0, 0, -"},
		"&& and || do as AND and OR":                            {"a > 15 && b > 15 || a == 0", "1, 0, 1, 1, -"},
		"AND binds closer than OR":                              {"a == 0 OR a > 15 AND b > 15", "1, 0, 1, 1, -"},
		"guide: IF of three series":                             {"IF(m1, m2, m3)", "30, 0, 20, -, -"},
		"guide: IF of series, number, series":                   {"IF(m1, 5, m3)", "5, 5, 20, -, -"},
		"guide: IF of series, series, number":                   {"IF(m1, m2, 5)", "30, 0, 5, 5, -"},
		"IF without a last value has none where it is false":    {"IF(m1, m2)", "30, 0, -, -, -"},
		"IF of a number chooses a series":                       {"IF(PERIOD(a) > 30, m2, m3)", "30, -, 0, 0, 30"},
		"IF of a number that is false chooses the other":        {"IF(0, m2, 7)", "7, 7, 7, 7, 7"},
		"a missing value is 0 in a sum of series":               {"a + b", "50, 20, 20, 0, -"},
		"a series and a number have no sum where it is missing": {"b + 1", "21, -, 21, -, -"},
		"a division by zero is dropped":                         {"100 / a", "3.3333333333333335, 5, -, -, -"},
		"products bind closer than sums, powers than signs":     {"1 + 2 * -up ^ 2", "-1, -7, -31, -97, -241"},
		"operators of one rank go from left to right":           {"up - 1 - 1", "-1, 0, 2, 5, 9"},
		"parentheses group":                                     {"(up + 1) * 2", "4, 6, 10, 16, 24"},
		"FILL with a number":                                    {"FILL(gap, 9)", "1, 9, 9, 4, 9"},
		"FILL with a series":                                    {"FILL(gap, up)", "1, 2, 4, 4, 11"},
		"FILL with what came before":                            {"FILL(gap, REPEAT)", "1, 1, 1, 4, 4"},
		"FILL with a line, not beyond the last value":           {"FILL(gap, LINEAR)", "1, 2, 3, 4, -"},
		"FILL of a series without a value":                      {"FILL(none, 0)", "0, 0, 0, 0, 0"},
		"FILL with the least of itself":                         {"FILL(gap, MIN(gap))", "1, 1, 1, 4, 1"},
		"SUM of an array":                                       {"SUM([a, b])", "50, 20, 20, 0, -"},
		"MIN of an array passes over what is missing":           {"MIN([a, b])", "20, 20, 0, 0, -"},
		"MAX of an array":                                       {"MAX([a, b])", "30, 20, 20, 0, -"},
		"guide: AVG of an array takes a missing value as 0":     {"AVG([a, b])", "25, 10, 10, 0, -"},
		"SUM of one series is a number":                         {"a / SUM(a)", "0.6, 0.4, 0, 0, -"},
		"arrays within an array are one":                        {"SUM([METRICS(\"m2\"), METRICS('m3')])", "30, 0, 20, 0, 50"},
		"METRICS are the metrics, not the expressions":          {"METRIC_COUNT(METRICS()) * m1", "9, 9, 0, 0, -"},
		"an operator reaches into an array":                     {"MAX(-[m1, m2])", "-1, -1, 0, 0, -30"},
		"ABS, CEIL and FLOOR":                                   {"ABS(minus) + CEIL(minus) + FLOOR(minus)", "-1.5, 4.5, 6, -, 0"},
		"DIFF compares with the value before, over a gap too":   {"DIFF(gap)", "-, -, -, 3, -"},
		"RATE is by the second":                                 {"RATE(up) * 60", "-, 1, 2, 3, 4"},
		"RATE over a gap is by its length":                      {"RATE(gap) * 60", "-, -, -, 1, -"},
		"RUNNING_SUM":                                           {"RUNNING_SUM(up)", "1, 3, 7, 14, 25"},
		"DATAPOINT_COUNT of a series":                           {"m1 * DATAPOINT_COUNT(b)", "2, 2, 0, 0, -"},
		"TIME_SERIES":                                           {"TIME_SERIES(2 > 1)", "1, 1, 1, 1, 1"},
		"FIRST and LAST":                                        {"LAST([a, up]) - FIRST([m1, b])", "0, 1, 4, 7, 11"},
	} {
		t.Run(sentence, func(t *testing.T) {
			t.Parallel()
			in := &metricmath.Input{Length: 5, Period: time.Minute, Series: map[string]metricmath.Series{}}
			for id, line := range given {
				in.Metrics, in.Series[id] = append(in.Metrics, id), parse(t, line)
			}
			in.Series["expression"] = parse(t, "9, 9, 9, 9, 9")
			e, err := metricmath.Parse(c.expression)
			if err != nil {
				t.Fatal(err)
			}
			got, err := e.Eval(in)
			if err != nil || len(got) != 1 || show(got[0]) != show(parse(t, c.want)) {
				t.Fatalf("%s = %v, %v, want %s", c.expression, got, err, c.want)
			}
		})
	}
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	for sentence, c := range map[string]struct{ expression, want string }{
		"nothing":                         {"", "it ends too early"},
		"a function that is not here":     {"SORT(METRICS(), AVG, DESC)", "the local cloud does not have the function SORT"},
		"a name in small letters":         {"sum(a)", `unexpected "("`},
		"two operands without operator":   {"a b", `unexpected "b"`},
		"an open parenthesis":             {"(a", "it ends too early"},
		"an open quote":                   {"METRICS(\"a)", "a quote that is not closed"},
		"a number that is none":           {"1.2.3 * a", "is no number"},
		"a sign of another language":      {"a % 2", `unexpected "%"`},
		"too few arguments":               {"FILL(a)", "FILL takes 2 to 2 arguments, not 1"},
		"a number as the result":          {"SUM(a)", "the result is a number"},
		"a metric that is not there":      {"a + zz", `there is no metric or expression "zz"`},
		"a number in an array":            {"SUM([a, 1])", "an array holds time series, not numbers"},
		"a condition of numbers alone":    {"IF(1, 2, 3)", "needs a time series"},
		"two arrays":                      {"[a, a] + [a, a]", "no two arrays"},
		"a word as a value":               {"a + REPEAT", "is no value here"},
		"more parts than can be":          {strings.Repeat("(", 500) + "a", "within each other"},
		"signs without end":               {strings.Repeat("-", 500) + "a", "within each other"},
		"more text than CloudWatch takes": {strings.Repeat("a + ", 600) + "a", "2048 at most"},
	} {
		t.Run(sentence, func(t *testing.T) {
			t.Parallel()
			e, err := metricmath.Parse(c.expression)
			if err == nil {
				_, err = e.Eval(&metricmath.Input{Length: 1, Period: time.Minute, Series: map[string]metricmath.Series{"a": {1}}})
			}
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Fatalf("error %v, want %s", err, c.want)
			}
		})
	}
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{"IF(FILL(a, 0) > 5, 100 * a / b, 0)", "METRICS()", "-[a, b]^-1", "FILL(a,REPEAT)", "((((", "\"", "1..2",
		"ANOMALY_DETECTION_BAND(a, 2)", "LAST([])", "MIN([])+a", "RATE(METRICS('a'))", "IF(a)", "AVG(REMOVE_EMPTY([a]))", "a AND", "é"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, source string) {
		e, err := metricmath.Parse(source)
		if err != nil {
			return
		}
		in := &metricmath.Input{Length: 3, Period: time.Minute, Metrics: []string{"a", "b"},
			Series: map[string]metricmath.Series{"a": {1, metricmath.Missing, 3}, "b": {0, 0, metricmath.Missing}}}
		all, err := e.Eval(in)
		for _, s := range all {
			if err == nil && len(s) != in.Length {
				t.Fatalf("%q: a series of %d values, not %d", source, len(s), in.Length)
			}
		}
	})
}
