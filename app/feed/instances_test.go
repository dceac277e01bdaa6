package feed_test

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"

	"newsfeed/app"
	"newsfeed/app/apptest"
)

// pair is two instances on the same stores; the first has the worker.
func pair(t *testing.T, options ...option) (a, b *product) {
	a = newProduct(t, options...)
	b = newProductOn(t, a.config, apptest.Current.CacheAddr, append(options, noWorker, func(s *setup) { s.Queue = a.queue })...)
	return a, b
}

func TestTwoInstancesRebuildOneFeedWhileStoriesArrive(t *testing.T) {
	t.Parallel()
	a, b := pair(t)
	reader := a.signUp("reader")
	authors := make([]member, 4)
	for i := range authors {
		authors[i] = a.signUp(fmt.Sprint("author", i))
		a.befriend(reader, authors[i])
	}
	var mu sync.Mutex
	var want []app.ID
	var posting, building sync.WaitGroup
	for i, author := range authors {
		posting.Go(func() {
			for n := range 60 {
				id := []*product{a, b}[i%2].post(author, fmt.Sprint(n))
				mu.Lock()
				want = append(want, id)
				mu.Unlock()
			}
		})
	}
	stop := make(chan struct{})
	for _, p := range []*product{a, b, a, b} {
		building.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
					p.Rebuild(t.Context(), reader.ID) // overtaken is fine
				}
			}
		})
	}
	posting.Wait()
	close(stop)
	building.Wait()
	a.settle()
	slices.SortFunc(want, func(x, y app.ID) int { return y.Compare(x) })
	for round := range 2 { // the second is warm for sure
		for i, p := range []*product{a, b} {
			var got []app.ID
			for _, s := range p.read(reader, 17) {
				got = append(got, s.ID)
			}
			if !slices.Equal(got, want) {
				t.Errorf("round %d, instance %d: %d stories, want %d", round, i, len(got), len(want))
			}
		}
		a.settle()
	}
}

func TestReactionsThatRaceOnTwoInstancesAreCountedRight(t *testing.T) {
	t.Parallel()
	a, b := pair(t, func(s *setup) { s.Rates = app.Rates{Reads: 1 << 40, Writes: 1 << 40, SignIns: 1 << 40} })
	author := a.signUp("author")
	readers := make([]member, 6)
	for i := range readers {
		readers[i] = a.signUp(fmt.Sprint("reader", i))
		a.befriend(author, readers[i])
	}
	for round := range 6 {
		id := a.post(author, "hello")
		a.settle()
		a.read(readers[0], 20) // caches the figures
		var wg sync.WaitGroup
		for i, r := range readers {
			for j, p := range []*product{a, b} { // the same user on both at once
				wg.Go(func() {
					for k := range 5 {
						kind := append([]string{""}, app.Reactions...)[(i+3*j+k)%4]
						if err := p.React(t.Context(), r.User, id, kind); err != nil {
							t.Error(err)
						}
					}
					if _, err := p.Comment(t.Context(), r.User, id, "indeed"); err != nil {
						t.Error(err)
					}
				})
			}
		}
		wg.Wait()
		reactions, err := a.DB.Reactions(t.Context(), []app.ID{id})
		if err != nil {
			t.Fatal(err)
		}
		want := map[string]int{}
		for _, kind := range reactions[id] {
			want[kind]++
		}
		for i, p := range []*product{a, b} {
			for _, r := range readers {
				raw, err := p.Story(t.Context(), r.User, id)
				if err != nil {
					t.Fatal(err)
				}
				if got := parse(t, raw); fmt.Sprint(got.Reactions) != fmt.Sprint(want) || got.Comments != 2*len(readers) || got.Mine != reactions[id][r.ID] {
					t.Errorf("round %d, instance %d: %s, want %v, %q of my own", round, i, raw, want, reactions[id][r.ID])
				}
			}
		}
	}
}

