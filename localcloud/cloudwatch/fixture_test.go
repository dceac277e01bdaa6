package cloudwatch

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"strings"
	"testing"
	"time"

	"newsfeed/localcloud/clock"
	"newsfeed/localcloud/cloud"
)

const seoul = "ap-northeast-2"

// world is a CloudWatch whose clock the test drives, by minutes of AWS.
type world struct {
	*Service
	t     testing.TB
	now   time.Time
	acted []Action
}

// at begins a whole minute of the wall.
var beginning = time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)

func newWorld(t testing.TB, pace float64) *world {
	t.Helper()
	return openWorld(t, pace, t.TempDir(), beginning)
}

func openWorld(t testing.TB, pace float64, dir string, now time.Time) *world {
	t.Helper()
	w := &world{t: t, now: now}
	c := clock.New(pace)
	c.Wall = func() time.Time { return w.now }
	s, err := New(Config{Dir: dir, Clock: c, Act: func(_ context.Context, a Action) { w.acted = append(w.acted, a) }})
	if err != nil {
		t.Fatal(err)
	}
	w.Service = s
	return w
}

// minute passes a minute of AWS, at whose beginning values are put, and
// evaluates.
func (w *world) minute(put ...func()) {
	for _, p := range put {
		p()
	}
	w.now = w.now.Add(w.tick)
	w.Evaluate(w.t.Context(), w.now)
}

// put notes values of NewsFeed Load.
func (w *world) put(values ...float64) func() {
	return func() { w.Put(seoul, "NewsFeed", "Load", map[string]string{"Region": seoul}, "Count", values, w.now) }
}

// declared applies an alarm on NewsFeed Load, with what is different.
func (w *world) declared(name string, change map[string]any) {
	w.t.Helper()
	if err := w.apply(name, change); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) apply(name string, change map[string]any) error {
	properties := map[string]any{
		"name": name, "arn": "arn:aws:cloudwatch:" + seoul + ":000000000000:alarm:" + name,
		"namespace": "NewsFeed", "metricName": "Load", "dimensions": map[string]any{"Region": seoul},
		"statistic": "Maximum", "period": 60.0, "evaluationPeriods": 1.0, "threshold": 10.0,
		"comparisonOperator": "GreaterThanThreshold",
		"alarmActions":       []any{"arn:aws:sns:" + seoul + ":000000000000:pager"},
		"okActions":          []any{"arn:aws:sns:" + seoul + ":000000000000:pager"},
	}
	maps.Copy(properties, change)
	for k, v := range properties {
		if v == nil {
			delete(properties, k)
		}
	}
	return w.Bodies()[alarmType].Apply(w.t.Context(), &cloud.Resource{Type: alarmType, ID: name, Region: seoul, Outputs: properties}, nil)
}

// formula are the properties of an alarm on an expression over metrics of NewsFeed
// by their ids.
func formula(expression string, metrics map[string]string) map[string]any {
	queries := []any{map[string]any{"id": "result", "expression": expression, "label": "it", "returnData": true}}
	for id, name := range metrics {
		queries = append(queries, map[string]any{"id": id, "metric": map[string]any{
			"namespace": "NewsFeed", "metricName": name, "stat": "Sum", "period": 60.0, "dimensions": map[string]any{"Region": seoul}}})
	}
	return map[string]any{"metricQueries": queries, "namespace": nil, "metricName": nil, "dimensions": nil, "statistic": nil, "period": nil}
}

func (w *world) composite(name, rule string, change map[string]any) error {
	properties := map[string]any{
		"alarmName": name, "arn": "arn:aws:cloudwatch:" + seoul + ":000000000000:alarm:" + name, "alarmRule": rule,
		"alarmActions": []any{"arn:aws:sns:" + seoul + ":000000000000:pager"},
		"okActions":    []any{"arn:aws:sns:" + seoul + ":000000000000:pager"},
	}
	maps.Copy(properties, change)
	return w.Bodies()[compositeType].Apply(w.t.Context(), &cloud.Resource{Type: compositeType, ID: name, Region: seoul,
		Outputs: properties}, nil)
}

// states tells the states after each minute, in which values are put: "5 12 -";
// a minus puts none. O is OK, A is ALARM, I is INSUFFICIENT_DATA.
func (w *world) run(alarm, values string) string {
	w.t.Helper()
	var out []string
	for _, field := range strings.Fields(values) {
		var put []func()
		if field != "-" {
			var v float64
			if _, err := fmt.Sscan(field, &v); err != nil {
				w.t.Fatal(err)
			}
			put = append(put, w.put(v))
		}
		w.minute(put...)
		out = append(out, w.State(seoul, alarm)[:1])
	}
	return strings.Join(out, " ")
}

// told are the states that actions were taken for, by alarm.
func (w *world) told() string {
	var all []string
	for _, a := range w.acted {
		all = append(all, a.Alarm+" "+string(a.New))
	}
	return strings.Join(all, ", ")
}

func decode(t testing.TB, text string) map[string]any {
	t.Helper()
	out := map[string]any{}
	if err := json.Unmarshal([]byte(text), &out); err != nil {
		t.Fatal(err, text)
	}
	return out
}
