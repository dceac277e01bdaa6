package feed_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"newsfeed/app"
	"newsfeed/app/apptest"
	"newsfeed/app/inmem"
	"newsfeed/app/password"
	"newsfeed/localcloud/elasticache"
)

// world drives two instances of the product and the plain model side by side.
type world struct {
	t         *testing.T
	random    *rand.Rand
	instances []*product
	clocks    []*clock
	queue     *apptest.Queue
	model     *inmem.Store
	people    []*person
	posted    []app.ID

	cacheAddress string
	cache        *elasticache.Server // nil while it is down
}

type person struct {
	app.User
	real, model app.Token
}

// clock can be set back.
type clock struct {
	mu     sync.Mutex
	offset time.Duration
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return time.Now().Add(c.offset)
}

func (c *clock) set(offset time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.offset = offset
}

func seed(t *testing.T) uint64 {
	n := rand.Uint64()
	if s := os.Getenv("NEWSFEED_TEST_SEED"); s != "" {
		var err error
		if n, err = strconv.ParseUint(s, 10, 64); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("NEWSFEED_TEST_SEED=%d repeats this run", n)
	return n
}

func newWorld(t *testing.T) *world {
	n := seed(t)
	w := &world{t: t, random: rand.New(rand.NewPCG(n, n)), queue: &apptest.Queue{NoDelay: true, Unruly: true, Visibility: 300 * time.Millisecond}, model: inmem.New(password.New(true))}
	w.cacheAddress = apptest.Current.Address()
	w.startCache()
	t.Cleanup(func() {
		if w.cache != nil {
			w.cache.Stop()
		}
	})
	unlimited := app.Rates{Reads: 1 << 40, Writes: 1 << 40, SignIns: 1 << 40}
	w.model.Rates = unlimited
	c := apptest.NewDatabase(t)
	for range 2 {
		k := &clock{}
		p := newProductOn(t, c, w.cacheAddress+":6379", func(s *setup) {
			s.Queue, s.Now, s.IDs, s.Rates = w.queue, k.now, app.NewIDs(k.now), unlimited
		})
		w.instances, w.clocks = append(w.instances, p), append(w.clocks, k)
	}
	for i := range 8 {
		w.signUp(fmt.Sprint("user", i))
	}
	return w
}

func (w *world) startCache() {
	w.t.Helper()
	server, err := elasticache.StartServer(w.t.Context(), elasticache.ServerConfig{
		Dir: w.t.TempDir(), Address: w.cacheAddress, Port: 6379, Parameters: map[string]string{"zset-max-listpack-entries": "512"}})
	if err != nil {
		w.t.Fatal(err)
	}
	w.cache = server
}

func (w *world) instance() *product { return w.instances[w.random.IntN(len(w.instances))] }
func (w *world) person() *person    { return w.people[w.random.IntN(len(w.people))] }

// inModel runs f on the model with the next ID given.
func (w *world) withID(id app.ID, f func() error) {
	w.t.Helper()
	w.model.NewID = func() app.ID { return id }
	if err := f(); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) signUp(name string) {
	w.t.Helper()
	user, token, err := w.instance().SignUp(w.t.Context(), name, "correct horse")
	if err != nil {
		w.t.Fatal(err)
	}
	p := &person{User: user, real: token}
	w.withID(user.ID, func() (err error) {
		_, p.model, err = w.model.SignUp(w.t.Context(), name, "correct horse")
		return err
	})
	w.people = append(w.people, p)
}

// same fails unless both did the same thing: succeeded, or failed alike.
func (w *world) same(what string, real, model error) bool {
	w.t.Helper()
	var a, b *app.Error
	if errors.As(real, &a) && errors.As(model, &b) && a.Code == b.Code {
		return false
	}
	if real != nil || model != nil {
		w.t.Fatalf("%s: really %v, in the model %v", what, real, model)
	}
	return true
}

// step does one random thing to both.
func (w *world) step() {
	ctx, p, a, b := w.t.Context(), w.instance(), w.person(), w.person()
	switch n := w.random.IntN(100); {
	case n < 12:
		_, _, err := p.RequestFriend(ctx, a.User, app.User{ID: b.ID})
		_, _, want := w.model.RequestFriend(ctx, a.User, app.User{ID: b.ID})
		w.same("request", err, want)
	case n < 30:
		w.same("accept", p.AcceptFriend(ctx, a.User, b.ID), w.model.AcceptFriend(ctx, a.User, b.ID))
	case n < 33:
		w.same("unfriend", p.Unfriend(ctx, a.User, b.ID), w.model.Unfriend(ctx, a.User, b.ID))
	case n < 65:
		w.post(p, a)
	case n < 69:
		if id, ok := w.anyStory(); ok {
			w.same("delete", p.Delete(ctx, a.User, id), w.model.Delete(ctx, a.User, id))
		}
	case n < 80:
		if id, ok := w.anyStory(); ok {
			kind := append([]string{""}, app.Reactions...)[w.random.IntN(4)]
			w.same("react", p.React(ctx, a.User, id, kind), w.model.React(ctx, a.User, id, kind))
		}
	case n < 85:
		w.comment(p, a)
	case n < 95:
		w.glance(p, a)
	default:
		if _, err := p.SweepOnce(ctx, -time.Hour); err != nil && w.cache != nil {
			w.t.Log("sweep:", err)
		}
	}
}

func (w *world) anyStory() (app.ID, bool) {
	if len(w.posted) == 0 {
		return app.Zero, false
	}
	return w.posted[len(w.posted)-1-w.random.IntN(min(len(w.posted), 30))], true
}

func (w *world) post(p *product, by *person) {
	draft := app.Draft{Kind: app.Text, Body: fmt.Sprintf("%s says %d", by.Name, len(w.posted))}
	raw, _, err := p.Post(w.t.Context(), by.User, draft, "")
	if err != nil {
		w.t.Fatal(err)
	}
	id := parse(w.t, raw).ID
	w.posted = append(w.posted, id)
	w.withID(id, func() error {
		_, _, err := w.model.Post(w.t.Context(), by.User, draft, "")
		return err
	})
}

func (w *world) comment(p *product, by *person) {
	id, ok := w.anyStory()
	if !ok {
		return
	}
	c, err := p.Comment(w.t.Context(), by.User, id, "indeed")
	w.model.NewID = func() app.ID { return c.ID }
	_, want := w.model.Comment(w.t.Context(), by.User, id, "indeed")
	w.same("comment", err, want)
}

// glance reads a page while things are under way: it may lack what is still in
// the queue, but nothing on it may be wrong.
func (w *world) glance(p *product, reader *person) {
	w.t.Helper()
	page, err := p.Feed(w.t.Context(), reader.real, app.Query{Limit: 20})
	if err != nil {
		w.t.Fatal(err)
	}
	allowed := map[app.ID]bool{}
	for _, raw := range w.modelFeed(reader) {
		allowed[parse(w.t, raw).ID] = true
	}
	last := app.Last
	for _, raw := range page.Stories {
		s := parse(w.t, raw)
		if s.ID.Compare(last) >= 0 {
			w.t.Fatalf("%s: out of order, or twice: %s", reader.Name, raw)
		}
		if last = s.ID; !allowed[s.ID] && w.cache != nil {
			w.t.Fatalf("%s sees what is deleted or by no friend: %s", reader.Name, raw)
		}
	}
}

func (w *world) modelFeed(reader *person) (all []json.RawMessage) {
	q := app.Query{Limit: 50}
	for {
		page, err := w.model.Feed(w.t.Context(), reader.model, q)
		if err != nil {
			w.t.Fatal(err)
		}
		all = append(all, page.Stories...)
		if page.Next.At.IsZero() {
			return all
		}
		q.Cursor = page.Next
	}
}

// compare reads every feed to its end on both instances: each must be the
// model's, byte by byte.
func (w *world) compare(when string) {
	w.t.Helper()
	w.instances[0].settleQueue(w.queue)
	for _, reader := range w.people {
		want := w.modelFeed(reader)
		for i, p := range w.instances {
			limit := 1 + w.random.IntN(50)
			got := p.rawFeed(reader.real, limit)
			if d := difference(got, want); d != "" {
				w.t.Fatalf("%s: feed of %s on instance %d, %d a page: %s", when, reader.Name, i, limit, d)
			}
		}
	}
}

func (p *product) rawFeed(token app.Token, limit int) (all []json.RawMessage) {
	p.t.Helper()
	q := app.Query{Limit: limit}
	for {
		page, err := p.Feed(p.t.Context(), token, q)
		if err != nil {
			p.t.Fatal(err)
		}
		all = append(all, page.Stories...)
		if page.Next.At.IsZero() {
			return all
		}
		q.Cursor = page.Next
	}
}

func difference(got, want []json.RawMessage) string {
	for i := range min(len(got), len(want)) {
		if !bytes.Equal(got[i], want[i]) {
			return fmt.Sprintf("story %d of %d (want %d) is\n%s\nwant\n%s", i, len(got), len(want), got[i], want[i])
		}
	}
	if len(got) != len(want) {
		return fmt.Sprintf("%d stories, want %d", len(got), len(want))
	}
	return ""
}

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

func TestFaultsLeaveEveryFeedAsTheModelHasIt(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	faults := []struct {
		name       string
		start, end func()
	}{
		{"nothing wrong", func() {}, func() {}},
		{"the cache is flushed", w.flush, func() {}},
		{"the cache is down", w.stopCache, w.startCache},
		{"the queue refuses", func() { w.queue.Down(errors.New("queue down")) }, func() { w.queue.Down(nil) }},
		{"a clock steps back an hour", func() { w.clocks[0].set(-time.Hour) }, func() { w.clocks[0].set(0) }},
		{"both instances rebuild every feed", w.rebuildAll, func() {}},
		{"feeds are dropped one by one", w.dropSome, func() {}},
	}
	rounds := 8
	if testing.Short() {
		rounds = 4
	}
	for range rounds {
		fault := faults[w.random.IntN(len(faults))]
		fault.start()
		for range 60 {
			w.step()
		}
		fault.end()
		for range 10 {
			w.step()
		}
		w.compare(fault.name)
		w.compare(fault.name + ", warm")
	}
}

func (w *world) flush() {
	if err := w.cache.Client().FlushAll(w.t.Context()).Err(); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) stopCache() {
	w.cache.Stop()
	w.cache = nil
}

func (w *world) rebuildAll() {
	var wg sync.WaitGroup
	for _, p := range w.instances {
		wg.Go(func() {
			for _, who := range slices.Clone(w.people) {
				p.Rebuild(w.t.Context(), who.ID) // overtaken is fine
			}
		})
	}
	w.t.Cleanup(wg.Wait)
}

func (w *world) dropSome() {
	for range 3 {
		if err := w.instance().Cache.Drop(w.t.Context(), w.person().ID); err != nil {
			w.t.Fatal(err)
		}
	}
}
