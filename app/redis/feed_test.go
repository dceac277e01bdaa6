package redis_test

import (
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"newsfeed/app"
	"newsfeed/app/apptest"
	"newsfeed/app/redis"
)

func TestMain(m *testing.M) { apptest.Main(m) }

var ids = app.NewIDs(time.Now)

// many makes n IDs, newest first.
func many(n int) []app.ID {
	list := make([]app.ID, n)
	for i := range list {
		list[n-1-i] = ids.New()
	}
	return list
}

func open(t *testing.T) *redis.Cache {
	t.Helper()
	c := redis.Open(redis.Config{Addrs: []string{apptest.Current.CacheAddr}})
	t.Cleanup(func() { c.Close() })
	return c
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// steps is one feed that things happen to.
type steps struct {
	t     *testing.T
	cache *redis.Cache
	user  app.ID
	build *redis.Build
}

func (s *steps) begin() {
	s.t.Helper()
	var err error
	s.build, err = s.cache.Begin(s.t.Context(), s.user)
	must(s.t, err)
}

func (s *steps) finish(floor app.ID, list ...app.ID) {
	s.t.Helper()
	must(s.t, s.build.Finish(s.t.Context(), 1, floor, list))
}

func (s *steps) insert(list ...app.ID) {
	s.t.Helper()
	for _, id := range list {
		must(s.t, s.cache.Insert(s.t.Context(), id, []app.ID{s.user}))
	}
}

// life is what happens to a feed, and what it then is.
type life struct {
	do    func(*steps)
	ready bool
	floor app.ID
	want  []app.ID
}

func lives() map[string]life {
	few, full, newer := many(5), many(app.FeedCap+40), many(30) // newest first, in this order
	return map[string]life{
		"a story for a feed that isn't cached is dropped": {do: func(s *steps) { s.insert(few...) }},
		"a feed that is being built is not shown": {do: func(s *steps) {
			s.begin()
			s.insert(few...)
		}},
		"what arrives while it is built is in it": {do: func(s *steps) {
			s.begin()
			s.insert(few[0])
			s.finish(app.Zero, few[1:]...)
		}, ready: true, want: few},
		"the order of arrival doesn't matter": {do: func(s *steps) {
			s.begin()
			s.finish(app.Zero, few[4], few[1])
			s.insert(few[2], few[0], few[3])
		}, ready: true, want: few},
		"a story that comes twice is there once": {do: func(s *steps) {
			s.begin()
			s.insert(few[0])
			s.finish(app.Zero, few[0], few[1])
			s.insert(few[0], few[1], few[0])
		}, ready: true, want: few[:2]},
		"an empty feed is whole too": {do: func(s *steps) {
			s.begin()
			s.finish(app.Zero)
		}, ready: true},
		"what is below the floor is not shown": {do: func(s *steps) {
			s.begin()
			s.finish(few[2], few[:3]...)
			s.insert(few[3], few[4])
		}, ready: true, floor: few[2], want: few[:3]},
		"at the cap the floor rises to the oldest kept": {do: func(s *steps) {
			s.begin()
			s.finish(app.Zero, full[40:]...)
			for _, id := range slices.Backward(full[:40]) {
				s.insert(id)
			}
		}, ready: true, floor: full[app.FeedCap+6], want: full[:app.FeedCap+7]}, // cut at the 11th and the 22nd and the 33rd
		"more than the cap arrives while it is built": {do: func(s *steps) {
			s.begin()
			s.insert(full[:20]...)
			s.finish(full[app.FeedCap+19], full[20:app.FeedCap+20]...)
		}, ready: true, floor: full[app.FeedCap-1], want: full[:app.FeedCap]},
		"the floor doesn't fall when old stories fill a feed that lost some": {do: func(s *steps) {
			s.begin()
			s.finish(full[app.FeedCap-1], full[:app.FeedCap]...)
			must(s.t, s.cache.RemoveMany(s.t.Context(), s.user, full[50:100]))       // a friend less
			must(s.t, s.cache.InsertMany(s.t.Context(), s.user, full[app.FeedCap:])) // a friend more
			s.insert(newer...)
		}, ready: true, floor: full[app.FeedCap-1], want: slices.Concat(newer, full[:50], full[100:app.FeedCap])},
		"a dropped feed is gone": {do: func(s *steps) {
			s.begin()
			s.finish(app.Zero, few...)
			must(s.t, s.cache.Drop(s.t.Context(), s.user))
			s.insert(few[0])
		}},
	}
}

func TestAFeedIsWholeOrNotThereAtAll(t *testing.T) {
	t.Parallel()
	for name, c := range lives() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := &steps{t: t, cache: open(t), user: ids.New()}
			c.do(s)
			slice, err := s.cache.Range(t.Context(), s.user, app.Last, 1000)
			must(t, err)
			if slice.Complete != c.ready || slice.Floor != c.floor || !slices.Equal(slice.IDs, c.want) {
				t.Errorf("ready %v, floor %v, %d stories; want %v, %v, %d", slice.Complete, slice.Floor, len(slice.IDs), c.ready, c.floor, len(c.want))
			}
		})
	}
}

