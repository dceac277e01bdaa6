package apptest

import (
	"context"
	"math/rand/v2"
	"strconv"
	"sync"
	"time"

	"newsfeed/app/feed"
)

// Queue is a queue in memory that behaves as badly as SQS may: once disturbed it
// delivers late, twice and out of order. Its methods are safe for concurrent use.
type Queue struct {
	// NoDelay ignores delays: tests don't wait.
	NoDelay bool
	// Visibility is how long a received message stays hidden; default 30 s.
	Visibility time.Duration

	mu      sync.Mutex
	next    int
	waiting []queued
	flying  map[string]queued
	down    error
	unruly  *rand.Rand
	wake    chan struct{}
}

type queued struct {
	body []byte
	at   time.Time // not before
}

// Down makes every call fail with err until it is called with nil.
func (q *Queue) Down(err error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.down = err
}

// Disturb has the queue deliver late, twice and out of order, as random decides;
// nil ends that.
func (q *Queue) Disturb(random *rand.Rand) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.unruly = random
}

// Send delivers messages at least once.
func (q *Queue) Send(_ context.Context, delay time.Duration, messages ...[]byte) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.down != nil {
		return q.down
	}
	at := time.Now()
	if !q.NoDelay {
		at = at.Add(delay)
	}
	late := func() time.Time {
		if q.unruly != nil && q.unruly.IntN(3) == 0 {
			return at.Add(time.Duration(q.unruly.IntN(100)) * time.Millisecond)
		}
		return at
	}
	for _, m := range messages {
		q.waiting = append(q.waiting, queued{m, late()})
		if q.unruly != nil && q.unruly.IntN(3) == 0 {
			q.waiting = append(q.waiting, queued{m, late()})
		}
	}
	if q.wake != nil {
		close(q.wake)
		q.wake = nil
	}
	return nil
}

// Receive waits up to a second for messages.
func (q *Queue) Receive(ctx context.Context, most int) ([]feed.Delivery, error) {
	deadline := time.After(time.Second)
	for {
		deliveries, wake, err := q.take(most)
		if len(deliveries) > 0 || err != nil {
			return deliveries, err
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-deadline:
			return nil, nil
		case <-wake:
		case <-time.After(5 * time.Millisecond):
		}
	}
}

func (q *Queue) take(most int) (out []feed.Delivery, wake chan struct{}, err error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.down != nil {
		return nil, nil, q.down
	}
	if q.flying == nil {
		q.flying = map[string]queued{}
	}
	if q.wake == nil {
		q.wake = make(chan struct{})
	}
	now := time.Now()
	for receipt, m := range q.flying {
		if now.After(m.at) {
			delete(q.flying, receipt)
			q.waiting = append(q.waiting, m)
		}
	}
	if q.unruly != nil {
		q.unruly.Shuffle(len(q.waiting), func(i, j int) { q.waiting[i], q.waiting[j] = q.waiting[j], q.waiting[i] })
	}
	var rest []queued
	for _, m := range q.waiting {
		if len(out) == most || m.at.After(now) {
			rest = append(rest, m)
			continue
		}
		q.next++
		receipt := strconv.Itoa(q.next)
		q.flying[receipt] = queued{m.body, now.Add(q.visibility())}
		out = append(out, feed.Delivery{Body: m.body, Receipt: receipt})
	}
	q.waiting = rest
	return out, q.wake, nil
}

func (q *Queue) visibility() time.Duration {
	if q.Visibility == 0 {
		return 30 * time.Second
	}
	return q.Visibility
}

// Extend hides a received message for d from now.
func (q *Queue) Extend(_ context.Context, receipt string, d time.Duration) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	if m, ok := q.flying[receipt]; ok {
		m.at = time.Now().Add(d)
		q.flying[receipt] = m
	}
	return q.down
}

// Delete removes messages that are done.
func (q *Queue) Delete(_ context.Context, receipts ...string) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.down != nil {
		return q.down
	}
	for _, r := range receipts {
		delete(q.flying, r)
	}
	return nil
}

// Len is how many messages are in the queue, those that were received included.
func (q *Queue) Len() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return len(q.waiting) + len(q.flying)
}

// Idle says whether every message was done.
func (q *Queue) Idle() bool { return q.Len() == 0 }
