package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"syscall"
	"testing"
	"time"

	"newsfeed/app"
	"newsfeed/app/apptest"
	"newsfeed/app/feed"
	"newsfeed/app/mysql"
	"newsfeed/app/password"
	"newsfeed/app/redis"
	"newsfeed/app/sqs"
)

// writes is a region that writes.
type writes struct{}

func (writes) Writable() error    { return nil }
func (writes) Fed() (int64, bool) { return 1, true }

// service is the product in this process, on the stores of the fixture's own.
func (f *fixture) service() *feed.Service {
	f.t.Helper()
	db, err := mysql.Open(mysql.Config{Writer: f.databaseAddr, Name: f.database, User: apptest.DatabaseUser, Password: apptest.DatabasePass})
	if err != nil {
		f.t.Fatal(err)
	}
	sdk, err := apptest.SDK(f.t.Context(), f.cloud)
	if err != nil {
		f.t.Fatal(err)
	}
	cache := redis.Open(redis.Config{Addrs: []string{f.cache.Client().Options().Addr}})
	cache.SetEpoch(1)
	s := feed.NewService(feed.Service{DB: db, Cache: cache, Queue: sqs.Open(sdk, apptest.QueueURL), Gate: writes{},
		IDs: app.NewIDs(time.Now), Hasher: password.New(true), Now: time.Now})
	ctx, cancel := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	wg.Go(func() { s.Run(ctx) })
	f.t.Cleanup(func() {
		cancel()
		wg.Wait()
		db.Close()
		cache.Close()
	})
	return s
}

// popular makes an author whose n friends all have a cached, empty feed.
func (f *fixture) popular(s *feed.Service, n int) (author app.User, friends []app.ID) {
	f.t.Helper()
	author = app.User{ID: s.IDs.New(), Name: "popular"}
	if err := s.DB.CreateUser(f.t.Context(), author, ""); err != nil {
		f.t.Fatal(err)
	}
	if err := apptest.FillFriends(f.t.Context(), apptest.Current.Database.Admin(), f.database, author.ID, n, n); err != nil {
		f.t.Fatal(err)
	}
	friends, err := s.DB.FriendIDs(f.t.Context(), author.ID, app.Zero, n)
	if err != nil || len(friends) != n {
		f.t.Fatal(len(friends), err)
	}
	var wg sync.WaitGroup
	for part := range slices.Chunk(friends, n/8) {
		wg.Go(func() {
			for _, user := range part {
				build, err := s.Cache.Begin(f.t.Context(), user)
				if err == nil {
					err = build.Finish(f.t.Context(), 1, app.Zero, nil)
				}
				if err != nil {
					f.t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	return author, friends
}

func (f *fixture) post(s *feed.Service, by app.User, body string) app.ID {
	f.t.Helper()
	raw, _, err := s.Post(f.t.Context(), by, app.Draft{Kind: app.Text, Body: body}, "")
	if err != nil {
		f.t.Fatal(err)
	}
	id, err := app.ParseID(string(raw[len(`{"id":"`):][:36]))
	if err != nil {
		f.t.Fatal(err)
	}
	return id
}

// have counts the feeds that hold exactly want, and fails on any that holds
// something else than want or nothing.
func (f *fixture) have(s *feed.Service, users []app.ID, want ...app.ID) (n int) {
	f.t.Helper()
	for _, user := range users {
		slice, err := s.Cache.Range(f.t.Context(), user, app.Last, app.FeedCap)
		if err != nil || !slice.Complete {
			f.t.Fatalf("feed of %v: %+v, %v", user, slice, err)
		}
		switch {
		case slices.Equal(slice.IDs, want):
			n++
		case len(slice.IDs) >= len(want):
			f.t.Fatalf("feed of %v: %v", user, slice.IDs)
		}
	}
	return n
}

func TestAWorkerKilledInMidFanoutIsReplacedByAnother(t *testing.T) {
	t.Parallel()
	f := newFixture(t, 2*time.Second)
	f.migrate()
	s := f.service()
	author, friends := f.popular(s, app.MaxFriends)
	_, worker, _ := f.start("worker")
	id := f.post(s, author, "hello")
	apptest.Eventually(t, "fan-out has begun", func() error {
		slice, err := s.Cache.Range(t.Context(), friends[0], app.Last, 1)
		return errors.Join(err, waitFor(len(slice.IDs) == 1))
	})
	// Writes stand still; while they do, the worker dies as by a power cut.
	if err := f.cache.Client().Do(t.Context(), "CLIENT", "PAUSE", 60_000, "WRITE").Err(); err != nil {
		t.Fatal(err)
	}
	if err := worker.Process.Signal(syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	worker.Wait()
	if err := f.cache.Client().Do(t.Context(), "CLIENT", "UNPAUSE").Err(); err != nil {
		t.Fatal(err)
	}
	reached := f.have(s, friends, id)
	if reached == 0 || reached == len(friends) {
		t.Fatalf("the worker died after %d of %d feeds: not in mid-fan-out", reached, len(friends))
	}
	begun := time.Now()
	f.start("worker")
	apptest.Eventually(t, "another finishes", func() error {
		if n := f.have(s, friends, id); n < len(friends) {
			return fmt.Errorf("%d of %d feeds have the story", n, len(friends))
		}
		return nil
	})
	t.Logf("killed after %d of %d feeds; all have it %v later", reached, len(friends), time.Since(begun).Round(time.Millisecond))
}

func TestAPoisonMessageEndsInTheDeadLetterQueueAndTheOthersFlow(t *testing.T) {
	t.Parallel()
	f := newFixture(t, time.Second)
	f.migrate()
	s := f.service()
	author, friends := f.popular(s, 16)
	sdk, err := apptest.SDK(t.Context(), f.cloud)
	if err != nil {
		t.Fatal(err)
	}
	queue, dead := sqs.Open(sdk, apptest.QueueURL), sqs.Open(sdk, apptest.DeadURL)
	poison := []string{"not even JSON", `{"k":"unheard-of"}`, `{"k":"fanout"}`, `{"k":"revoked","u":"` + author.ID.String() + `","h":"c2hvcnQ="}`}
	for _, p := range poison {
		if err := queue.Send(t.Context(), 0, []byte(p)); err != nil {
			t.Fatal(err)
		}
	}
	_, worker, _ := f.start("worker")
	id := f.post(s, author, "hello")
	apptest.Eventually(t, "the story is in every feed", func() error {
		return waitFor(f.have(s, friends, id) == len(friends))
	})
	var buried []string
	apptest.Eventually(t, "the poison is in the dead-letter queue", func() error {
		deliveries, err := dead.Receive(t.Context(), 10)
		for _, d := range deliveries {
			buried = append(buried, string(d.Body))
			err = errors.Join(err, dead.Delete(t.Context(), d.Receipt))
		}
		return errors.Join(err, waitFor(len(buried) >= len(poison)))
	})
	slices.Sort(buried)
	slices.Sort(poison)
	if !slices.Equal(buried, poison) {
		t.Errorf("dead letters: %q", buried)
	}
	if err := worker.Process.Signal(syscall.Signal(0)); err != nil {
		t.Errorf("the worker did not survive: %v", err)
	}
}
