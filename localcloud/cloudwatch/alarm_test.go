package cloudwatch

import (
	"strings"
	"testing"
)

func TestAlarms(t *testing.T) {
	t.Parallel()
	for sentence, c := range map[string]struct {
		change       map[string]any
		values, want string
		told         string
	}{
		"a new alarm knows nothing until there is data": {nil, "- - 5 -", "I I O O", "x OK"},
		"it goes on and off":                            {nil, "5 12 12 5", "O A A O", "x OK, x ALARM, x OK"},
		"three in a row": {map[string]any{"evaluationPeriods": 3.0}, "5 12 12 5 12 12 12 5",
			"O O O O O O A O", "x OK, x ALARM, x OK"},
		"two of three": {map[string]any{"evaluationPeriods": 3.0, "datapointsToAlarm": 2.0}, "5 12 5 12 5 5",
			"O O O A O O", "x OK, x ALARM, x OK"},
		"the threshold itself is not above it": {nil, "10", "O", "x OK"},
		"but it is at least it": {map[string]any{"comparisonOperator": "GreaterThanOrEqualToThreshold"}, "10 9",
			"A O", "x ALARM, x OK"},
		"below":            {map[string]any{"comparisonOperator": "LessThanThreshold"}, "10 9", "O A", "x OK, x ALARM"},
		"at most":          {map[string]any{"comparisonOperator": "LessThanOrEqualToThreshold"}, "11 10", "O A", "x OK, x ALARM"},
		"silence is noted": {nil, "12 - - -", "A A A I", "x ALARM"},
		"silence is ignored": {map[string]any{"treatMissingData": "ignore"}, "5 - - - - 12 - - - -",
			"O O O O O A A A A A", "x OK, x ALARM"},
		"silence is bad, once nothing is left to look at": {map[string]any{"treatMissingData": "breaching"}, "5 - - - 5",
			"O O O A O", "x OK, x ALARM, x OK"},
		"silence is fine": {map[string]any{"treatMissingData": "notBreaching"}, "- 12 - - -", "O A A A O",
			"x OK, x ALARM, x OK"},
		"actions that are disabled are not taken": {map[string]any{"actionsEnabled": false}, "5 12", "O A", ""},
		"one value late in the range does not alarm three of three": {map[string]any{"evaluationPeriods": 3.0}, "- - - - 12 - -",
			"I I I I I I A", "x ALARM"},
		"a period of several minutes slides by the minute": {map[string]any{"period": 120.0, "statistic": "Sum", "threshold": 700.0,
			"treatMissingData": "notBreaching"}, "5 6 7 -", "O O A O", "x OK, x ALARM, x OK"},
	} {
		t.Run(sentence, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, 60)
			w.declared("x", c.change)
			if got := w.State(seoul, "x"); got != string(InsufficientData) {
				t.Fatalf("a new alarm is %s", got)
			}
			if got := w.run("x", c.values); got != c.want || w.told() != c.told {
				t.Fatalf("%s: %s, told %q; want %s, %q", c.values, got, w.told(), c.want, c.told)
			}
		})
	}
}

func TestExpressionAlarms(t *testing.T) {
	t.Parallel()
	const faults = "IF(FILL(b, 0) >= 50, 100 * FILL(a, 0) / FILL(b, 1), 0)"
	for sentence, c := range map[string]struct {
		expression string
		jobs       [][2]float64 // faults and jobs of each minute; -1 is none
		want       string
	}{
		"too few to judge":                       {faults, [][2]float64{{30, 40}}, "O"},
		"more faults than may be":                {faults, [][2]float64{{30, 60}}, "A"},
		"faults that nobody counts are none":     {faults, [][2]float64{{-1, 60}}, "O"},
		"no data at all is filled":               {faults, [][2]float64{{-1, -1}}, "O"},
		"without FILL there is nothing to judge": {"100 * a / b", [][2]float64{{-1, -1}}, "I"},
		"the larger of two":                      {"MAX([a, b])", [][2]float64{{1, 11}, {11, -1}, {2, 2}}, "A A O"},
	} {
		t.Run(sentence, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, 1)
			w.declared("x", formula(c.expression, map[string]string{"a": "Faults", "b": "Jobs"}))
			var got []string
			for _, minute := range c.jobs {
				for i, name := range []string{"Faults", "Jobs"} {
					if minute[i] >= 0 {
						w.Put(seoul, "NewsFeed", name, map[string]string{"Region": seoul}, "Count", []float64{minute[i]}, w.now)
					}
				}
				w.minute()
				got = append(got, w.State(seoul, "x")[:1])
			}
			if strings.Join(got, " ") != c.want {
				t.Fatalf("%v, want %s", got, c.want)
			}
		})
	}
}

// Rates keep their meaning at any pace; what is no rate is as it is.
func TestPace(t *testing.T) {
	t.Parallel()
	for _, pace := range []float64{1, 7, 60} {
		for statistic, want := range map[string]string{"Sum": "20.0", "SampleCount": "5.0", "Average": "4.0", "Maximum": "6.0",
			"Minimum": "2.0"} {
			w := newWorld(t, pace)
			w.now = w.now.Add(w.tick) // a pace of 7 has no minute that begins with the wall's
			w.declared("x", map[string]any{"statistic": statistic, "threshold": -1.0})
			// 5 in a minute of AWS: one in every 12 s of it, for so long as it lasts here.
			for i, v := range []float64{2, 4, 6, 4, 4} {
				if pace == 1 || i < 3 {
					w.put(v)()
				}
			}
			w.minute()
			scale := 1.0
			if pace != 1 {
				scale = pace
				want = map[string]string{"Sum": float(12 * scale), "SampleCount": float(3 * scale), "Average": "4.0", "Maximum": "6.0",
					"Minimum": "2.0"}[statistic]
			}
			if reason := w.list(seoul)[0].status.Reason; !strings.Contains(reason, "datapoint ["+want+" (") {
				t.Errorf("pace %g, %s: %s, want %s", pace, statistic, reason, want)
			}
		}
	}
}

