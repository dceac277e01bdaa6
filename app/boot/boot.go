package boot

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"newsfeed/app"
)

// Need is something that must have answered once.
type Need struct {
	Name string
	// Ready returns nil when it answers, an app.ErrRefused when it says no, and any
	// other error when it doesn't answer.
	Ready func(context.Context) error
}

// Boot asks for every need until each has answered. Its methods are safe for
// concurrent use.
type Boot struct {
	needs []Need

	mu   sync.Mutex
	open map[string]error // why a need has not answered yet
}

// State is how far the boot has come.
type State struct {
	Done    bool
	Refused bool              // something said no: waiting alone mends nothing
	Reasons map[string]string // by need, while not Done
}

var errPending = errors.New("it has not answered yet")

// New returns a Boot that Run drives.
func New(needs ...Need) *Boot {
	b := &Boot{needs: needs, open: map[string]error{}}
	for _, n := range needs {
		b.open[n.Name] = errPending
	}
	return b
}

// Run asks until every need has answered, or ctx ends.
func (b *Boot) Run(ctx context.Context) {
	var wg sync.WaitGroup
	for _, n := range b.needs {
		wg.Go(func() { b.await(ctx, n) })
	}
	wg.Wait()
}

const (
	firstWait = 50 * time.Millisecond
	lastWait  = 2 * time.Second
)

func (b *Boot) await(ctx context.Context, n Need) {
	for wait := firstWait; ctx.Err() == nil; wait = min(2*wait, lastWait) {
		err := n.Ready(ctx)
		b.note(n.Name, err)
		if err == nil {
			return
		}
		pause := time.NewTimer(wait)
		select {
		case <-ctx.Done():
		case <-pause.C:
		}
		pause.Stop()
	}
}

func (b *Boot) note(name string, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	before := b.open[name]
	if err == nil {
		delete(b.open, name)
		slog.Info("boot: answered", "need", name, "left", len(b.open))
		return
	}
	b.open[name] = err
	if before.Error() != err.Error() {
		slog.Warn("boot: trying again", "need", name, "error", err)
	}
}

// State tells how far the boot has come.
func (b *Boot) State() State {
	b.mu.Lock()
	defer b.mu.Unlock()
	s := State{Done: len(b.open) == 0}
	for name, err := range b.open {
		if s.Reasons == nil {
			s.Reasons = map[string]string{}
		}
		s.Reasons[name] = err.Error()
		s.Refused = s.Refused || errors.Is(err, app.ErrRefused)
	}
	return s
}
