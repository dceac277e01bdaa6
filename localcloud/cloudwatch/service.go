package cloudwatch

import (
	"cmp"
	"context"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"newsfeed/localcloud/clock"
	"newsfeed/localcloud/cloud"
)

const (
	alarmType     = "aws:cloudwatch/metricAlarm:MetricAlarm"
	compositeType = "aws:cloudwatch/compositeAlarm:CompositeAlarm"
)

// Config says where the service keeps its files and whom it works with.
type Config struct {
	Dir   string // where the states of alarms are kept
	Store *cloud.Store
	Clock *clock.Clock
	// Lag is how long after the end of a minute of AWS its values may still
	// arrive, here: what is real does not take less time at a higher pace.
	Lag time.Duration
	// Act takes an action of an alarm; nil: nobody does. It is called in the
	// evaluator's turn and must not wait.
	Act func(context.Context, Action)
}

// Service holds the series and alarms of every region. Its methods are safe for
// concurrent use.
type Service struct {
	Config
	clock     *clock.Clock
	tick      time.Duration // a minute of AWS, here
	store     *store
	malformed atomic.Int64

	evaluating sync.Mutex // one at a time; taken before mu

	mu        sync.Mutex
	alarms    map[address]*alarm
	kept      map[string]status // of alarms that are not there yet, or no longer, by ARN
	sources   []Source
	evaluated int64 // the minute before which all is evaluated
}

// address of an alarm: metric alarms and composite ones share their names.
type address struct{ region, name string }

// New returns a service without alarms, which knows the states that they had.
func New(cfg Config) (*Service, error) {
	tick := cfg.Clock.Local(time.Minute)
	s := &Service{Config: cfg, clock: cfg.Clock, tick: tick, store: newStore(tick), alarms: map[address]*alarm{}}
	var err error
	s.kept, err = readStates(cfg.Dir)
	return s, err
}

// Bodies gives life to what the program declares.
func (s *Service) Bodies() map[string]cloud.Body {
	return map[string]cloud.Body{alarmType: metricAlarms{s}, compositeType: compositeAlarms{s}}
}

// AddSource has a source asked once a minute of AWS, for every region that has
// alarms.
func (s *Service) AddSource(source Source) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sources = append(s.sources, source)
}

// Put notes values of a metric. What is no number, too old or in the future is
// dropped.
func (s *Service) Put(region, namespace, name string, dimensions map[string]string, unit string, values []float64,
	at time.Time) {
	s.store.put(region, metricOf(namespace, name, dimensions), sample{unit: unit, values: values, at: at}, s.clock.Now())
}

// Run evaluates every minute of AWS until ctx ends.
func (s *Service) Run(ctx context.Context) {
	for {
		now := s.clock.Now()
		next := time.Unix(0, (number(now.Add(-s.Lag), s.tick)+1)*int64(s.tick)).Add(s.Lag)
		timer := time.NewTimer(next.Sub(now))
		select {
		case <-timer.C:
			s.Evaluate(ctx, s.clock.Now())
		case <-ctx.Done():
			timer.Stop()
			return
		}
	}
}

// Evaluate asks the sources and evaluates every alarm, if a minute of AWS has
// ended since the last time.
func (s *Service) Evaluate(ctx context.Context, now time.Time) {
	s.evaluating.Lock()
	defer s.evaluating.Unlock()
	end := number(now.Add(-s.Lag), s.tick)
	s.mu.Lock()
	due := end > s.evaluated
	s.evaluated = max(s.evaluated, end)
	sources := slices.Clone(s.sources)
	s.mu.Unlock()
	if !due {
		return
	}
	s.ask(sources, time.Unix(0, end*int64(s.tick)-1), now)
	s.mu.Lock()
	t := &turn{service: s, now: now, end: end}
	t.evaluate()
	t.save()
	s.mu.Unlock()
	s.act(ctx, t.actions)
}

// ask notes what the sources have measured until a time.
func (s *Service) ask(sources []Source, until, now time.Time) {
	if len(sources) == 0 {
		return
	}
	for _, region := range s.regions() {
		for _, source := range sources {
			for _, d := range source(region, until) {
				s.store.put(region, metricOf(d.Namespace, d.Name, d.Dimensions),
					sample{unit: d.Unit, values: d.Values, count: d.Count, at: until}, now)
			}
		}
	}
}

// regions are those that have alarms.
func (s *Service) regions() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := map[string]bool{}
	for at := range s.alarms {
		all[at.region] = true
	}
	return slices.Sorted(maps.Keys(all))
}

// Halt implements cloud.Halter for both kinds of alarms: those of a region without
// power are not evaluated.
func (s *Service) Halt(region string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for at, a := range s.alarms {
		if at.region == region {
			s.kept[a.arn] = a.status
			s.forget(at)
		}
	}
}

// State returns the state of an alarm: OK, ALARM or INSUFFICIENT_DATA; "" when
// there is no such alarm.
func (s *Service) State(region, name string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if a := s.alarms[address{region, name}]; a != nil {
		return string(a.status.State)
	}
	return ""
}

// Silence is a metric that an alarm watches and that nothing has ever emitted.
type Silence struct {
	Region, Alarm string
	Metric        Metric
}

// Silent returns what alarms watch in vain, by region and alarm.
func (s *Service) Silent() []Silence {
	var all []Silence
	for _, a := range s.list("") {
		for _, m := range a.metrics() {
			if !s.store.seen(a.region, m) {
				all = append(all, Silence{a.region, a.name, m})
			}
		}
	}
	return all
}

// list returns the alarms of a region, "" being all, by region and name.
func (s *Service) list(region string) []*alarm {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []*alarm
	for at, a := range s.alarms {
		if region == "" || at.region == region {
			all = append(all, a)
		}
	}
	slices.SortFunc(all, func(a, b *alarm) int {
		return cmp.Or(strings.Compare(a.region, b.region), strings.Compare(a.name, b.name))
	})
	return all
}

func (s *Service) act(ctx context.Context, actions []Action) {
	for _, a := range actions {
		if !a.Repeated {
			slog.Info("alarm", "region", a.Region, "alarm", a.Alarm, "state", a.New, "action", a.ARN)
		}
		if s.Act != nil {
			s.Act(ctx, a)
		}
	}
}
