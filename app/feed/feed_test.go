package feed_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"newsfeed/app"
	"newsfeed/app/apptest"
)

func TestAStoryIsInAFriendsFeed(t *testing.T) {
	t.Parallel()
	p := newProduct(t)
	kim, sato, other := p.signUp("kim"), p.signUp("佐藤"), p.signUp("other")
	p.befriend(kim, sato)
	if got := p.read(sato, 20); len(got) != 0 {
		t.Fatalf("new user's feed: %v", got)
	}
	p.settle()
	p.post(kim, "hello")
	p.settle()
	for _, m := range []member{sato, sato} {
		if got := bodies(p.read(m, 20)); !slices.Equal(got, []string{"hello"}) {
			t.Errorf("friend's feed: %q", got)
		}
	}
	if got := p.read(other, 20); len(got) != 0 {
		t.Errorf("a stranger sees %v", got)
	}
}

func TestAFeedGoesBackToTheFirstStoryBelowTheCap(t *testing.T) {
	t.Parallel()
	p := newProduct(t)
	reader, author := p.signUp("reader"), p.signUp("author")
	p.befriend(reader, author)
	p.read(reader, 5)
	p.settle()
	var want []string
	for i := range app.FeedCap + 60 {
		body := fmt.Sprint("story ", i)
		p.post(author, body)
		want = append(want, body)
	}
	slices.Reverse(want)
	p.settle()
	for _, limit := range []int{50, 7} {
		if got := bodies(p.read(reader, limit)); !slices.Equal(got, want) {
			t.Errorf("limit %d: %d stories, want %d", limit, len(got), len(want))
		}
	}
}

func TestActiveUsersAreCountedOnce(t *testing.T) {
	t.Parallel()
	p := newProduct(t, func(s *setup) {
		at := time.Date(2031, 1, 1, 0, 0, 0, 0, time.UTC).Add(time.Since(testsBegan)) // a day that no other test has
		s.Now = func() time.Time { return at }
	}, noWorker)
	a, b := p.signUp("reader"), p.signUp("author")
	for range 3 {
		p.read(a, 20)
		p.post(b, "x")
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { p.Report(ctx); close(done) }()
	apptest.Eventually(t, "two active users", func() error {
		day, month, err := p.Cache.ActiveUsers(t.Context(), p.Now())
		if err == nil && (day != 2 || month != 2) {
			err = fmt.Errorf("%d today, %d this month", day, month)
		}
		return err
	})
	cancel()
	<-done
}

var testsBegan = time.Now()
