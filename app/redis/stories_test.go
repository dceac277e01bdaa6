package redis_test

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"newsfeed/app"
	"newsfeed/app/apptest"
	"newsfeed/app/redis"
)

func story(body string) *app.Story {
	return &app.Story{ID: ids.New(), Author: app.User{ID: ids.New(), Name: "kim"}, Kind: app.Text, Body: body}
}

func TestATombstoneIsNeverOverwritten(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		do      func(*redis.Cache, *app.Story) error
		deleted bool
		known   bool
	}{
		"a story that nobody cached": {do: func(*redis.Cache, *app.Story) error { return nil }},
		"a story that was filled": {do: func(c *redis.Cache, s *app.Story) error {
			return c.FillStories(t.Context(), []*app.Story{s}, redis.Writer)
		}, known: true},
		"filled after it was buried": {do: func(c *redis.Cache, s *app.Story) error {
			if err := c.Bury(t.Context(), s.ID); err != nil {
				return err
			}
			return c.FillStories(t.Context(), []*app.Story{s}, redis.Writer)
		}, deleted: true},
		"filled as deleted": {do: func(c *redis.Cache, s *app.Story) error {
			gone := *s
			gone.Deleted = true
			return c.FillStories(t.Context(), []*app.Story{&gone}, redis.Writer)
		}, deleted: true},
		"buried and taken back": {do: func(c *redis.Cache, s *app.Story) error {
			if err := c.Bury(t.Context(), s.ID); err != nil {
				return err
			}
			return c.Unbury(t.Context(), s.ID)
		}},
		"filled under an earlier epoch": {do: func(c *redis.Cache, s *app.Story) error {
			err := c.FillStories(t.Context(), []*app.Story{s}, redis.Writer)
			c.SetEpoch(2)
			return err
		}},
	} {
		t.Run(name, func(t *testing.T) {
			cache, s := open(t), story("hello")
			must(t, c.do(cache, s))
			cards, err := cache.Cards(t.Context(), []app.ID{s.ID}, app.Zero)
			must(t, err)
			if got := cards[0]; got.Deleted != c.deleted || (got.JSON != "") != c.known {
				t.Errorf("%+v", got)
			}
		})
	}
}

func TestCountsFollowWhatHappens(t *testing.T) {
	t.Parallel()
	a, b := ids.New(), ids.New()
	type step func(*redis.Cache, app.ID) error
	fill := func(f redis.Figures) step {
		return func(c *redis.Cache, s app.ID) error {
			return c.FillCounts(t.Context(), map[app.ID]redis.Figures{s: f}, redis.Writer)
		}
	}
	react := func(user app.ID, kind string) step {
		return func(c *redis.Cache, s app.ID) error { return c.React(t.Context(), s, user, kind) }
	}
	commented := func(c *redis.Cache, s app.ID) error { return c.Commented(t.Context(), s, 1) }
	forget := func(c *redis.Cache, s app.ID) error { return c.ForgetCounts(t.Context(), s) }
	none := `,"reactions":{},"comments":0`
	for name, c := range map[string]struct {
		steps        []step
		counts, mine string // of a; counts "": unknown
	}{
		"nothing known":                    {},
		"filled with nothing":              {[]step{fill(redis.Figures{})}, none, ""},
		"filled with figures":              {[]step{fill(redis.Figures{Reactions: map[app.ID]string{a: "love", b: "like"}, Comments: 3})}, `,"reactions":{"like":1,"love":1},"comments":3`, "love"},
		"a reaction":                       {[]step{fill(redis.Figures{}), react(a, "wow")}, `,"reactions":{"wow":1},"comments":0`, "wow"},
		"the same reaction twice":          {[]step{fill(redis.Figures{}), react(a, "wow"), react(a, "wow")}, `,"reactions":{"wow":1},"comments":0`, "wow"},
		"a reaction changed":               {[]step{fill(redis.Figures{}), react(a, "wow"), react(b, "wow"), react(a, "sad")}, `,"reactions":{"wow":1,"sad":1},"comments":0`, "sad"},
		"a reaction taken back":            {[]step{fill(redis.Figures{}), react(a, "wow"), react(a, "")}, none, ""},
		"one that never was taken back":    {[]step{fill(redis.Figures{}), react(a, "")}, none, ""},
		"comments":                         {[]step{fill(redis.Figures{Comments: 1}), commented, commented}, `,"reactions":{},"comments":3`, ""},
		"a fill that comes second":         {[]step{fill(redis.Figures{Comments: 2}), fill(redis.Figures{Comments: 1})}, `,"reactions":{},"comments":2`, ""},
		"a fill with what was read before": {[]step{react(a, "wow"), fill(redis.Figures{})}, "", ""},
		"a fill after it was forgotten":    {[]step{fill(redis.Figures{}), forget, fill(redis.Figures{})}, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			cache, s := open(t), ids.New()
			for _, step := range c.steps {
				must(t, step(cache, s))
			}
			cards, err := cache.Cards(t.Context(), []app.ID{s}, a)
			must(t, err)
			if cards[0].Counts != c.counts || cards[0].Mine != c.mine {
				t.Errorf("%+v, want %q and %q", cards[0], c.counts, c.mine)
			}
		})
	}
}

func TestConcurrentReactionsAddUp(t *testing.T) {
	t.Parallel()
	one, other, s := open(t), open(t), ids.New()
	must(t, one.FillCounts(t.Context(), map[app.ID]redis.Figures{s: {}}, redis.Writer))
	var wg sync.WaitGroup
	for i := range 40 {
		cache, user := []*redis.Cache{one, other}[i%2], ids.New()
		wg.Go(func() {
			for _, kind := range []string{"like", "love", "", app.Reactions[i%2]} {
				for { // again when the machine is slow: the last one counts
					if err := cache.React(t.Context(), s, user, kind); err == nil {
						break
					} else if !errors.Is(err, redis.ErrDown) {
						t.Error(err)
						break
					}
				}
			}
		})
	}
	wg.Wait()
	cards, err := one.Cards(t.Context(), []app.ID{s}, app.Zero)
	if want := `,"reactions":{"like":20,"love":20},"comments":0`; err != nil || cards[0].Counts != want {
		t.Errorf("%q, %v", cards[0].Counts, err)
	}
}

func TestAScriptThatANodeForgotIsGivenAgain(t *testing.T) {
	t.Parallel()
	server, addr, err := apptest.Current.StartCache(t.Context(), apptest.Current.Address())
	must(t, err)
	c := redis.Open(redis.Config{Addrs: []string{addr}})
	defer c.Close()
	for range 2 {
		must(t, server.Client().ScriptFlush(t.Context()).Err())
		s := ids.New()
		must(t, c.FillCounts(t.Context(), map[app.ID]redis.Figures{s: {Comments: 1}}, redis.Writer))
		cards, err := c.Cards(t.Context(), []app.ID{s}, app.Zero)
		if err != nil || !strings.Contains(cards[0].Counts, fmt.Sprint(1)) {
			t.Errorf("%+v, %v", cards, err)
		}
	}
}
