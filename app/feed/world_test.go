package feed_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"newsfeed/app"
	"newsfeed/app/apptest"
	"newsfeed/app/inmem"
	"newsfeed/app/mysql"
	"newsfeed/app/password"
	"newsfeed/localcloud/elasticache"
	"newsfeed/localcloud/rds"
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
	posted    []story
	doubts    []*write

	cacheAddress string
	cache        *elasticache.Server // nil while it is down
	config       mysql.Config
	primary      *rds.Server   // nil while it is dead
	killed       chan struct{} // closed once it is
	replica      *rds.Server
	stopped      bool          // the replica
	ahead        time.Duration // of the heartbeat that says how far the replica is behind
}

type person struct {
	app.User
	real, model app.Token
}

type story struct{ id, author app.ID }

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

// unlimited lets a test ask as often as it likes.
var unlimited = app.Rates{Reads: 1 << 40, Writes: 1 << 40, SignIns: 1 << 40}

func newWorld(t *testing.T, seed uint64) *world {
	w := &world{t: t, random: rand.New(rand.NewPCG(seed, seed)),
		queue: &apptest.Queue{NoDelay: true, Visibility: 300 * time.Millisecond}, model: inmem.New(password.New(true))}
	w.cacheAddress = apptest.Current.Address()
	w.startCache()
	t.Cleanup(func() {
		if w.cache != nil {
			w.cache.Stop()
		}
	})
	w.model.Rates = unlimited
	w.config, w.primary, w.replica = apptest.Current.StartPair(t)
	for range 2 {
		w.addInstance(0)
	}
	if err := w.instances[0].DB.Beat(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	w.catchUp()
	// What they tell of the time before is old enough to be read from the replica.
	w.addInstance(-2*time.Hour, noWorker)
	for i := range 8 {
		w.signUp(fmt.Sprint("user", i))
	}
	for range 120 {
		w.step()
	}
	w.instances, w.clocks = w.instances[:2], w.clocks[:2]
	w.compare("before any fault")
	return w
}

func (w *world) addInstance(offset time.Duration, options ...option) {
	k := &clock{offset: offset}
	p := newProductOn(w.t, w.config, w.cacheAddress+":6379", append(options, func(s *setup) {
		s.Queue, s.Now, s.IDs, s.Rates = w.queue, k.now, app.NewIDs(k.now), unlimited
	})...)
	w.instances, w.clocks = append(w.instances, p), append(w.clocks, k)
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

// withID runs f on the model, which makes the next ID that one.
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

// write is something that a person asks for. Whether it was done is in doubt from
// an error that doesn't tell, until another try is answered: it is then done in
// the model too. Meanwhile nobody does what its outcome has a say in.
type write struct {
	what  string
	about []app.ID // users and stories
	real  func(p *product, again bool) error
	model func() error
}

// try asks for it. The first try must end as it does in the model; a later one
// may find what an earlier one did.
func (w *world) try(p *product, a *write, again bool) {
	w.t.Helper()
	err := a.real(p, again)
	if errors.Is(err, app.ErrDependency) {
		if w.primary != nil {
			w.t.Fatalf("%s: %v, though the database answers", a.what, err)
		}
		if !again {
			w.doubts = append(w.doubts, a)
		}
		return
	}
	w.doubts = slices.DeleteFunc(w.doubts, func(d *write) bool { return d == a })
	want := a.model()
	if again && (err == nil || errors.Is(err, app.ErrNotFound) || errors.Is(err, app.ErrConflict)) {
		return
	}
	var real, model *app.Error
	if errors.As(err, &real) && errors.As(want, &model) && real.Code == model.Code {
		return
	}
	if err != nil || want != nil {
		w.t.Fatalf("%s: really %v, in the model %v", a.what, err, want)
	}
}

func (w *world) doubtful(about ...app.ID) *write {
	for _, d := range w.doubts {
		for _, id := range about {
			if slices.Contains(d.about, id) {
				return d
			}
		}
	}
	return nil
}

// do tries a write, or first another one whose outcome it depends on.
func (w *world) do(p *product, a *write) {
	w.t.Helper()
	if d := w.doubtful(a.about...); d != nil {
		w.try(p, d, true)
		return
	}
	w.try(p, a, false)
}

// step does one random thing to both.
func (w *world) step() {
	ctx, p, a, b := w.t.Context(), w.instance(), w.person(), w.person()
	friends := []app.ID{a.ID, b.ID}
	switch n := w.random.IntN(100); {
	case n < 12:
		w.do(p, &write{"request", friends,
			func(p *product, _ bool) error { return second(p.RequestFriend(ctx, a.User, app.User{ID: b.ID})) },
			func() error { return second(w.model.RequestFriend(ctx, a.User, app.User{ID: b.ID})) }})
	case n < 30:
		w.do(p, &write{"accept", friends,
			func(p *product, _ bool) error { return p.AcceptFriend(ctx, a.User, b.ID) },
			func() error { return w.model.AcceptFriend(ctx, a.User, b.ID) }})
	case n < 34:
		w.do(p, &write{"unfriend", friends,
			func(p *product, _ bool) error { return p.Unfriend(ctx, a.User, b.ID) },
			func() error { return w.model.Unfriend(ctx, a.User, b.ID) }})
	case n < 62:
		w.post(p, a)
	case n < 82:
		w.toAStory(p, a)
	case n < 95:
		w.glance(p, a)
	default:
		if _, err := p.SweepOnce(ctx, -time.Hour); err != nil {
			w.t.Log("sweep:", err)
		}
	}
}

func (w *world) post(p *product, by *person) {
	draft := app.Draft{Kind: app.Text, Body: fmt.Sprintf("%s says %x", by.Name, w.random.Uint64())}
	key := draft.Body
	var id app.ID
	w.do(p, &write{"post", []app.ID{by.ID}, func(p *product, _ bool) error {
		raw, _, err := p.Post(w.t.Context(), by.User, draft, key)
		if err == nil {
			id = parse(w.t, raw).ID
		}
		return err
	}, func() error {
		w.posted = append(w.posted, story{id, by.ID})
		w.model.NewID = func() app.ID { return id }
		_, _, err := w.model.Post(w.t.Context(), by.User, draft, key)
		return err
	}})
}

// toAStory deletes one of the latest stories, or reacts to it or comments.
func (w *world) toAStory(p *product, by *person) {
	if len(w.posted) == 0 {
		return
	}
	ctx := w.t.Context()
	s := w.posted[len(w.posted)-1-w.random.IntN(min(len(w.posted), 40))]
	about := []app.ID{by.ID, s.id, s.author}
	switch n := w.random.IntN(20); {
	case n < 4:
		author := w.people[slices.IndexFunc(w.people, func(p *person) bool { return p.ID == s.author })]
		w.do(p, &write{"delete", about[1:],
			func(p *product, _ bool) error { return p.Delete(ctx, author.User, s.id) },
			func() error { return w.model.Delete(ctx, author.User, s.id) }})
	case n < 15:
		kind := append([]string{""}, app.Reactions...)[w.random.IntN(4)]
		w.do(p, &write{"react", about,
			func(p *product, _ bool) error { return p.React(ctx, by.User, s.id, kind) },
			func() error { return w.model.React(ctx, by.User, s.id, kind) }})
	default:
		w.comment(p, by, s, about)
	}
}

// comment has no key that makes a second try safe: the list of comments says
// whether there must be one.
func (w *world) comment(p *product, by *person, s story, about []app.ID) {
	ctx, body := w.t.Context(), fmt.Sprintf("%x", w.random.Uint64())
	var made app.Comment
	w.do(p, &write{"comment", about, func(p *product, again bool) (err error) {
		if again {
			all, err := p.DB.Comments(mysql.FromWriter(ctx), s.id, app.Zero, 1000)
			if err != nil {
				return err
			}
			for _, made = range all {
				if made.Body == body {
					return nil
				}
			}
		}
		made, err = p.Comment(ctx, by.User, s.id, body)
		return err
	}, func() error {
		w.model.NewID = func() app.ID { return made.ID }
		return first(w.model.Comment(ctx, by.User, s.id, body))
	}})
}

// glance reads a page while things are under way: it may lack what is still in
// the queue, but nothing on it may be wrong.
func (w *world) glance(p *product, reader *person) {
	w.t.Helper()
	page, err := p.Feed(w.t.Context(), reader.real, app.Query{Limit: 20})
	if errors.Is(err, app.ErrDependency) && w.primary == nil {
		return
	}
	if err != nil {
		w.t.Fatal(err)
	}
	allowed := map[app.ID]bool{}
	for _, raw := range pages(w.t, w.model.Feed, reader.model, 50) {
		allowed[parse(w.t, raw).ID] = true
	}
	last := app.Last
	for _, raw := range page.Stories {
		s := parse(w.t, raw)
		if s.ID.Compare(last) >= 0 {
			w.t.Fatalf("%s: out of order, or twice: %s", reader.Name, raw)
		}
		if last = s.ID; !allowed[s.ID] && w.doubtful(s.ID, s.Author.ID) == nil {
			w.t.Fatalf("%s sees what is deleted or by no friend: %s", reader.Name, raw)
		}
	}
}

// settle ends every doubt and waits until nothing is under way.
func (w *world) settle() {
	w.t.Helper()
	apptest.Eventually(w.t, "the database answers", func() error { return w.instances[0].DB.Beat(w.t.Context(), 1) })
	for len(w.doubts) > 0 {
		w.try(w.instance(), w.doubts[0], true)
	}
	w.instances[0].settleQueue(w.queue)
	w.catchUp()
}

// compare reads every feed to its end on both instances: each must be the
// model's, byte by byte.
func (w *world) compare(when string) {
	w.t.Helper()
	w.settle()
	for _, reader := range w.people {
		want := pages(w.t, w.model.Feed, reader.model, 50)
		for i, p := range w.instances {
			limit := 1 + w.random.IntN(50)
			got := pages(w.t, p.Feed, reader.real, limit)
			if d := difference(got, want); d != "" {
				w.t.Fatalf("%s: feed of %s on instance %d, %d a page: %s", when, reader.Name, i, limit, d)
			}
		}
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

// catchUp waits until the replica has everything, and tells the instances.
func (w *world) catchUp() {
	w.t.Helper()
	var at string
	if err := w.primary.Admin().QueryRow("SELECT @@gtid_binlog_pos").Scan(&at); err != nil {
		w.t.Fatal(err)
	}
	var missed int
	if err := w.replica.Admin().QueryRowContext(context.Background(), "SELECT MASTER_GTID_WAIT(?, 20)", at).Scan(&missed); err != nil || missed != 0 {
		w.t.Fatalf("the replica does not catch up with %s: %v", at, err)
	}
	w.lag(0)
}

// lag has both instances find the replica that far behind.
func (w *world) lag(behind time.Duration) {
	w.t.Helper()
	if behind > 0 {
		w.ahead += behind
		if err := w.instances[0].DB.Beat(w.t.Context(), time.Now().Add(w.ahead).UnixMilli()); err != nil {
			w.t.Fatal(err)
		}
	}
	for _, p := range w.instances {
		lag, err := p.DB.Lag(w.t.Context(), 5000)
		if err != nil || p.DB.Lagging() != (behind > 0) {
			w.t.Fatalf("the replica is %d ms behind, taken for lagging: %v, %v", lag, p.DB.Lagging(), err)
		}
	}
}
