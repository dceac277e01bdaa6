package feed_test

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"
	"testing"
	"time"

	"newsfeed/app"
	"newsfeed/app/apptest"
	"newsfeed/app/feed"
	"newsfeed/app/mysql"
	"newsfeed/app/password"
	"newsfeed/app/redis"
)

func TestMain(m *testing.M) { apptest.Main(m) }

// gate is a region that writes, unless told otherwise.
type gate struct {
	mu    sync.Mutex
	err   error
	epoch int64
	unfed bool
}

func (g *gate) Writable() error {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.err
}

func (g *gate) Fed() (int64, bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.epoch, !g.unfed
}

// product is the whole app on real stores, with one worker, in a database of
// its own.
type product struct {
	*feed.Service
	t      *testing.T
	queue  *apptest.Queue
	gate   *gate
	worker *feed.Worker
	config mysql.Config
}

// setup is what options change before a product is made.
type setup struct {
	*feed.Service
	queue *apptest.Queue
	idle  bool
}

type option func(*setup)

// noWorker leaves the queue to the test.
func noWorker(s *setup) { s.idle = true }

func newProduct(t *testing.T, options ...option) *product {
	return newProductOn(t, apptest.NewDatabase(t), apptest.Current.CacheAddr, options...)
}

func newProductOn(t *testing.T, c mysql.Config, cacheAddr string, options ...option) *product {
	t.Helper()
	db, err := mysql.Open(c)
	if err != nil {
		t.Fatal(err)
	}
	var addrs []string // none: there is no cache
	if cacheAddr != "" {
		addrs = []string{cacheAddr}
	}
	cache := redis.Open(redis.Config{Addrs: addrs})
	p := &product{t: t, config: c, queue: &apptest.Queue{NoDelay: true}, gate: &gate{epoch: 1}}
	base := &setup{queue: p.queue, Service: &feed.Service{DB: db, Cache: cache, Queue: p.queue, Gate: p.gate,
		IDs: app.NewIDs(time.Now), Hasher: password.New(true), Now: time.Now}}
	for _, o := range options {
		o(base)
	}
	p.Service = feed.NewService(*base.Service)
	p.worker = &feed.Worker{Service: p.Service, Queue: base.Queue.(feed.Queue)}
	ctx, cancel := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	wg.Go(func() { p.Service.Run(ctx) })
	if !base.idle {
		wg.Go(func() { p.Service.Sweep(ctx) })
		wg.Go(func() { p.worker.Run(ctx) })
	}
	t.Cleanup(func() {
		cancel()
		wg.Wait()
		db.Close()
		cache.Close()
	})
	return p
}

type member struct {
	app.User
	token app.Token
}

func (p *product) signUp(name string) member {
	p.t.Helper()
	user, token, err := p.SignUp(p.t.Context(), name, "correct horse")
	if err != nil {
		p.t.Fatal(err)
	}
	return member{user, token}
}

func (p *product) befriend(a, b member) {
	p.t.Helper()
	if _, _, err := p.RequestFriend(p.t.Context(), a.User, app.User{Name: b.Name}); err != nil {
		p.t.Fatal(err)
	}
	if err := p.AcceptFriend(p.t.Context(), b.User, a.ID); err != nil {
		p.t.Fatal(err)
	}
}

func (p *product) post(by member, body string) app.ID {
	p.t.Helper()
	raw, _, err := p.Post(p.t.Context(), by.User, app.Draft{Kind: app.Text, Body: body}, "")
	if err != nil {
		p.t.Fatal(err)
	}
	return parse(p.t, raw).ID
}

type shown struct {
	ID     app.ID
	Author app.User
	Body   string

	Reactions map[string]int
	Comments  int
	Mine      string `json:"my_reaction"`
}

func parse(t *testing.T, raw json.RawMessage) (s shown) {
	t.Helper()
	if err := json.Unmarshal(raw, &s); err != nil {
		t.Fatalf("%s: %v", raw, err)
	}
	return s
}

// read pages through a feed to its end.
func (p *product) read(m member, limit int) (all []shown) {
	p.t.Helper()
	for _, raw := range pages(p.t, p.Feed, m.token, limit) {
		all = append(all, parse(p.t, raw))
	}
	return all
}

// pages reads a feed to its end, whoever serves it.
func pages(t *testing.T, feed func(context.Context, app.Token, app.Query) (app.Page, error), token app.Token, limit int) (all []json.RawMessage) {
	t.Helper()
	q := app.Query{Limit: limit}
	for range 10000 {
		page, err := feed(t.Context(), token, q)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, page.Stories...)
		if page.Next.At.IsZero() {
			return all
		}
		q.Cursor = page.Next
	}
	t.Fatal("the feed has no end")
	return nil
}

// settle waits until everything that was posted has been fanned out.
func (p *product) settle() {
	p.t.Helper()
	p.settleQueue(p.queue)
}

// settleQueue is settle for a queue of the test's own. Clocks may be two hours off.
func (p *product) settleQueue(queue *apptest.Queue) {
	p.t.Helper()
	apptest.Eventually(p.t, "queue and outbox empty", func() error {
		n, err := p.SweepOnce(p.t.Context(), -2*time.Hour)
		if err != nil {
			return err
		}
		if n > 0 || !queue.Idle() {
			return fmt.Errorf("%d in the outbox, queue idle: %v", n, queue.Idle())
		}
		return nil
	})
}

func bodies(stories []shown) (out []string) {
	for _, s := range stories {
		out = append(out, s.Body)
	}
	return out
}