func TestARebuildThatWasOvertakenChangesNothing(t *testing.T) {
	t.Parallel()
	for name, between := range map[string]func(*steps){
		"the feed was dropped":         func(s *steps) { must(s.t, s.cache.Drop(s.t.Context(), s.user)) },
		"another rebuild began":        func(s *steps) { _, err := s.cache.Begin(s.t.Context(), s.user); must(s.t, err) },
		"it was finished once already": func(s *steps) { s.finish(app.Zero) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := &steps{t: t, cache: open(t), user: ids.New()}
			s.begin()
			between(s)
			if err := s.build.Finish(t.Context(), 1, app.Zero, many(3)); !errors.Is(err, redis.ErrOvertaken) {
				t.Errorf("finished: %v", err)
			}
			if slice, err := s.cache.Range(t.Context(), s.user, app.Last, 10); err != nil || len(slice.IDs) > 0 {
				t.Errorf("it added %v, %v", slice.IDs, err)
			}
		})
	}
}

func TestOneRebuildOfAFeedAtATime(t *testing.T) {
	t.Parallel()
	c, user := open(t), ids.New()
	for i, want := range []bool{true, false, false} {
		if got, err := c.ClaimRebuild(t.Context(), user); err != nil || got != want {
			t.Errorf("claim %d: %v, %v", i, got, err)
		}
	}
	must(t, c.ReleaseRebuild(t.Context(), user))
	if got, err := c.ClaimRebuild(t.Context(), user); err != nil || !got {
		t.Errorf("after its release: %v, %v", got, err)
	}
}

// A feed of 500 entries takes about 10.3 KB packed, and 63 KB as a skiplist.
func TestAFullFeedStaysPacked(t *testing.T) {
	t.Parallel()
	s := &steps{t: t, cache: open(t), user: ids.New()}
	client := apptest.Current.Cache.Client()
	key := redis.FeedKey(s.user)
	s.begin()
	s.finish(app.Zero, many(app.FeedCap)...)
	for i := range 30 {
		if encoding, err := client.ObjectEncoding(t.Context(), key).Result(); err != nil || encoding != "listpack" {
			t.Fatalf("after %d more it is a %s, %v", i, encoding, err)
		}
		if bytes, err := client.MemoryUsage(t.Context(), key).Result(); err != nil || bytes > 11<<10 {
			t.Fatalf("after %d more it takes %d bytes, %v", i, bytes, err)
		}
		s.insert(ids.New())
	}
	if ttl := client.TTL(t.Context(), key).Val(); ttl < 13*24*time.Hour || ttl > 14*24*time.Hour {
		t.Errorf("it lives for %v", ttl)
	}
	if n := client.Exists(t.Context(), strings.Replace(key, "f:", "t:", 1)).Val(); n != 0 {
		t.Error("the build left its scratch key behind")
	}
}

func TestDropAllForgetsEveryFeed(t *testing.T) {
	t.Parallel()
	server, addr, err := apptest.Current.StartCache(t.Context(), apptest.Current.Address())
	must(t, err)
	c := redis.Open(redis.Config{Addrs: []string{addr}})
	defer c.Close()
	for range 2500 { // more than one scan returns
		_, err := c.Begin(t.Context(), ids.New())
		must(t, err)
	}
	must(t, c.Wrote(t.Context(), ids.New()))
	if n, err := c.DropAll(t.Context()); err != nil || n != 2500 {
		t.Errorf("%d dropped, %v", n, err)
	}
	if n := server.Client().DBSize(t.Context()).Val(); n != 1 {
		t.Errorf("%d keys are left, want the one that is no feed", n)
	}
}

func TestAPageOpensWithAllThatSitsWithTheUser(t *testing.T) {
	t.Parallel()
	s := &steps{t: t, cache: open(t), user: ids.New()}
	list, hash, author := many(30), [32]byte{1}, ids.New()
	s.begin()
	s.finish(list[29], list...)
	must(t, s.cache.KeepSession(t.Context(), app.User{ID: s.user, Name: "kim"}, hash))
	must(t, s.cache.Gone(t.Context(), s.user, author))
	for i, below := range []app.ID{app.Last, list[20]} {
		o, err := s.cache.Open(t.Context(), s.user, hash, below, 21)
		must(t, err)
		want := [][]app.ID{list[:21], list[21:]}[i]
		if o.Name != "kim" || o.Reads != int64(i+1) || !o.Gone[author] || !slices.Equal(o.Feed.IDs, want) || o.Feed.Floor != list[29] || o.Feed.Epoch != 1 {
			t.Errorf("below %v: %+v", below, o)
		}
	}
	o, err := s.cache.Open(t.Context(), ids.New(), hash, app.Last, 21)
	if err != nil || o.Name != "" || o.Reads != 1 || o.Feed.Complete || o.Gone != nil {
		t.Errorf("of a user that nobody knows: %+v, %v", o, err)
	}
}

func TestManyWritersOfOneFeedLoseNothing(t *testing.T) {
	t.Parallel()
	s := &steps{t: t, cache: open(t), user: ids.New()}
	list := many(200)
	var wg sync.WaitGroup
	s.begin()
	for part := range slices.Chunk(list[:150], 30) {
		wg.Go(func() {
			for _, id := range part {
				if err := s.cache.Insert(t.Context(), id, []app.ID{s.user}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	s.finish(app.Zero, list[100:]...)
	wg.Wait()
	slice, err := s.cache.Range(t.Context(), s.user, app.Last, 1000)
	if err != nil || !slices.Equal(slice.IDs, list) {
		t.Errorf("%d of %d stories, %v", len(slice.IDs), len(list), err)
	}
}
