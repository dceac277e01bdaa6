package feed_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"testing"
	"time"

	"newsfeed/app/apptest"
	"newsfeed/app/feed"
	"newsfeed/app/metrics"
	"newsfeed/app/mysql"
)

// figures are what a set would tell now.
func figures(t *testing.T, set *metrics.Set) (line struct{ Jobs, JobFaults float64 }) {
	t.Helper()
	var out bytes.Buffer
	if err := set.Write(&out, "region", "group", time.Now()); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(out.Bytes(), &line); err != nil {
		t.Fatal(err)
	}
	return line
}

func TestAMessageIsHeldWhileAStoreIsAwayAndCostsOneTry(t *testing.T) {
	t.Parallel()
	server, addr, err := apptest.Current.StartDatabase(t.Context(), apptest.Current.Address(), nil)
	if err != nil {
		t.Fatal(err)
	}
	c := mysql.Config{Writer: addr, Name: apptest.DatabaseName, User: apptest.DatabaseUser, Password: apptest.DatabasePass}
	apptest.Migrate(t, c)
	const visibility = 300 * time.Millisecond
	q := &counting{Queue: &apptest.Queue{NoDelay: true, Visibility: visibility}}
	set := metrics.NewSet(metrics.Jobs, metrics.JobFaults)
	p := newProductOn(t, c, apptest.Current.CacheAddr, noWorker, func(s *setup) { s.Queue, s.Metrics = q, set })
	reader, author := p.signUp("reader"), p.signUp("author")
	p.befriend(reader, author)
	id := p.post(author, "hello")
	p.settleQueueOf(q)
	run := func() (stop func()) {
		worker := &feed.Worker{Service: p.Service, Queue: q, Visibility: visibility}
		ctx, cancel := context.WithCancel(context.Background())
		ended := make(chan struct{})
		go func() { worker.Run(ctx); close(ended) }()
		return func() { cancel(); <-ended }
	}

	server.Kill()
	message := fmt.Sprintf(`{"k":"fanout","s":%q,"u":%q}`, id, author.ID)
	if err := q.Send(t.Context(), 0, []byte(message)); err != nil {
		t.Fatal(err)
	}
	stop := run()
	extended := q.extended.Load()
	apptest.Eventually(t, "it is held, for many times its visibility", func() error {
		if n := q.extended.Load() - extended; n < 10 {
			return fmt.Errorf("extended %d times", n)
		}
		return nil
	})
	if n := q.received.Load(); n != 1 {
		t.Errorf("it was handed out %d times", n)
	}
	begun := time.Now()
	stop() // as SIGTERM does: another shall have it at once
	if took := time.Since(begun); took > 5*time.Second {
		t.Errorf("the worker ended %v after it was told to", took)
	}
	stop = run()
	apptest.Eventually(t, "another holds it", func() error { return once(q.received.Load() == 2) })
	if got := figures(t, set); got.Jobs != 0 || got.JobFaults != 0 {
		t.Errorf("before it is done: %+v", got)
	}
	host, _, _ := net.SplitHostPort(addr)
	if _, _, err := apptest.Current.StartDatabase(t.Context(), host, nil); err != nil {
		t.Fatal(err)
	}
	apptest.Eventually(t, "it is done", func() error { return once(q.Idle()) })
	if got := figures(t, set); got.Jobs != 1 || got.JobFaults != 0 {
		t.Errorf("after it is done: %+v", got)
	}
	if err := q.Send(t.Context(), 0, []byte("no message")); err != nil {
		t.Fatal(err)
	}
	apptest.Eventually(t, "a fault of ours counts", func() error { return once(q.received.Load() > 2) })
	stop()
	if got := figures(t, set); got.Jobs == 0 || got.Jobs != got.JobFaults {
		t.Errorf("after a poison message: %+v", got)
	}
}

func once(ok bool) error {
	if !ok {
		return fmt.Errorf("not yet")
	}
	return nil
}

// settleQueueOf empties the outbox into a queue that no worker works, and the
// queue.
func (p *product) settleQueueOf(q *counting) {
	p.t.Helper()
	apptest.Eventually(p.t, "the outbox is empty", func() error {
		n, err := p.SweepOnce(p.t.Context(), -2*time.Hour)
		if err == nil && n > 0 {
			err = fmt.Errorf("it was not empty")
		}
		return err
	})
	for !q.Idle() {
		deliveries, err := q.Queue.Receive(p.t.Context(), 10)
		if err != nil {
			p.t.Fatal(err)
		}
		for _, d := range deliveries {
			if err := q.Queue.Delete(p.t.Context(), d.Receipt); err != nil {
				p.t.Fatal(err)
			}
		}
	}
}

func TestWhereThereIsNoCacheAMessageIsDone(t *testing.T) {
	t.Parallel()
	p := newProductOn(t, apptest.NewDatabase(t), "")
	reader, author := p.signUp("reader"), p.signUp("author")
	p.befriend(reader, author)
	p.post(author, "hello")
	p.settle()
	if got := p.read(reader, 5); len(got) != 1 {
		t.Errorf("%d stories", len(got))
	}
}