func TestCommentsComeOldestFirstFromBothInstances(t *testing.T) {
	t.Parallel()
	a, b := pair(t)
	author := a.signUp("author")
	id := a.post(author, "hello")
	var want []app.ID
	for i := range 12 {
		c, err := []*product{a, b}[i%2].Comment(t.Context(), author.User, id, fmt.Sprint(i))
		if err != nil {
			t.Fatal(err)
		}
		want = append(want, c.ID)
	}
	slices.SortFunc(want, func(x, y app.ID) int { return x.Compare(y) })
	var got []app.ID
	after := app.Zero
	for {
		page, err := b.Comments(t.Context(), author.User, id, after, 5)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range page {
			got = append(got, c.ID)
		}
		if len(page) < 5 {
			break
		}
		after = page[4].ID
	}
	if !slices.Equal(got, want) {
		t.Errorf("comments %v, want %v", got, want)
	}
}

func TestOneKeyMakesOneStoryHoweverOftenItIsSent(t *testing.T) {
	t.Parallel()
	a, b := pair(t)
	author := a.signUp("author")
	draft := app.Draft{Kind: app.Text, Body: "once"}
	var mu sync.Mutex
	made, replays := map[app.ID]bool{}, 0
	var wg sync.WaitGroup
	for i := range 20 {
		wg.Go(func() {
			raw, replayed, err := []*product{a, b}[i%2].Post(t.Context(), author.User, draft, "key")
			if err != nil {
				t.Error(err)
				return
			}
			mu.Lock()
			defer mu.Unlock()
			made[parse(t, raw).ID] = true
			if replayed {
				replays++
			}
		})
	}
	wg.Wait()
	if len(made) != 1 || replays != 19 {
		t.Errorf("%d stories, %d replays", len(made), replays)
	}
	other := app.Draft{Kind: app.Text, Body: "another"}
	if _, _, err := b.Post(t.Context(), author.User, other, "key"); !errors.Is(err, app.ErrConflict) {
		t.Errorf("another body under the same key: %v", err)
	}
	stranger := a.signUp("stranger")
	if _, replayed, err := b.Post(t.Context(), stranger.User, other, "key"); err != nil || replayed {
		t.Errorf("the same key of another user: %v, %v", replayed, err)
	}
}

func TestSessionsAndRatesHoldOnAllInstances(t *testing.T) {
	t.Parallel()
	a, b := pair(t, func(s *setup) { s.Rates = app.Rates{Reads: 10, Writes: 4, SignIns: 3} })
	kim := a.signUp("kim-" + a.config.Name) // names have rates too
	instances := []*product{a, b}
	for _, c := range []struct {
		what  string
		limit int
		use   func(*product) error
	}{
		{"writes", 4, func(p *product) error { _, err := p.Authenticate(t.Context(), kim.token, "w"); return err }},
		{"reads, of feeds and of others", 10, func(p *product) error {
			if p == a {
				_, err := p.Feed(t.Context(), kim.token, app.Query{Limit: 1})
				return err
			}
			_, err := p.Authenticate(t.Context(), kim.token, "r")
			return err
		}},
		{"sign-ins with a wrong password", 3, func(p *product) error {
			_, _, err := p.SignIn(t.Context(), kim.Name, "wrong password")
			if errors.Is(err, app.ErrUnauthenticated) {
				return nil
			}
			return err
		}},
	} {
		for i := range c.limit {
			if err := c.use(instances[i%2]); err != nil {
				t.Errorf("%s: use %d: %v", c.what, i+1, err)
			}
		}
		for i, p := range instances {
			if err := c.use(p); !errors.Is(err, app.ErrRateLimited) {
				t.Errorf("%s: above the limit on instance %d: %v", c.what, i, err)
			}
		}
	}
	sato := a.signUp("sato")
	for _, p := range instances { // both have it cached
		if _, err := p.Feed(t.Context(), sato.token, app.Query{Limit: 1}); err != nil {
			t.Fatal(err)
		}
	}
	if err := a.SignOut(t.Context(), sato.token); err != nil {
		t.Fatal(err)
	}
	for i, p := range instances {
		if _, err := p.Feed(t.Context(), sato.token, app.Query{Limit: 1}); !errors.Is(err, app.ErrUnauthenticated) {
			t.Errorf("signed out, instance %d: %v", i, err)
		}
	}
}
