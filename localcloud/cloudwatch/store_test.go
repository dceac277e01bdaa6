package cloudwatch

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

func TestSeriesAreBounded(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 60)
	w.declared("x", nil)
	w.minute(w.put(12))
	for i := range 2 * maxSeries {
		w.Put(seoul, "Hostile", fmt.Sprint(i), nil, "", []float64{1}, w.now)
		w.now = w.now.Add(time.Microsecond)
	}
	w.now = beginning.Add(2 * time.Second)
	if n := len(w.store.all); n > maxSeries {
		t.Errorf("%d series, %d at most", n, maxSeries)
	}
	if got := w.run("x", "12"); got != "A" {
		t.Errorf("what an alarm watches was given up: %s", got)
	}
}

func TestValuesThatAreNotTaken(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 60)
	for sentence, c := range map[string]struct {
		v  float64
		at time.Duration
	}{
		"no number":        {math.NaN(), 0},
		"infinite":         {math.Inf(1), 0},
		"far in the past":  {1, -15 * 24 * time.Hour},
		"in the future":    {1, 3 * time.Hour},
		"older than known": {1, -100 * time.Second},
	} {
		if sentence == "older than known" { // a place that a newer period has
			w.put(1)()
			w.Put(seoul, "NewsFeed", "Load", map[string]string{"Region": seoul}, "", []float64{1}, w.now.Add(-capacity*w.tick))
		} else {
			w.Put(seoul, "NewsFeed", "Load", map[string]string{"Region": seoul}, "", []float64{c.v}, w.now.Add(c.at))
		}
	}
	if w.store.dropped != 5 {
		t.Errorf("%d values were dropped, want 5", w.store.dropped)
	}
}

// A percentile is within 1 percent of the true one, however many values there
// are and whatever their size.
func TestPercentilesAreNear(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 2))
	for name, draw := range map[string]func() float64{
		"latency":  func() float64 { return math.Exp(random.NormFloat64()) },
		"bytes":    func() float64 { return 1e9 * random.Float64() },
		"negative": func() float64 { return -1 - random.Float64() },
		"one":      func() float64 { return 7 },
	} {
		var r ring
		values := make([]float64, 5000)
		for i := range values {
			values[i] = draw()
			r.add(3, values[i:i+1], 1)
		}
		slices.Sort(values)
		for _, p := range []string{"p1", "p50", "p90", "p99", "p99.9", "p100"} {
			st, err := parseStatistic(p)
			if err != nil {
				t.Fatal(err)
			}
			want := values[int(math.Ceil(st.share*5000))-1]
			if got := st.of(r.read(3, 4), 1); math.Abs(got-want) > 0.012*math.Abs(want) {
				t.Errorf("%s %s is %g, want %g", name, p, got, want)
			}
		}
	}
}

func TestSketchesAreBounded(t *testing.T) {
	t.Parallel()
	st := newStore(time.Second)
	now := beginning
	values := make([]float64, 100)
	for minute := range 120 {
		for i := range 100 {
			for n := range values {
				values[n] = math.Exp(float64(n+minute%7) / 3)
			}
			st.put(seoul, Metric{Namespace: "N", Name: fmt.Sprint(i)}, sample{values: values, at: now}, now)
		}
		now = now.Add(time.Second)
	}
	if st.bins > maxTotal {
		t.Errorf("%d bins, %d at most", st.bins, maxTotal)
	}
	p99, _ := parseStatistic("p99")
	last := st.window(Metric{Namespace: "N", Name: "1"}.key(seoul), "", number(now, time.Second), 1, 1)
	if v := p99.of(last[0], 1); math.IsNaN(v) {
		t.Error("the newest percentile was given up")
	}
}

func TestStatistics(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"p101", "p-1", "pNaN", "q99", "", "IQM", "tm90", "sum"} {
		if _, err := parseStatistic(name); err == nil {
			t.Errorf("%q is taken", name)
		}
	}
}
