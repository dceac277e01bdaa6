package feed_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"newsfeed/app"
	"newsfeed/app/apptest"
)

// stoppedReplica is a product whose replica follows no more once it has the story
// that reader sees, and the product's own cache.
func stoppedReplica(t *testing.T) (p *product, reader member, id app.ID, cache *goredis.Client) {
	t.Helper()
	c, _, replica := apptest.Current.StartPair(t)
	server, cacheAddr, err := apptest.Current.StartCache(t.Context(), apptest.Current.Address())
	if err != nil {
		t.Fatal(err)
	}
	p = newProductOn(t, c, cacheAddr)
	reader, author := p.signUp("reader"), p.signUp("author")
	p.befriend(reader, author)
	id = p.post(author, "hello")
	p.settle()
	apptest.Eventually(t, "the replica has the story", func() error {
		var n int
		err := replica.Admin().QueryRow(fmt.Sprintf("SELECT COUNT(*) FROM %s.stories WHERE id = x'%x'", c.Name, id[:])).Scan(&n)
		if err == nil && n == 0 {
			err = fmt.Errorf("not yet")
		}
		return err
	})
	if _, err := replica.Admin().Exec("STOP REPLICA"); err != nil {
		t.Fatal(err)
	}
	return p, reader, id, server.Client()
}

// later ends the five seconds for everybody who wrote.
func later(t *testing.T, cache *goredis.Client) {
	t.Helper()
	keys := cache.Keys(t.Context(), "w:*").Val()
	for _, key := range keys {
		if ttl := cache.TTL(t.Context(), key).Val(); ttl <= 0 || ttl > 5*time.Second {
			t.Errorf("%s lives for %v", key, ttl)
		}
		cache.Del(t.Context(), key)
	}
	if len(keys) == 0 {
		t.Error("nobody wrote")
	}
}

func TestWhoJustWroteReadsFromTheWriterForFiveSeconds(t *testing.T) {
	t.Parallel()
	p, reader, id, cache := stoppedReplica(t)
	for what, c := range map[string]struct {
		write func() error
		read  func() (string, error)
		want  string // at once; later the replica says ""
	}{
		"a marker": {func() error { return p.SetMarker(t.Context(), reader.User, id) }, func() (string, error) {
			marker, _, err := p.Marker(t.Context(), reader.User, app.Zero)
			if marker.IsZero() {
				return "", err
			}
			return marker.String(), err
		}, id.String()},
		"a reaction to a story whose figures aren't cached": {func() error {
			return errors.Join(p.Cache.ForgetCounts(t.Context(), id), p.React(t.Context(), reader.User, id, "love"))
		}, func() (string, error) {
			page, err := p.Feed(t.Context(), reader.token, app.Query{Limit: 5})
			if err != nil || len(page.Stories) != 1 {
				return fmt.Sprint(len(page.Stories), " stories"), err
			}
			return parse(t, page.Stories[0]).Mine, nil
		}, "love"},
		"a comment": {func() error { _, err := p.Comment(t.Context(), reader.User, id, "indeed"); return err }, func() (string, error) {
			comments, err := p.Comments(t.Context(), reader.User, id, app.Zero, 5)
			if len(comments) == 0 {
				return "", err
			}
			return comments[0].Body, err
		}, "indeed"},
	} {
		if err := c.write(); err != nil {
			t.Fatal(err)
		}
		if got, err := c.read(); err != nil || got != c.want {
			t.Errorf("%s: at once %q, %v, want %q", what, got, err, c.want)
		}
		later(t, cache)
		if got, err := c.read(); err != nil || got != "" {
			t.Errorf("%s: later, from the replica, %q, %v", what, got, err)
		}
	}
}

func TestWhatAReplicaSaidIsKeptForMinutesNotDays(t *testing.T) {
	t.Parallel()
	p, reader, _, cache := stoppedReplica(t)
	lives := func() (longest, shortest time.Duration) {
		t.Helper()
		keys := append(cache.Keys(t.Context(), "p*:*").Val(), cache.Keys(t.Context(), "rx*:*").Val()...)
		if len(keys) != 2 {
			t.Fatalf("the cache holds %v, want one story and its figures", keys)
		}
		shortest = 1 << 62
		for _, key := range keys {
			ttl := cache.TTL(t.Context(), key).Val()
			longest, shortest = max(longest, ttl), min(shortest, ttl)
		}
		return longest, shortest
	}
	if _, shortest := lives(); shortest < 20*time.Hour {
		t.Errorf("what the worker read from the writer is kept for %s", shortest)
	}
	cache.FlushAll(t.Context()) // and with it who wrote
	if got := p.read(reader, 5); len(got) != 1 {
		t.Errorf("%d stories after the cache was lost", len(got))
	}
	if longest, _ := lives(); longest > 10*time.Minute {
		t.Errorf("what the replica said is kept for %s", longest)
	}
}
