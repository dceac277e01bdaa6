package feed_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"net"
	"os"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"newsfeed/app/apptest"
	"newsfeed/app/feed"
)

// fault is something that goes wrong for a while.
type fault struct {
	name       string
	weight     int // how often it is drawn, among all
	spoils     part
	start, end func()
}

// part is what a fault spoils. For some seconds after a write only the cache knows
// that the replica may not have it yet: a cache that forgets and a replica that is
// behind, at the same time, have old figures cached. So these don't meet here.
type part int

const (
	neither part = iota
	memory       // of the cache
	replica      // which is behind
)

func (w *world) faults() []fault {
	nothing := func() {}
	worker := &doomed{world: w}
	rebuilds := &rebuilds{world: w}
	return []fault{
		{"nothing", 1, neither, nothing, nothing},
		{"the cache is flushed", 2, memory, w.flush, nothing},
		{"the cache is down", 2, memory, w.stopCache, w.restartCache},
		{"feeds are evicted", 1, neither, w.evict, nothing},
		{"the replica lags by less than is noticed", 3, replica, w.stopReplica, w.startReplica},
		{"the replica lags", 2, replica, func() { w.stopReplica(); w.noticeLag() }, w.startReplica},
		{"the primary is killed", 3, replica, w.killPrimary, w.startPrimary},
		{"the queue refuses", 1, neither, func() { w.queue.Down(errors.New("queue down")) }, func() { w.queue.Down(nil) }},
		{"the queue delivers late, twice and in any order", 3, neither, w.disturbQueue, func() { w.queue.Disturb(nil) }},
		{"a worker is killed in mid-fan-out", 3, neither, worker.start, worker.kill},
		{"a clock steps back an hour", 2, neither, func() { w.clocks[0].set(-time.Hour) }, func() { w.clocks[0].set(0) }},
		{"both instances rebuild every feed", 2, neither, rebuilds.start, rebuilds.stop},
	}
}

// TestFaultsLeaveEveryFeedAsTheModelHasIt breaks up to three things at a time
// while people go on. What they read then is in order, without repetition and by
// friends only; when all is mended and done, every feed is the model's.
func TestFaultsLeaveEveryFeedAsTheModelHasIt(t *testing.T) {
	t.Parallel()
	seed := testSeed(t)
	w := newWorld(t, seed)
	faults, rounds := w.faults(), 6
	if testing.Short() {
		rounds = 3
	}
	for range rounds {
		w.round(w.draw(faults, 1+w.random.IntN(3)))
	}
}

