package feed_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync/atomic"
	"testing"

	goredis "github.com/redis/go-redis/v9"

	"newsfeed/app"
	"newsfeed/app/apptest"
	"newsfeed/app/mysql"
)

// trips counts round trips to the cache.
type trips struct{ n atomic.Int64 }

func (h *trips) DialHook(next goredis.DialHook) goredis.DialHook {
	return func(ctx context.Context, network, addr string) (net.Conn, error) { return next(ctx, network, addr) }
}

func (h *trips) ProcessHook(next goredis.ProcessHook) goredis.ProcessHook {
	return func(ctx context.Context, cmd goredis.Cmder) error { h.n.Add(1); return next(ctx, cmd) }
}

func (h *trips) ProcessPipelineHook(next goredis.ProcessPipelineHook) goredis.ProcessPipelineHook {
	return func(ctx context.Context, cmds []goredis.Cmder) error { h.n.Add(1); return next(ctx, cmds) }
}

func TestAWarmPageTakesTwoRoundTripsAndNoSQL(t *testing.T) {
	t.Parallel()
	h, statements := &trips{}, &atomic.Int64{}
	p := newProduct(t)
	reader, author := p.signUp("reader"), p.signUp("author")
	p.befriend(reader, author)
	for i := range 60 {
		p.post(author, fmt.Sprint(i))
	}
	p.settle()
	p.read(reader, 20)
	p.settle()
	// A second instance, without a worker's traffic, on the same stores.
	q := newProductOn(t, p.config, apptest.Current.CacheAddr, func(s *setup) {
		s.Cache.AddHook(h)
		s.DB.Trace = func(string, []any) { statements.Add(1) }
	}, noWorker)
	query := app.Query{Limit: 20}
	for page := range 3 {
		h.n.Store(0)
		statements.Store(0)
		got, err := q.Feed(t.Context(), reader.token, query)
		if err != nil || len(got.Stories) != 20 {
			t.Fatalf("page %d: %d stories, %v", page, len(got.Stories), err)
		}
		if h.n.Load() != 2 || statements.Load() != 0 {
			t.Errorf("page %d took %d round trips and %d statements", page, h.n.Load(), statements.Load())
		}
		query.Cursor = got.Next
	}
	if !query.Cursor.At.IsZero() {
		t.Error("the end of the feed is not told")
	}
	// The counters do count: a cold page takes more of both.
	if err := p.Cache.Drop(t.Context(), reader.ID); err != nil {
		t.Fatal(err)
	}
	h.n.Store(0)
	if _, err := q.Feed(t.Context(), reader.token, app.Query{Limit: 20}); err != nil {
		t.Fatal(err)
	}
	if h.n.Load() < 3 || statements.Load() == 0 {
		t.Errorf("a cold page took %d round trips and %d statements", h.n.Load(), statements.Load())
	}
}

func TestACachedPageIsReadWithoutADatabase(t *testing.T) {
	t.Parallel()
	server, addr, err := apptest.Current.StartDatabase(t.Context(), apptest.Current.Address(), nil)
	if err != nil {
		t.Fatal(err)
	}
	c := mysql.Config{Writer: addr, Name: apptest.DatabaseName, User: apptest.DatabaseUser, Password: apptest.DatabasePass}
	apptest.Migrate(t, c)
	p := newProductOn(t, c, apptest.Current.CacheAddr)
	reader, author := p.signUp("reader"), p.signUp("author")
	p.befriend(reader, author)
	p.read(reader, 20)
	for i := range 20 {
		p.post(author, fmt.Sprint(i))
	}
	p.settle()
	p.read(reader, 20)
	p.settle()
	server.Kill()
	if _, _, err := p.Post(t.Context(), author.User, app.Draft{Kind: app.Text, Body: "lost"}, ""); !errors.Is(err, app.ErrDependency) {
		t.Errorf("posting without a database: %v", err)
	}
	page, err := p.Feed(t.Context(), reader.token, app.Query{Limit: 20})
	if err != nil || len(page.Stories) != 20 {
		t.Errorf("reading a cached page without a database: %d stories, %v", len(page.Stories), err)
	}
}

