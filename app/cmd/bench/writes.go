package main

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"newsfeed/app"
	"newsfeed/app/feed"
)

// median of several runs of f, in milliseconds.
func median(n int, f func() error) (float64, error) {
	times := make([]float64, n)
	for i := range times {
		begun := time.Now()
		if err := f(); err != nil {
			return 0, err
		}
		times[i] = float64(time.Since(begun).Microseconds()) / 1000
	}
	slices.Sort(times)
	return round(times[n/2], 2), nil
}

// rebuilds times rebuilds of the two sizes, each user's for the first time.
func (b *bench) rebuilds(ctx context.Context) (err error) {
	for _, size := range []struct {
		friends int
		into    *float64
		target  string
	}{{200, &b.result.Rebuild200, "(target 10)"}, {5000, &b.result.Rebuild5000, "(target 25)"}} {
		u, err := b.star(ctx, fmt.Sprint("star", size.friends), size.friends)
		if err != nil {
			return err
		}
		if *size.into, err = median(15, func() error { return b.service.Rebuild(ctx, u.ID) }); err != nil {
			return err
		}
		say(fmt.Sprintf("rebuild, %d friends", size.friends), *size.into, "ms "+size.target)
	}
	return nil
}

// fanout compares the worker with the same insertions without it.
func (b *bench) fanout(ctx context.Context) error {
	author, err := b.star(ctx, "popular", app.MaxFriends)
	if err != nil {
		return err
	}
	users, err := b.db.FriendIDs(ctx, author.ID, app.Zero, app.MaxFriends)
	if err != nil {
		return err
	}
	before := b.memory(ctx)
	ids := make([]app.ID, app.FeedCap)
	for i := range ids {
		ids[i] = b.service.IDs.New()
	}
	for _, user := range users {
		build, err := b.cache.Begin(ctx, user)
		if err != nil {
			return err
		}
		if err := build.Finish(ctx, 1, ids[0], ids); err != nil {
			return err
		}
	}
	b.result.RedisBytes = round((b.memory(ctx)-before)/float64(len(users)), 0)
	say("Redis memory of a user with 500 entries", b.result.RedisBytes, "bytes (target 11264)")
	rates, err := interleave(fanoutRounds, func() (float64, error) { return b.workerFanout(ctx, author) },
		func() (float64, error) { return b.rawFanout(ctx, users) })
	if err != nil {
		return err
	}
	b.result.FanoutVsRaw = rates.ratio(0, 1)
	say("fan-out worker", rates.median(0), "followers/s")
	say("raw pipelined EVALSHA", rates.median(1), "followers/s")
	say("worker / raw", b.result.FanoutVsRaw, "(target 0.8)")
	return nil
}

func (b *bench) memory(ctx context.Context) float64 {
	info, err := b.stores.Cache.Client().Info(ctx, "memory").Result()
	if err != nil {
		return math.NaN()
	}
	var used float64
	for line := range strings.Lines(info) {
		if _, err := fmt.Sscanf(line, "used_memory:%f", &used); err == nil {
			return used
		}
	}
	return math.NaN()
}

// fanoutStories is how many stories of an author with 5,000 friends one
// measurement fans out.
const (
	fanoutStories = 15
	fanoutRounds  = 6
)

// rawFanout inserts with 16 pipelines at once, which saturate Redis.
func (b *bench) rawFanout(ctx context.Context, users []app.ID) (float64, error) {
	var wg sync.WaitGroup
	var failed atomic.Value
	jobs := make(chan []app.ID)
	begun := time.Now()
	for range connections {
		wg.Go(func() {
			for part := range jobs {
				if err := b.cache.Insert(ctx, b.service.IDs.New(), part); err != nil {
					failed.Store(err)
				}
			}
		})
	}
	for range fanoutStories {
		for part := range slices.Chunk(users, 1000) {
			jobs <- part
		}
	}
	close(jobs)
	wg.Wait()
	if err, ok := failed.Load().(error); ok {
		return 0, err
	}
	return float64(fanoutStories*len(users)) / time.Since(begun).Seconds(), nil
}

// workerFanout has a worker do the same from posted stories: it reads the story
// and the friends, inserts, and deletes the messages.
func (b *bench) workerFanout(ctx context.Context, author person) (float64, error) {
	for i := range fanoutStories {
		if _, _, err := b.service.Post(ctx, author.User, app.Draft{Kind: app.Text, Body: fmt.Sprint("story ", i)}, ""); err != nil {
			return 0, err
		}
	}
	for b.queue.Len() < fanoutStories { // each is in the queue once, before the worker starts
		time.Sleep(time.Millisecond) // between two looks
	}
	run, cancel := context.WithCancel(ctx)
	done := make(chan struct{})
	begun := time.Now()
	worker := &feed.Worker{Service: b.service, Queue: b.queue}
	go func() { worker.Run(run); close(done) }()
	for !b.queue.Idle() {
		time.Sleep(time.Millisecond) // between two looks
	}
	took := time.Since(begun)
	cancel()
	<-done
	return fanoutStories * app.MaxFriends / took.Seconds(), nil
}

// posts compares whole posts with single-row inserts over as many connections.
func (b *bench) posts(ctx context.Context) error {
	rates, err := interleave(rounds,
		func() (float64, error) {
			return b.parallel(ctx, func(p person) error {
				_, _, err := b.service.Post(ctx, p.User, app.Draft{Kind: app.Text, Body: filler}, "")
				return err
			})
		},
		func() (float64, error) {
			return b.parallel(ctx, func(p person) error { return b.insertOne(ctx, p) })
		})
	if err != nil {
		return err
	}
	b.result.PostVsInsert = rates.ratio(0, 1)
	say("posts", rates.median(0), "posts/s")
	say("single-row inserts", rates.median(1), "rows/s")
	say("post / insert", b.result.PostVsInsert, "(target 0.4)")
	return nil
}

// parallel runs f on as many goroutines as there are connections and returns
// how often a second.
func (b *bench) parallel(ctx context.Context, f func(person) error) (float64, error) {
	var n atomic.Int64
	var failed atomic.Value
	var wg sync.WaitGroup
	begun := time.Now()
	until := begun.Add(b.slice())
	for range connections {
		wg.Go(func() {
			for time.Now().Before(until) && ctx.Err() == nil {
				if err := f(b.people[rand.IntN(len(b.people))]); err != nil {
					failed.Store(err)
					return
				}
				n.Add(1)
			}
		})
	}
	wg.Wait()
	if err, ok := failed.Load().(error); ok {
		return 0, err
	}
	return float64(n.Load()) / time.Since(begun).Seconds(), nil
}

// insertOne is the least that a post could be.
func (b *bench) insertOne(ctx context.Context, p person) error {
	id := b.service.IDs.New()
	return b.db.InsertRow(ctx, &app.Story{ID: id, Author: p.User, Kind: app.Text, Body: filler})
}