// testSeed repeats what is done and which faults there are; not how goroutines
// and servers take turns.
func testSeed(t *testing.T) uint64 {
	t.Helper()
	n := rand.Uint64()
	if s := os.Getenv("NEWSFEED_TEST_SEED"); s != "" {
		var err error
		if n, err = strconv.ParseUint(s, 10, 64); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("to run the same again: NEWSFEED_TEST_SEED=%d CGO_ENABLED=1 go test -race ./app/feed -run TestFaults -v", n)
	return n
}

// draw picks n different faults by their weights.
func (w *world) draw(faults []fault, n int) (drawn []fault) {
	var bag []fault
	for _, f := range faults {
		bag = append(bag, slices.Repeat([]fault{f}, f.weight)...)
	}
	for len(drawn) < n {
		f := bag[w.random.IntN(len(bag))]
		if !slices.ContainsFunc(drawn, func(other fault) bool {
			return f.name == other.name || f.spoils != other.spoils && f.spoils != neither && other.spoils != neither
		}) {
			drawn = append(drawn, f)
		}
	}
	return drawn
}

const steps = 70

// round has each fault begin and end at some step.
func (w *world) round(faults []fault) {
	w.t.Helper()
	name, starts, ends := "", map[int][]func(){}, map[int][]func(){}
	for _, f := range faults {
		from := w.random.IntN(steps / 2)
		to := from + 1 + w.random.IntN(steps-from)
		starts[from], ends[to] = append(starts[from], f.start), append(ends[to], f.end)
		name += f.name + "; "
	}
	w.t.Log(name)
	for i := range steps + 1 {
		for _, change := range append(ends[i], starts[i]...) {
			change()
		}
		w.step()
	}
	w.compare(name + "cold")
	w.compare(name + "warm")
}

func (w *world) flush() {
	w.catchUp()
	if w.cache == nil {
		return
	}
	if err := w.cache.Client().FlushAll(w.t.Context()).Err(); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) stopCache() {
	w.cache.Stop()
	w.cache = nil
}

// restartCache lets nobody write before both instances note it in the cache again:
// what one of them could not note, the other would miss on a replica that is a
// moment behind.
func (w *world) restartCache() {
	w.catchUp()
	w.startCache()
	for _, p := range w.instances {
		apptest.Eventually(w.t, "the cache answers", func() error { return p.Cache.Ready(w.t.Context()) })
	}
}

func (w *world) evict() {
	for range 3 {
		if err := w.instance().Cache.Drop(w.t.Context(), w.person().ID); err != nil && w.cache != nil {
			w.t.Fatal(err)
		}
	}
}

func (w *world) disturbQueue() {
	w.queue.Disturb(rand.New(rand.NewPCG(w.random.Uint64(), 0)))
}

// stopReplica lets time pass first, so that nobody has written in the last five
// seconds and readers go to the replica.
func (w *world) stopReplica() {
	if w.primary == nil || w.stopped {
		return
	}
	w.stopped = true
	w.catchUp()
	if w.cache != nil {
		cache := w.cache.Client()
		if keys := cache.Keys(w.t.Context(), "w:*").Val(); len(keys) > 0 {
			cache.Del(w.t.Context(), keys...)
		}
	}
	w.onReplica("STOP REPLICA")
}

func (w *world) startReplica() {
	w.stopped = false
	w.onReplica("START REPLICA")
}

func (w *world) onReplica(statement string) {
	w.t.Helper()
	if _, err := w.replica.Admin().Exec(statement); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) noticeLag() {
	if w.primary != nil && w.stopped {
		w.lag(10 * time.Second)
	}
}

// killPrimary ends the server at some moment of the next steps, so that it dies
// with statements under way.
func (w *world) killPrimary() {
	primary, killed := w.primary, make(chan struct{})
	w.primary, w.killed = nil, killed
	time.AfterFunc(time.Duration(w.random.IntN(30))*time.Millisecond, func() {
		primary.Kill()
		close(killed)
	})
}

func (w *world) startPrimary() {
	<-w.killed
	host, _, err := net.SplitHostPort(w.config.Writer)
	if err != nil {
		w.t.Fatal(err)
	}
	if w.primary, _, err = apptest.Current.StartDatabase(w.t.Context(), host, nil); err != nil {
		w.t.Fatal(err)
	}
	for _, p := range w.instances { // each finds out by itself, within a moment
		apptest.Eventually(w.t, "the database is back", func() error { return p.DB.Ready(w.t.Context()) })
	}
}

// rebuilds are rebuilds of every feed by both instances, again and again.
type rebuilds struct {
	world *world
	done  context.CancelFunc
	wg    sync.WaitGroup
}

func (r *rebuilds) start() {
	ctx, cancel := context.WithCancel(r.world.t.Context())
	r.done = cancel
	for _, p := range r.world.instances {
		r.wg.Go(func() {
			for ctx.Err() == nil {
				for _, who := range r.world.people {
					p.Rebuild(ctx, who.ID) // overtaken, or without a store, is fine
				}
			}
		})
	}
}

func (r *rebuilds) stop() {
	r.done()
	r.wg.Wait()
}

// doomed is one more worker, which is gone after a few commands to the cache:
// halfway through a pipeline, with messages in its hands.
type doomed struct {
	feed.Queue
	world  *world
	cancel context.CancelFunc
	wg     sync.WaitGroup

	mu   sync.Mutex
	left int // commands
}

var errKilled = errors.New("killed")

func (d *doomed) start() {
	d.Queue, d.left = d.world.queue, 1+d.world.random.IntN(8)
	config := d.world.config
	config.Readers = nil // nobody tells it of lag
	p := newProductOn(d.world.t, config, d.world.cacheAddress+":6379", noWorker, func(s *setup) {
		s.Queue = d
		s.Cache.AddHook(d)
	})
	ctx, cancel := context.WithCancel(d.world.t.Context())
	d.cancel = cancel
	d.wg.Go(func() { p.worker.Run(ctx) })
}

func (d *doomed) kill() {
	d.spend(1 << 30)
	d.cancel()
	d.wg.Wait()
}

// spend returns how many of n commands are still sent.
func (d *doomed) spend(n int) int {
	d.mu.Lock()
	defer d.mu.Unlock()
	n = min(n, d.left)
	d.left -= n
	return n
}

func (d *doomed) dead() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.left == 0 {
		return errKilled
	}
	return nil
}

func (d *doomed) Receive(ctx context.Context, most int) ([]feed.Delivery, error) {
	if d.dead() != nil {
		<-ctx.Done()
		return nil, ctx.Err()
	}
	return d.Queue.Receive(ctx, most)
}

func (d *doomed) Send(ctx context.Context, delay time.Duration, messages ...[]byte) error {
	if err := d.dead(); err != nil {
		return err
	}
	return d.Queue.Send(ctx, delay, messages...)
}

func (d *doomed) Extend(ctx context.Context, receipt string, by time.Duration) error {
	if err := d.dead(); err != nil {
		return err
	}
	return d.Queue.Extend(ctx, receipt, by)
}

func (d *doomed) Delete(ctx context.Context, receipts ...string) error {
	if err := d.dead(); err != nil {
		return err
	}
	return d.Queue.Delete(ctx, receipts...)
}

func (d *doomed) DialHook(next goredis.DialHook) goredis.DialHook { return next }

func (d *doomed) ProcessHook(next goredis.ProcessHook) goredis.ProcessHook {
	return func(ctx context.Context, cmd goredis.Cmder) error {
		if d.spend(1) == 0 {
			cmd.SetErr(errKilled)
			return errKilled
		}
		return next(ctx, cmd)
	}
}

func (d *doomed) ProcessPipelineHook(next goredis.ProcessPipelineHook) goredis.ProcessPipelineHook {
	return func(ctx context.Context, cmds []goredis.Cmder) error {
		sent := d.spend(len(cmds))
		if sent == len(cmds) {
			return next(ctx, cmds)
		}
		if sent > 0 {
			next(ctx, cmds[:sent])
		}
		for _, cmd := range cmds {
			cmd.SetErr(errKilled)
		}
		return errKilled
	}
}
