package feed_test

import (
	"errors"
	"fmt"
	"testing"

	"newsfeed/app"
	"newsfeed/app/apptest"
	"newsfeed/app/mysql"
)

// TestAStoryReachesEveryRangeOfFriends posts as authors with more friends than
// one message covers: nobody is left out, and no message is sent for nobody.
func TestAStoryReachesEveryRangeOfFriends(t *testing.T) {
	t.Parallel()
	const everybody = 2000
	q := &counting{Queue: &apptest.Queue{NoDelay: true}}
	p := newProduct(t, func(s *setup) { s.Queue = q })
	for i, tt := range []struct {
		friends  int
		messages int64
	}{{999, 1}, {1000, 1}, {1001, 2}, {2000, 2}} {
		author := p.signUp(fmt.Sprint("author", i))
		if err := apptest.FillFriends(t.Context(), apptest.Current.Database.Admin(), p.config.Name, author.ID, tt.friends, everybody); err != nil {
			t.Fatal(err)
		}
		friends, err := p.DB.FriendIDs(mysql.FromWriter(t.Context()), author.ID, app.Zero, everybody)
		if err != nil || len(friends) != tt.friends {
			t.Fatalf("%d friends, %v", len(friends), err)
		}
		for _, friend := range friends {
			build, err := p.Cache.Begin(t.Context(), friend)
			if err == nil {
				err = build.Finish(t.Context(), 1, app.Zero, nil)
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		before := q.received.Load()
		story := p.post(author, "to all")
		apptest.Eventually(t, "every message is done", func() error {
			if q.received.Load() == before || !q.Idle() { // a message is deleted after the next is sent
				return errors.New("not yet")
			}
			return nil
		})
		if got := q.received.Load() - before; got != tt.messages {
			t.Errorf("%d friends: %d messages, want %d", tt.friends, got, tt.messages)
		}
		for n, friend := range friends {
			if got, err := p.Cache.Range(t.Context(), friend, app.Last, 1); err != nil || len(got.IDs) != 1 || got.IDs[0] != story {
				t.Fatalf("%d friends: friend %d has %v, %v", tt.friends, n+1, got, err)
			}
		}
	}
}
