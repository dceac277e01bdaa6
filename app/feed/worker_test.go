package feed_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"newsfeed/app/apptest"
	"newsfeed/app/feed"
)

// counting counts how often messages are handed out, extended and deleted.
type counting struct {
	*apptest.Queue
	received, extended, deleted atomic.Int64
}

func (q *counting) Receive(ctx context.Context, most int) ([]feed.Delivery, error) {
	out, err := q.Queue.Receive(ctx, most)
	q.received.Add(int64(len(out)))
	return out, err
}

func (q *counting) Extend(ctx context.Context, receipt string, d time.Duration) error {
	q.extended.Add(1)
	return q.Queue.Extend(ctx, receipt, d)
}

func (q *counting) Delete(ctx context.Context, receipts ...string) error {
	q.deleted.Add(int64(len(receipts)))
	return q.Queue.Delete(ctx, receipts...)
}

// lockStories keeps everybody from reading a database's stories until unlock.
func lockStories(t *testing.T, database string) (unlock func()) {
	t.Helper()
	conn, err := apptest.Current.Database.Admin().Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := conn.ExecContext(t.Context(), "LOCK TABLES "+database+".stories WRITE"); err != nil {
		t.Fatal(err)
	}
	return func() {
		t.Helper()
		defer conn.Close()
		if _, err := conn.ExecContext(t.Context(), "UNLOCK TABLES"); err != nil {
			t.Error(err)
		}
	}
}

func TestALongJobIsDoneOnceAndFinishedBeforeTheWorkerEnds(t *testing.T) {
	t.Parallel()
	const visibility = 300 * time.Millisecond
	q := &counting{Queue: &apptest.Queue{NoDelay: true, Visibility: visibility}}
	p := newProduct(t, noWorker, func(s *setup) { s.Queue = q })
	reader, author := p.signUp("reader"), p.signUp("author")
	p.befriend(reader, author)
	worker := &feed.Worker{Service: p.Service, Queue: q, Visibility: visibility, Concurrency: 1} // a second message waits its turn
	run := func() (stop context.CancelFunc, ended chan struct{}) {
		ctx, cancel := context.WithCancel(t.Context())
		ended = make(chan struct{})
		go func() { worker.Run(ctx); close(ended) }()
		return cancel, ended
	}
	outboxEmpty := func() error {
		n, err := p.SweepOnce(t.Context(), -time.Hour)
		if err == nil && n > 0 {
			err = errors.New("it was not empty")
		}
		return err
	}
	stop, ended := run()
	p.settleQueue(q.Queue)
	stop()
	<-ended
	if err := p.Rebuild(t.Context(), reader.ID); err != nil {
		t.Fatal(err)
	}
	want := []string{"second", "first"}
	p.post(author, want[1])
	p.post(author, want[0])
	apptest.Eventually(t, "both messages are in the queue", outboxEmpty)
	received, deleted := q.received.Load(), q.deleted.Load()
	unlock := lockStories(t, p.config.Name) // nobody reads them: the jobs take long
	stop, ended = run()
	apptest.Eventually(t, "both jobs are extended, again and again", func() error {
		if n := q.extended.Load(); n < 8 {
			return fmt.Errorf("%d times", n)
		}
		return nil
	})
	stop() // as SIGTERM does
	select {
	case <-ended:
		t.Error("the worker left a job undone")
	case <-time.After(2 * visibility):
	}
	unlock()
	<-ended
	received, deleted = q.received.Load()-received, q.deleted.Load()-deleted
	if received < 2 || received != deleted || !q.Idle() {
		t.Errorf("%d messages were handed out, %d deleted", received, deleted)
	}
	if got := bodies(p.read(reader, 20)); !slices.Equal(got, want) {
		t.Errorf("feed: %q", got)
	}
}
