package rds

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"newsfeed/localcloud/clock"
	"newsfeed/localcloud/process"
)

// What DBInstanceStatus may be here (RDS: Viewing DB instance status).
const (
	available = "available"
	backingUp = "backing-up"
	creating  = "creating"
	modifying = "modifying"
	rebooting = "rebooting"
)

// instance is a DB instance that runs: its server, and what RDS does to it.
type instance struct {
	clock *clock.Clock
	kept  *process.Keeper[*Server]

	ctx    context.Context // ends with the instance
	cancel context.CancelFunc
	work   sync.WaitGroup

	mu     sync.Mutex
	status string
	power  chan struct{} // closed while the database may run
}

// keep starts an instance's server and keeps it running, but for outages.
func keep(ctx context.Context, c *clock.Clock, name string,
	start func(context.Context) (*Server, error)) (*instance, error) {
	i := &instance{clock: c, status: available, power: make(chan struct{})}
	close(i.power)
	i.ctx, i.cancel = context.WithCancel(context.Background())
	var err error
	i.kept, err = process.Keep(ctx, name, func(ctx context.Context) (*Server, error) {
		i.mu.Lock()
		power := i.power
		i.mu.Unlock()
		select {
		case <-power:
			return start(ctx)
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	})
	if err != nil {
		i.cancel()
	}
	return i, err
}

func (i *instance) server() *Server { return i.kept.Current() }

// begin does work under a status, in the background: RDS goes on when nobody
// waits for it. The instance is available after it, whatever came of it. One
// that is not available takes no work.
func (i *instance) begin(status string, work func(context.Context) error) (done <-chan error, ok bool) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.status != available || i.ctx.Err() != nil {
		return nil, false
	}
	i.status = status
	result := make(chan error, 1)
	i.work.Go(func() {
		err := work(i.ctx)
		i.set(available)
		if err != nil && i.ctx.Err() == nil {
			slog.Error("a database was not changed", "status", status, "error", err)
		}
		result <- err
	})
	return result, true
}

// wait returns what came of work, or the error of ctx before that.
func wait(ctx context.Context, done <-chan error) error {
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (i *instance) now() string {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.status
}

func (i *instance) set(status string) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.status = status
}

// outage stops the database for d of AWS, and returns when it serves again.
func (i *instance) outage(ctx context.Context, d time.Duration) error {
	power, before := make(chan struct{}), i.server()
	i.mu.Lock()
	i.power = power
	i.mu.Unlock()
	before.Stop() // the keeper starts the next, which waits for the power
	err := i.clock.Sleep(ctx, d)
	close(power)
	if err != nil {
		return err
	}
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for i.server() == before {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
	return nil
}

// stop ends the instance in an orderly way.
func (i *instance) stop() { i.end((*process.Keeper[*Server]).Stop) }

// kill ends it as a power cut does.
func (i *instance) kill() { i.end((*process.Keeper[*Server]).Kill) }

func (i *instance) end(how func(*process.Keeper[*Server])) {
	i.mu.Lock()
	i.cancel()
	i.mu.Unlock()
	how(i.kept)
	i.work.Wait()
}