func TestTheFriendAboveTheCapIsRefused(t *testing.T) {
	t.Parallel()
	p := newProduct(t, noWorker)
	popular, late := p.signUp("popular"), p.signUp("late")
	if _, err := apptest.Current.Database.Admin().Exec(fmt.Sprintf("UPDATE %s.users SET friends = %d WHERE id = x'%x'",
		p.config.Name, app.MaxFriends, popular.ID[:])); err != nil {
		t.Fatal(err)
	}
	if _, _, err := p.RequestFriend(t.Context(), late.User, popular.User); err != nil {
		t.Fatal(err)
	}
	if err := p.AcceptFriend(t.Context(), popular.User, late.ID); !errors.Is(err, app.ErrLimit) {
		t.Errorf("accepting friend 5,001: %v", err)
	}
	if got, err := p.Friends(t.Context(), late.User, app.Zero, 10); err != nil || len(got) != 0 {
		t.Errorf("friends: %v, %v", got, err)
	}
}

func TestARegionThatDoesNotWriteServesWhatItsDatabaseHas(t *testing.T) {
	t.Parallel()
	p := newProduct(t)
	reader, author := p.signUp("reader"), p.signUp("author")
	p.befriend(reader, author)
	kept, gone := p.post(author, "kept"), p.post(author, "gone")
	p.settle()
	p.read(reader, 20)
	p.settle()
	// The same stores seen by a standby: it shares the cache's servers here, but
	// believes nothing that is in them.
	standby := newProductOn(t, p.config, apptest.Current.CacheAddr, noWorker)
	standby.gate.unfed, standby.gate.err = true, app.Fenced("elsewhere")
	if _, err := apptest.Current.Database.Admin().Exec(fmt.Sprintf("UPDATE %s.stories SET deleted_at = 1 WHERE id = x'%x'", p.config.Name, gone[:])); err != nil {
		t.Fatal(err)
	}
	got := standby.read(reader, 20)
	if len(got) != 1 || got[0].ID != kept {
		t.Errorf("the standby shows %v", bodies(got))
	}
	for what, err := range map[string]error{
		"post":      second(standby.Post(t.Context(), author.User, app.Draft{Kind: app.Text, Body: "x"}, "")),
		"react":     standby.React(t.Context(), reader.User, kept, "like"),
		"unfriend":  standby.Unfriend(t.Context(), reader.User, author.ID),
		"delete":    standby.Delete(t.Context(), author.User, kept),
		"marker":    standby.SetMarker(t.Context(), reader.User, kept),
		"sign out":  standby.SignOut(t.Context(), reader.token),
		"sign up":   second(standby.SignUp(t.Context(), "fresh", "correct horse")),
		"sign in":   second(standby.SignIn(t.Context(), "reader", "correct horse")),
		"accept":    standby.AcceptFriend(t.Context(), reader.User, author.ID),
		"request":   second(standby.RequestFriend(t.Context(), reader.User, author.User)),
		"comment":   first(standby.Comment(t.Context(), reader.User, kept, "x")),
		"an upload": first(standby.Upload(t.Context(), reader.User, app.File{Type: "image/png", Bytes: 5})),
	} {
		if !errors.Is(err, app.ErrFenced) {
			t.Errorf("%s on the standby: %v", what, err)
		}
	}
	// After a failover the epoch rises: what was cached under the old one is not
	// believed, and feeds are built anew.
	standby.gate.unfed, standby.gate.err, standby.gate.epoch = false, nil, 2
	standby.Cache.SetEpoch(2)
	for range 2 {
		if got := standby.read(reader, 20); len(got) != 1 || got[0].ID != kept {
			t.Errorf("after failover: %v", bodies(got))
		}
	}
}

func first[A any](_ A, err error) error          { return err }
func second[A, B any](_ A, _ B, err error) error { return err }
