package cloudwatch

import (
	"log/slog"
	"maps"
	"math"
	"slices"
	"strings"
	"time"

	"newsfeed/localcloud/cloudwatch/metricmath"
)

// turn is one evaluation of all alarms, with the mutex of the service held. The
// actions are taken after that.
type turn struct {
	service *Service
	now     time.Time
	end     int64 // the minute before which all values are in

	actions []Action
	changed bool
}

func (t *turn) evaluate() {
	for _, a := range t.service.alarms {
		if a.watch != nil {
			t.metricAlarm(a)
		}
	}
	t.composites()
}

// save keeps the states, if any has changed.
func (t *turn) save() {
	if !t.changed {
		return
	}
	if err := t.service.saveStates(); err != nil {
		slog.Error("states of alarms were not kept", "error", err)
	}
}

func (t *turn) metricAlarm(a *alarm) {
	w := a.watch
	points, err := t.points(a)
	if err != nil {
		slog.Error("alarm was not evaluated", "region", a.region, "alarm", a.name, "error", err)
		return
	}
	if w.ignoresLowSamples && tooFew(points, w) {
		return
	}
	v := judge(points, w.periods, w.datapoints, w.treatment)
	if v.state != "" && v.state != a.status.State {
		t.transition(a, v.state, w.reason(v), w.reasonData(t.now, points, v))
		return
	}
	t.repeat(a)
}

// points are those of the evaluation range, the newest first.
func (t *turn) points(a *alarm) ([]point, error) {
	w := a.watch
	length := w.periods + extraPeriods
	values, counts, err := t.evaluateQueries(w, length)
	if err != nil {
		return nil, err
	}
	var lower, upper metricmath.Series
	if w.comparison.band {
		band := values[w.thresholdID] // the upper bound comes first
		upper, lower = band[0], band[len(band)-1]
	}
	all := make([]point, length)
	for i := range all {
		from := length - 1 - i
		p := point{at: time.Unix(0, (t.end-int64((i+1)*w.minutes))*int64(t.service.tick)).UTC(), count: counts[from]}
		p.value = values[w.judged().id][0][from]
		if w.comparison.band {
			p.lower, p.upper = lower[from], upper[from]
		}
		p.breaching = !p.missing() && w.comparison.crossed(p, w.threshold)
		all[i] = p
	}
	return all, nil
}

// evaluateQueries returns the series of every query by its id, and how many
// samples the judged one has, the oldest first.
func (t *turn) evaluateQueries(w *watch, length int) (map[string][]metricmath.Series, []float64, error) {
	in := &metricmath.Input{Length: length, Period: w.period(), Series: map[string]metricmath.Series{}}
	in.Band = func(id string, deviations float64) (lower, upper metricmath.Series) {
		return t.band(w, id, deviations, length)
	}
	values, counts := map[string][]metricmath.Series{}, make([]float64, length)
	for i := range w.queries {
		q := &w.queries[i]
		if q.metric == nil {
			continue
		}
		s := make(metricmath.Series, length)
		for n, p := range t.service.store.window(q.key, q.unit, t.end, w.minutes, length) {
			s[n] = q.statistic.of(p, t.service.scale())
			if q == w.judged() {
				counts[n] = p.count * t.service.scale()
			}
		}
		in.Metrics, in.Series[q.id] = append(in.Metrics, q.id), s
		values[q.id] = []metricmath.Series{s}
	}
	for _, q := range w.ordered {
		out, err := q.expression.Eval(in)
		if err != nil {
			return nil, nil, err
		}
		if values[q.id] = out; len(out) == 1 {
			in.Series[q.id] = out[0]
		}
	}
	return values, counts, nil
}

// scale is what a rate is multiplied by, so that what arrives in a minute of AWS
// here counts as what arrives in one there.
func (s *Service) scale() float64 { return s.clock.AWS(time.Hour).Hours() }

// leastForBand is how many minutes a band needs before it has bounds.
const leastForBand = 20

// band is the mean of what is kept of a metric from before the evaluation range
// and so many standard deviations to both sides, the same for all periods.
func (t *turn) band(w *watch, id string, deviations float64, length int) (lower, upper metricmath.Series) {
	lower, upper = make(metricmath.Series, length), make(metricmath.Series, length)
	mean, deviation := math.NaN(), math.NaN()
	i := slices.IndexFunc(w.queries, func(q query) bool { return q.id == id && q.metric != nil })
	if i >= 0 {
		q := w.queries[i]
		before := t.end - int64(length*w.minutes)
		var n, sum, squares float64
		for _, p := range t.service.store.window(q.key, q.unit, before, w.minutes, capacity/w.minutes-length) {
			if v := q.statistic.of(p, t.service.scale()); !math.IsNaN(v) {
				n, sum, squares = n+1, sum+v, squares+v*v
			}
		}
		if n*float64(w.minutes) >= leastForBand {
			mean = sum / n
			deviation = math.Sqrt(max(0, squares/n-mean*mean))
		}
	}
	for i := range lower {
		lower[i], upper[i] = mean-deviations*deviation, mean+deviations*deviation
	}
	return lower, upper
}

// tooFew tells whether the evaluation periods have too few samples for the
// percentile.
func tooFew(points []point, w *watch) bool {
	q, samples := w.judged(), 0.0
	for _, p := range points[:w.periods] {
		samples += p.count
	}
	return q.metric != nil && q.statistic.isPercentile() && samples < q.statistic.leastSamples()
}

// transition sets the state of an alarm, and asks for the actions of the new
// one.
func (t *turn) transition(a *alarm, to State, reason, data string) {
	from := a.status
	a.status.State, a.status.Reason, a.status.ReasonData, a.status.Updated = to, reason, data, t.now
	t.changed = true
	if from.State == to {
		return
	}
	a.status.Transitioned = t.now
	a.history.stateUpdate(a, from, t.now)
	if a.composite != nil && t.suppresses(a) {
		return
	}
	t.perform(a, from.State, a.actions[to])
}

// perform takes actions of the state that the alarm is in.
func (t *turn) perform(a *alarm, from State, arns []string) {
	if a.composite != nil {
		a.composite.told = a.status.State
	}
	for _, arn := range arns {
		if !a.actionsEnabled {
			a.history.action(a, arn, t.now, "No action is taken: the actions of the alarm are disabled")
			continue
		}
		t.actions = append(t.actions, a.action(arn, from))
		a.history.action(a, arn, t.now, "Successfully executed action "+arn)
	}
}

// repeat takes what Auto Scaling wants to be told for as long as the state stays
// ("Using Amazon CloudWatch alarms" in the user guide).
func (t *turn) repeat(a *alarm) {
	if !a.actionsEnabled {
		return
	}
	for _, arn := range a.actions[a.status.State] {
		if strings.HasPrefix(arn, "arn:aws:autoscaling:") {
			action := a.action(arn, a.status.State)
			action.Repeated = true
			t.actions = append(t.actions, action)
		}
	}
}

// composites evaluates the composite alarms until none changes any more. A
// circle of them ends after as many rounds as there are alarms.
func (t *turn) composites() {
	var all []*alarm
	for _, at := range slices.SortedFunc(maps.Keys(t.service.alarms), address.compare) {
		if a := t.service.alarms[at]; a.composite != nil {
			all = append(all, a)
		}
	}
	for range len(all) + 1 {
		settled := true
		for _, a := range all {
			settled = !t.compositeAlarm(a) && settled
		}
		if settled {
			break
		}
	}
	for _, a := range all {
		t.release(a)
	}
}
