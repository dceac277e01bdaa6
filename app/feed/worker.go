package feed

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"newsfeed/app"
	"newsfeed/app/metrics"
	"newsfeed/app/mysql"
	"newsfeed/app/redis"
)

// Worker works the queue: fan-out, backfill, cleanup, rebuilds.
type Worker struct {
	Service *Service
	Queue   Queue
	// Concurrency is how many messages are worked on at once; default 16.
	Concurrency int
	// Visibility is the queue's visibility timeout; default 30 s.
	Visibility time.Duration

	away   atomic.Bool  // a message just failed for want of a store
	turned atomic.Int64 // Unix nanoseconds of the loop's last turn
}

// fanoutRange is how many friends one message covers.
const fanoutRange = 1000

// Run works until ctx ends, then finishes the messages at hand.
func (w *Worker) Run(ctx context.Context) {
	if w.Concurrency == 0 {
		w.Concurrency = 16
	}
	if w.Visibility == 0 {
		w.Visibility = 30 * time.Second
	}
	var wg sync.WaitGroup
	slots := make(chan struct{}, w.Concurrency)
	for ctx.Err() == nil {
		w.turned.Store(time.Now().UnixNano())
		if !w.storesBack(ctx) {
			break
		}
		deliveries, err := w.Queue.Receive(ctx, 10)
		if err != nil && ctx.Err() == nil {
			slog.Warn("queue", "error", err)
			pause(ctx, time.Second)
		}
		beats := make([]func(), len(deliveries))
		for i, d := range deliveries { // before the first of them waits for a slot
			beats[i] = w.heartbeat(context.WithoutCancel(ctx), d)
		}
		for i, d := range deliveries {
			w.slot(slots)
			wg.Go(func() {
				defer func() { <-slots }()
				defer beats[i]()
				w.handle(ctx, d)
			})
		}
	}
	wg.Wait()
}

// slot waits for a place to work in. While messages are held for want of a store
// that is no standstill.
func (w *Worker) slot(slots chan<- struct{}) {
	for {
		look := time.NewTimer(time.Second)
		select {
		case slots <- struct{}{}:
			look.Stop()
			return
		case <-look.C:
			if w.away.Load() {
				w.turned.Store(time.Now().UnixNano())
			}
		}
	}
}

// holdFor is between two looks at a store that is away.
const holdFor = 250 * time.Millisecond

// attemptTime bounds one try of a message.
func (w *Worker) attemptTime() time.Duration { return 10 * w.Visibility }

// Live says why the worker's loop stands still, or nil. It turns as long as no
// message takes longer than it may.
func (w *Worker) Live() error {
	at := w.turned.Load()
	if stood := time.Since(time.Unix(0, at)); at != 0 && stood > w.attemptTime()+time.Minute {
		return fmt.Errorf("no message was asked for in %v", stood.Round(time.Second))
	}
	return nil
}

// storesBack waits while a store is away: taking messages then would only use up
// their tries.
func (w *Worker) storesBack(ctx context.Context) bool {
	for ctx.Err() == nil {
		if !w.away.Load() || w.storesReady(ctx) == nil {
			w.away.Store(false)
			return true
		}
		w.turned.Store(time.Now().UnixNano())
		pause(ctx, holdFor)
	}
	return false
}

func (w *Worker) storesReady(ctx context.Context) error {
	err := w.Service.Cache.Ready(ctx)
	if errors.Is(err, redis.ErrAbsent) {
		err = nil
	}
	return errors.Join(err, w.Service.DB.Ready(ctx))
}

func pause(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}

// handle does one message and deletes it last. One that fails comes back after
// the visibility timeout, and goes to the dead-letter queue after its last try;
// one for which a store is away is held until that is back, as a try is worth
// nothing meanwhile.
func (w *Worker) handle(ctx context.Context, d Delivery) {
	work := context.WithoutCancel(ctx) // what was begun is finished
	m, err := decode(d.Body)
	for err == nil {
		if err = w.attempt(work, m); !outage(err) {
			break
		}
		slog.Warn("message held: a store is away", "kind", m.Kind, "error", err)
		w.away.Store(true)
		pause(ctx, holdFor)
		if err = nil; !w.storesBack(ctx) { // the process ends: another may have it at once
			if err := w.Queue.Extend(work, d.Receipt, 0); err != nil {
				slog.Warn("message will come back", "kind", m.Kind, "error", err)
			}
			return
		}
	}
	w.Service.Metrics.Add(metrics.Jobs, 1)
	if err != nil {
		w.Service.Metrics.Add(metrics.JobFaults, 1)
		slog.Error("message failed: it will come back, and after its last try go to the dead-letter queue",
			"kind", m.Kind, "error", err)
		return
	}
	if err := w.Queue.Delete(work, d.Receipt); err != nil {
		slog.Warn("message done but not deleted: it will be done again", "kind", m.Kind, "error", err)
	}
}

// outage says that a message failed for want of a store, not by its own fault or
// ours.
func outage(err error) bool {
	return errors.Is(err, app.ErrDependency) || errors.Is(err, redis.ErrDown)
}

