package e2e

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"newsfeed/localcloud/serve"
)

// TestRestore keeps nothing but backups in Tokyo. It rotates both secrets under
// load, then loses Seoul and restores the database from what was shipped.
func TestRestore(t *testing.T) {
	t.Parallel()
	c := newCloud(t)
	c.startServing()
	c.setStrategy("backup-restore")
	c.up()
	url := c.open()
	mina, jun := signUp(t, url, "mina"), signUp(t, url, "jun")
	mina.befriend(jun)
	t.Run("rotated secrets reach who uses them, and no request fails", func(t *testing.T) { c.on(t).rotate(mina, jun) })
	t.Run("failover from backups", func(t *testing.T) { c.on(t).failover(mina, jun) })
}

// rotate draws both secrets anew while two users post and read.
func (c *aCloud) rotate(mina, jun *user) {
	t := c.t
	t.Helper()
	before := c.status()
	drawn := map[string]string{"database": "password", "cache": "token"} // by secret, the field that is drawn
	old := map[string]string{}
	for kind, field := range drawn {
		old[kind] = fieldOf(t, before, seoul, kind, field)
	}
	for _, key := range []string{"databasePassword", "cacheToken"} {
		c.must("rotate", key)
	}
	stop := underLoad(t, mina, jun)
	out := c.up()
	st := c.status()
	for kind, field := range drawn {
		is := fieldOf(t, st, seoul, kind, field)
		if is == old[kind] {
			t.Errorf("the %s of the %s is the old one", field, kind)
		}
		if strings.Contains(out, old[kind]) || strings.Contains(out, is) {
			t.Errorf("up shows the %s", field)
		}
	}
	if db := databaseOf(st, seoul); db.PID != databaseOf(before, seoul).PID || st.Caches[0].PID != before.Caches[0].PID {
		t.Errorf("the database or the cache was restarted: %+v %+v", db, st.Caches[0])
	}
	c.reconnect(st)
	stop()
	mina.post("after the rotation")
	// A worker that lost its connections gets a message again when it is visible again.
	eventually(t, time.Minute, "a story by new connections is in the feed", func() error { return jun.sees("after the rotation") })
}

// fieldOf is one field of a region's secret. A region with nothing but backups has
// no value in either: it connects to nothing.
func fieldOf(t *testing.T, st *serve.Status, region, kind, field string) string {
	t.Helper()
	var fields map[string]string
	if err := json.Unmarshal([]byte(secretOf(t, st, region, kind)), &fields); err != nil {
		t.Fatal(err)
	}
	if fields[field] == "" {
		t.Fatalf("the %s secret has no %s", kind, field)
	}
	return fields[field]
}

// reconnect ends every connection of the app: it has to make new ones, with
// the new secrets.
func (c *aCloud) reconnect(st *serve.Status) {
	c.t.Helper()
	db := database(c.t, st, seoul)
	rows, err := db.Query("SELECT id FROM information_schema.processlist WHERE user = 'newsfeed' AND id <> CONNECTION_ID() AND command = 'Sleep'")
	if err != nil {
		c.t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var id int
		if err := rows.Scan(&id); err != nil {
			c.t.Fatal(err)
		}
		db.Exec(fmt.Sprintf("KILL %d", id)) // one that ended meanwhile is no error
	}
	cache := redis.NewClient(&redis.Options{Addr: st.Caches[0].Endpoint, Password: fieldOf(c.t, st, seoul, "cache", "token"), TLSConfig: &tls.Config{InsecureSkipVerify: true}})
	defer cache.Close()
	if err := cache.ClientKillByFilter(context.Background(), "TYPE", "normal", "SKIPME", "yes").Err(); err != nil {
		c.t.Fatal(err)
	}
}

// underLoad has one user post and another read until stop, which fails the test
// if any request failed.
func underLoad(t *testing.T, writer, reader *user) (stop func()) {
	var requests, failures atomic.Int64
	ctx, cancel := context.WithCancel(context.Background())
	var loops sync.WaitGroup
	loop := func(pause time.Duration, want int, request func() (int, error)) {
		loops.Go(func() {
			for tick := time.NewTicker(pause); ctx.Err() == nil; <-tick.C {
				requests.Add(1)
				if status, err := request(); err != nil || status != want {
					failures.Add(1)
					t.Logf("request failed: %d %v", status, err)
				}
			}
		})
	}
	// Below the limits of a session: 600 reads and 120 writes a minute.
	loop(150*time.Millisecond, http.StatusOK, func() (int, error) { return reader.do("GET", "/v1/feed", nil, nil) })
	loop(time.Second, http.StatusCreated, func() (int, error) {
		return writer.do("POST", "/v1/stories", map[string]any{"kind": "text", "body": "meanwhile"}, nil)
	})
	end := func() {
		cancel()
		loops.Wait()
	}
	t.Cleanup(end)
	return func() {
		t.Helper()
		end()
		t.Logf("%d requests meanwhile, %d failed", requests.Load(), failures.Load())
		if failures.Load() > 0 {
			t.Errorf("%d of %d requests failed", failures.Load(), requests.Load())
		}
	}
}
