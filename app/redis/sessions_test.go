package redis_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"newsfeed/app"
	"newsfeed/app/apptest"
	"newsfeed/app/redis"
)

func TestWhatIsKnownOfASession(t *testing.T) {
	t.Parallel()
	hash := [32]byte{9}
	type step func(*redis.Cache, app.User) error
	keep := func(c *redis.Cache, u app.User) error { return c.KeepSession(t.Context(), u, hash) }
	end := func(c *redis.Cache, u app.User) error { return c.EndSession(t.Context(), u.ID, hash) }
	for name, c := range map[string]struct {
		steps []step
		want  string
	}{
		"never seen":                             {nil, ""},
		"kept":                                   {[]step{keep}, "kim"},
		"ended":                                  {[]step{keep, end}, redis.Ended},
		"kept by who read it before it was over": {[]step{end, keep}, redis.Ended},
	} {
		t.Run(name, func(t *testing.T) {
			cache, user := open(t), app.User{ID: ids.New(), Name: "kim"}
			for _, step := range c.steps {
				must(t, step(cache, user))
			}
			if name, _, err := cache.Session(t.Context(), user.ID, hash, "r"); err != nil || name != c.want {
				t.Errorf("%q, %v", name, err)
			}
		})
	}
}

func TestUsesAreCountedByTheMinuteAcrossInstances(t *testing.T) {
	t.Parallel()
	one, other, user := open(t), open(t), ids.New()
	for i := range 6 {
		cache := []*redis.Cache{one, other}[i%2]
		_, reads, err := cache.Session(t.Context(), user, [32]byte{}, "r")
		must(t, err)
		signIns, err := cache.Uses(t.Context(), "in", user.String())
		if err != nil || reads != int64(i+1) || signIns != int64(i+1) {
			t.Errorf("use %d: %d reads, %d sign-ins, %v", i+1, reads, signIns, err)
		}
	}
	if _, writes, err := one.Session(t.Context(), user, [32]byte{}, "w"); err != nil || writes != 1 {
		t.Errorf("writes are counted with reads: %d, %v", writes, err)
	}
	if _, reads, err := one.Session(t.Context(), user, [32]byte{1}, "r"); err != nil || reads != 1 {
		t.Errorf("another session's reads are counted with these: %d, %v", reads, err)
	}
}

func TestFreshForFiveSecondsAndGoneUntilBack(t *testing.T) {
	t.Parallel()
	c, user, other := open(t), ids.New(), ids.New()
	if wrote, err := c.JustWrote(t.Context(), user); wrote || err != nil {
		t.Errorf("before: %v, %v", wrote, err)
	}
	must(t, c.Wrote(t.Context(), user))
	if wrote, err := c.JustWrote(t.Context(), user); !wrote || err != nil {
		t.Errorf("after: %v, %v", wrote, err)
	}
	must(t, c.Gone(t.Context(), user, other))
	if gone, err := c.GoneSet(t.Context(), user); err != nil || !gone[other] || len(gone) != 1 {
		t.Errorf("gone: %v, %v", gone, err)
	}
	must(t, c.Back(t.Context(), user, other))
	if gone, err := c.GoneSet(t.Context(), user); err != nil || len(gone) != 0 {
		t.Errorf("back: %v, %v", gone, err)
	}
}

func TestActiveUsersAreCountedByDayAndMonth(t *testing.T) {
	t.Parallel()
	c := open(t)
	first := time.Date(2040+rand.IntN(5000), 5, 30, 23, 0, 0, 0, time.UTC) // a day that no other run has
	var users []app.ID
	for range 2000 {
		users = append(users, ids.New())
	}
	must(t, c.Active(t.Context(), first, users))
	must(t, c.Active(t.Context(), first, users[:1000])) // again
	must(t, c.Active(t.Context(), first.Add(2*time.Hour), users[:500]))
	must(t, c.Active(t.Context(), first.Add(26*time.Hour), users[:10]))
	for _, want := range []struct {
		at         time.Time
		day, month int64
	}{{first, 2000, 2000}, {first.Add(2 * time.Hour), 500, 2000}, {first.Add(26 * time.Hour), 10, 10}, {first.Add(90 * 24 * time.Hour), 0, 0}} {
		day, month, err := c.ActiveUsers(t.Context(), want.at)
		if err != nil || far(day, want.day) || far(month, want.month) {
			t.Errorf("%v: %d and %d, want %d and %d, %v", want.at, day, month, want.day, want.month, err)
		}
	}
}

// far is beyond what a HyperLogLog errs by.
func far(got, want int64) bool { return max(got-want, want-got) > want/25 }

func TestACacheThatIsAwayIsGivenUpAtOnceAndTakenUpAgain(t *testing.T) {
	t.Parallel()
	address := apptest.Current.Address()
	server, addr, err := apptest.Current.StartCache(t.Context(), address)
	must(t, err)
	c := redis.Open(redis.Config{Addrs: []string{addr}})
	defer c.Close()
	must(t, c.Wrote(t.Context(), ids.New()))
	must(t, syscall.Kill(server.PID(), syscall.SIGKILL))
	<-server.Done()
	begun := time.Now()
	for range 200 {
		if err := c.Wrote(t.Context(), ids.New()); !errors.Is(err, redis.ErrDown) {
			t.Fatalf("without a server: %v", err)
		}
	}
	if took := time.Since(begun); took > 2*time.Second {
		t.Errorf("200 calls without a server took %v", took)
	}
	if err := c.Ready(t.Context()); err == nil {
		t.Error("it is called ready")
	}
	_, _, err = apptest.Current.StartCache(t.Context(), address)
	must(t, err)
	apptest.Eventually(t, "it is taken up again", func() error { return c.Ready(t.Context()) })
	must(t, c.Wrote(t.Context(), ids.New()))
}

func TestNoCacheIsAlwaysAway(t *testing.T) {
	t.Parallel()
	c := redis.Open(redis.Config{})
	defer c.Close()
	if err := c.Wrote(t.Context(), ids.New()); !errors.Is(err, redis.ErrDown) {
		t.Error(err)
	}
}

func TestARotatedTokenIsRenewed(t *testing.T) {
	t.Parallel()
	server, addr, err := apptest.Current.StartCache(t.Context(), apptest.Current.Address())
	must(t, err)
	rotate := func(token string) {
		t.Helper()
		must(t, server.Client().ConfigSet(t.Context(), "requirepass", token).Err())
		must(t, server.Client().ClientKillByFilter(t.Context(), "TYPE", "normal", "SKIPME", "yes").Err())
	}
	var asked atomic.Int64
	secret := atomic.Value{}
	secret.Store("token-0")
	rotate("token-0")
	c := redis.Open(redis.Config{Addrs: []string{addr}, Token: "token-0", Renew: func(_ context.Context, refused string) (string, error) {
		asked.Add(1)
		return secret.Load().(string), nil
	}})
	defer c.Close()
	for i := 1; i <= 3; i++ {
		must(t, c.Wrote(t.Context(), ids.New()))
		secret.Store(fmt.Sprint("token-", i))
		rotate(fmt.Sprint("token-", i))
		must(t, c.Wrote(t.Context(), ids.New()))
	}
	if n := asked.Load(); n < 3 || n > 12 {
		t.Errorf("the secret was asked for %d times", n)
	}
	rotate("nobody knows")
	if err := c.Wrote(t.Context(), ids.New()); !errors.Is(err, redis.ErrDown) {
		t.Errorf("with a token that is refused for good: %v", err)
	}
	secret.Store("nobody knows")
	apptest.Eventually(t, "the secret has it", func() error { return c.Ready(t.Context()) })
}