// attempt does one message; a panic costs that message only. Where there is no
// cache, nothing is left to do: every kind of message only tells the cache.
func (w *Worker) attempt(ctx context.Context, m message) (err error) {
	ctx, cancel := context.WithTimeout(ctx, w.attemptTime())
	defer cancel()
	defer func() {
		if errors.Is(err, redis.ErrAbsent) {
			err = nil
		}
	}()
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
		}
	}()
	return w.do(ctx, m)
}

// heartbeat keeps a received message hidden until stop.
func (w *Worker) heartbeat(ctx context.Context, d Delivery) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	go func() {
		tick := time.NewTicker(w.Visibility / 2)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
				if err := w.Queue.Extend(ctx, d.Receipt, w.Visibility); err != nil && ctx.Err() == nil {
					slog.Warn("message may be done twice", "error", err)
				}
			}
		}
	}()
	return cancel
}

func (w *Worker) do(ctx context.Context, m message) error {
	cache := w.Service.Cache
	switch m.Kind {
	case kindFanout:
		return w.fanout(ctx, m)
	case kindBackfill:
		return w.backfill(ctx, *m.User, *m.Other)
	case kindUnfriend:
		return w.unfriend(ctx, m)
	case kindCleanup:
		return w.cleanup(ctx, *m.User, *m.Other)
	case kindDeleted:
		return cache.Bury(ctx, *m.Story)
	case kindRevoked:
		return cache.EndSession(ctx, *m.User, [32]byte(m.Hash))
	case kindFigures:
		return cache.ForgetCounts(ctx, *m.Story)
	case kindRebuild:
		err := w.Service.Rebuild(ctx, *m.User)
		if errors.Is(err, redis.ErrOvertaken) {
			return nil // the one that overtook does it
		}
		return err
	}
	return nil
}

// fanout puts a story into the feeds of a range of the author's friends, and
// sends a message for the rest.
func (w *Worker) fanout(ctx context.Context, m message) error {
	ctx = mysql.FromWriter(ctx)
	found, err := w.Service.DB.Stories(ctx, []app.ID{*m.Story})
	if err != nil {
		return err
	}
	if len(found) == 0 || found[0].Deleted {
		return nil
	}
	after := app.Zero
	if m.After != nil {
		after = *m.After
	} else if err := w.Service.warm(ctx, found[0]); err != nil {
		return err
	}
	friends, err := w.Service.DB.FriendIDs(ctx, *m.User, after, fanoutRange+1)
	if err != nil {
		return err
	}
	last := len(friends) <= fanoutRange
	if !last { // the rest goes on elsewhere while this range is worked on
		friends = friends[:fanoutRange]
		rest := m
		rest.After = &friends[len(friends)-1]
		if err := w.Queue.Send(ctx, 0, rest.encode()); err != nil {
			return err
		}
	}
	if err := w.Service.Cache.Insert(ctx, *m.Story, friends); err != nil {
		return err
	}
	w.Service.Metrics.Add(metrics.FanoutInserts, float64(len(friends)))
	if last { // everybody has it
		w.Service.Metrics.Took(metrics.PostToVisible, m.Story.Time(), w.Service.Now())
	}
	return nil
}

// backfill brings a new friend's stories into the user's cached feed.
func (w *Worker) backfill(ctx context.Context, user, friend app.ID) error {
	ctx = mysql.FromWriter(ctx)
	friends, err := w.Service.DB.AreFriends(ctx, user, friend)
	if err != nil || !friends {
		return err
	}
	if err := w.Service.Cache.Back(ctx, user, friend); err != nil {
		return err
	}
	ids, err := w.Service.newest(ctx, friend)
	if err != nil {
		return err
	}
	return w.Service.Cache.InsertMany(ctx, user, ids)
}

// cleanupDelay lets fan-out and rebuilds that still counted two users as friends
// finish before their feeds are cleaned.
const cleanupDelay = time.Minute

// unfriend hides a former friend's stories, which the request did too unless the
// cache was away, and has them taken out later.
func (w *Worker) unfriend(ctx context.Context, m message) error {
	friends, err := w.Service.DB.AreFriends(mysql.FromWriter(ctx), *m.User, *m.Other)
	if err != nil || friends {
		return err
	}
	if err := w.Service.Cache.Gone(ctx, *m.User, *m.Other); err != nil {
		return err
	}
	m.Kind = kindCleanup
	return w.Queue.Send(ctx, cleanupDelay, m.encode())
}

// cleanup takes a former friend's stories out of the user's cached feed.
func (w *Worker) cleanup(ctx context.Context, user, friend app.ID) error {
	ctx = mysql.FromWriter(ctx)
	friends, err := w.Service.DB.AreFriends(ctx, user, friend)
	if err != nil || friends {
		return err
	}
	ids, err := w.Service.newest(ctx, friend)
	if err != nil {
		return err
	}
	return w.Service.Cache.RemoveMany(ctx, user, ids)
}

// newest returns as many of an author's newest stories as a cached feed can hold.
func (s *Service) newest(ctx context.Context, author app.ID) ([]app.ID, error) {
	ids, _, err := s.search(ctx, s.by(author), 1, app.Last, app.FeedCap+slackOfFeed)
	return ids, err
}

// slackOfFeed is how far above its cap a cached feed may grow.
const slackOfFeed = 16
