package engine

import (
	"slices"
	"strings"
	"time"

	"github.com/pulumi/pulumi/sdk/v3/go/auto/events"
	"github.com/pulumi/pulumi/sdk/v3/go/common/apitype"
)

// Result is what a run did.
type Result struct {
	Changes map[string]int // by operation: create, update, same, ...
	Took    time.Duration
	Slowest []Step // at most five
	Steps   []Step // all that is not the same, as the engine began them
}

// Step is what happens to one resource.
type Step struct {
	URN     string
	Op      string        // create, update, replace, delete, ...
	Changed []string      // properties
	Took    time.Duration // of Slowest only
}

// Name is the resource's own, without its stack and parents.
func (s Step) Name() string { return s.URN[strings.LastIndex(s.URN, "::")+2:] }

// Changed counts the resources that the run touched.
func (r Result) Changed() int {
	n := 0
	for op, count := range r.Changes {
		if op != string(apitype.OpSame) {
			n += count
		}
	}
	return n
}

// measure runs the engine and listens to what it says it does.
func (e *Engine) measure(run func(chan<- events.EngineEvent) error) (Result, error) {
	began := time.Now()
	watch := make(chan events.EngineEvent, 1024)
	ended, heard := make(chan struct{}), make(chan struct{})
	l := listener{started: map[string]time.Time{}, result: Result{Changes: map[string]int{}}}
	go func() {
		defer close(heard)
		l.listen(watch, ended)
	}()
	err := run(watch)
	close(ended)
	<-heard
	slices.SortFunc(l.result.Slowest, func(a, b Step) int { return int(b.Took - a.Took) })
	l.result.Slowest = l.result.Slowest[:min(5, len(l.result.Slowest))]
	l.result.Took = time.Since(began)
	return l.result, err
}

// listener makes a Result of the engine's events.
type listener struct {
	started map[string]time.Time
	result  Result
}

// listen takes events until the channel is closed, which the automation API
// does unless it fails early, or until the run has ended and none is left.
func (l *listener) listen(watch <-chan events.EngineEvent, ended <-chan struct{}) {
	for {
		select {
		case event, open := <-watch:
			if !open {
				return
			}
			l.hear(event)
			continue
		default:
		}
		select {
		case event, open := <-watch:
			if !open {
				return
			}
			l.hear(event)
		case <-ended:
			if len(watch) == 0 {
				return
			}
		}
	}
}

func (l *listener) hear(event events.EngineEvent) {
	switch {
	case event.ResourcePreEvent != nil:
		m := event.ResourcePreEvent.Metadata
		l.started[m.URN] = time.Now()
		if m.Op != apitype.OpSame {
			l.result.Steps = append(l.result.Steps, Step{URN: m.URN, Op: string(m.Op), Changed: m.Diffs})
		}
	case event.ResOutputsEvent != nil:
		m := event.ResOutputsEvent.Metadata
		if m.Op != apitype.OpSame {
			l.result.Slowest = append(l.result.Slowest, Step{URN: m.URN, Op: string(m.Op), Took: time.Since(l.started[m.URN])})
		}
	case event.SummaryEvent != nil:
		for op, n := range event.SummaryEvent.ResourceChanges {
			l.result.Changes[string(op)] = n
		}
	}
}