func TestPercentiles(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 60)
	percentile := func(p string) map[string]any {
		return map[string]any{"statistic": nil, "extendedStatistic": p, "threshold": 98.0}
	}
	w.declared("p99", percentile("p99"))
	w.declared("p50", percentile("p50"))
	ignoring := percentile("p99")
	ignoring["evaluateLowSampleCountPercentiles"] = "ignore"
	w.declared("cautious", ignoring)
	hundred := make([]float64, 100)
	for i := range hundred {
		hundred[i] = float64(i + 2)
	}
	// 100 samples a second are 6000 a minute: enough for p99, which wants 1000.
	w.minute(w.put(hundred...))
	for alarm, want := range map[string]State{"p99": Alarm, "p50": OK, "cautious": Alarm} {
		if got := w.State(seoul, alarm); got != string(want) {
			t.Errorf("%s is %s, want %s", alarm, got, want)
		}
	}
	w.minute(w.put(1, 2, 3))
	if got := w.State(seoul, "cautious"); got != string(Alarm) {
		t.Errorf("of 180 samples the cautious alarm has concluded %s", got)
	}
	if got := w.State(seoul, "p99"); got != string(OK) {
		t.Errorf("the other one is %s", got)
	}
}

func TestAnomalyBand(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 60)
	banded := formula("ANOMALY_DETECTION_BAND(m, 3)", nil)
	banded["metricQueries"] = []any{
		map[string]any{"id": "band", "expression": "ANOMALY_DETECTION_BAND(m, 3)", "returnData": true},
		map[string]any{"id": "m", "returnData": true, "metric": map[string]any{"namespace": "NewsFeed", "metricName": "Load",
			"stat": "Average", "period": 60.0, "dimensions": map[string]any{"Region": seoul}}}}
	banded["thresholdMetricId"], banded["threshold"] = "band", nil
	banded["comparisonOperator"] = "LessThanLowerOrGreaterThanUpperThreshold"
	w.declared("x", banded)
	if got := w.run("x", "50"); got != "O" {
		t.Fatalf("before the band has bounds nothing is beyond them: %s", got)
	}
	for i := range 40 {
		w.minute(w.put(50 + float64(i%3)))
	}
	if got := w.run("x", "51 90 51 51 10"); got != "O A O O A" {
		t.Fatalf("beyond the band: %s", got)
	}
}

func TestSetAside(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 60)
	w.declared("x", nil)
	w.declared("silent", formula("a + 1", map[string]string{"a": "Nothing"}))
	w.run("x", "12")
	silent := w.Silent()
	if len(silent) != 1 || silent[0].Alarm != "silent" || silent[0].Metric.String() != "NewsFeed Nothing {Region="+seoul+"}" {
		t.Fatalf("metrics that nothing emits: %v", silent)
	}
	halter := w.Bodies()[alarmType].(interface{ Halt(string) })
	halter.Halt(seoul)
	w.minute(w.put(5))
	if got := w.State(seoul, "x"); got != "" {
		t.Fatalf("a region without power has an alarm: %s", got)
	}
	w.declared("x", nil)
	if got := w.State(seoul, "x"); got != string(Alarm) {
		t.Fatalf("back with the power, the alarm is %s", got)
	}
}

func TestRestart(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	w := openWorld(t, 60, dir, beginning)
	w.declared("x", map[string]any{"evaluationPeriods": 3.0, "datapointsToAlarm": 1.0})
	w.run("x", "5 12")
	since := w.list(seoul)[0].status.Transitioned

	again := openWorld(t, 60, dir, w.now)
	again.declared("x", map[string]any{"evaluationPeriods": 3.0, "datapointsToAlarm": 1.0})
	if got := again.list(seoul)[0].status; got.State != Alarm || !got.Transitioned.Equal(since) || !strings.Contains(got.Reason, "12.0") {
		t.Fatalf("after a restart: %+v", got)
	}
	if got := again.run("x", "12 5 5 5"); got != "A A A O" || again.told() != "x OK" {
		t.Fatalf("the alarm goes on as it was: %s, told %q", got, again.told())
	}
}

func TestAutoScalingIsToldAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 60)
	w.declared("x", map[string]any{"okActions": nil, "alarmActions": []any{
		"arn:aws:sns:" + seoul + ":000000000000:pager", "arn:aws:autoscaling:" + seoul + ":000000000000:scalingPolicy:1"}})
	w.run("x", "12 12 12 5")
	var got []string
	for _, a := range w.acted {
		got = append(got, map[bool]string{true: "again", false: "first"}[a.Repeated]+" "+strings.Split(a.ARN, ":")[2])
	}
	if strings.Join(got, ", ") != "first sns, first autoscaling, again autoscaling, again autoscaling" {
		t.Fatalf("%v", got)
	}
}
