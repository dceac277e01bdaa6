package e2e

import (
	"fmt"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"newsfeed/localcloud/rds"
)

// drills names an environment variable: set, the failovers run that 'go test'
// leaves out for the time they take.
const drills = "NEWSFEED_DRILLS"

// TestFailover is what TestStrategies and TestRestore end with, for the other
// strategies.
func TestFailover(t *testing.T) {
	if os.Getenv(drills) == "" {
		t.Skip("set " + drills + "=all to fail over from pilot-light and active-active too")
	}
	for _, strategy := range []string{"pilot-light", "active-active"} {
		t.Run("from "+strategy, func(t *testing.T) {
			t.Parallel()
			c := newCloud(t)
			c.startServing()
			c.setStrategy(strategy)
			c.up()
			url := c.open()
			mina, jun := signUp(t, url, "mina"), signUp(t, url, "jun")
			mina.befriend(jun)
			c.failover(mina, jun)
		})
	}
}

// failover takes Seoul's power away, promotes Tokyo without it, and gives the
// power back to a Seoul that thinks it is the primary.
func (c *aCloud) failover(mina, jun *user) {
	t := c.t
	t.Helper()
	mina.post("the last before the dark")
	before, replica := c.declared(), databaseOf(c.status(), tokyo)
	if replica.Role == "replica" {
		c.caughtUp()
	}
	dark := time.Now()
	c.must("region", seoul, "--dark")
	moved := c.watchDNS(tokyo, dark)
	c.replace("tokyo", "role: .*", "role: primary")
	out := c.up("--stack", "tokyo")
	t.Logf("role change: %s after the dark", time.Since(dark).Round(100*time.Millisecond))
	c.promoted(before, replica, out)
	c.takeLease(dark)
	c.holds("tokyo", full)
	t.Logf("Tokyo writes at full size %s after the dark", time.Since(dark).Round(100*time.Millisecond))
	t.Logf("DNS had moved %s after it", (<-moved).Round(100*time.Millisecond))
	eventually(t, 15*time.Second, "the earlier story is there", func() error { return jun.sees("the last before the dark") })
	mina.post("through the front door")
	mina.in(c, "tokyo").post("through Tokyo's name")
	for _, story := range []string{"through the front door", "through Tokyo's name"} {
		eventually(t, 5*time.Second, "a new story is in the feed", func() error { return jun.sees(story) })
	}
	c.fenced(mina, jun)
	mina.post("after Seoul is back")
	eventually(t, 5*time.Second, "and still", func() error { return jun.sees("after Seoul is back") })
}

// promoted checks what the role change did: nothing with data is new or gone,
// the database is the same instance, which a promotion reboots, and Seoul's API was
// not needed.
func (c *aCloud) promoted(before map[string]string, replica rds.Status, out string) {
	c.t.Helper()
	after := c.declared()
	for _, name := range missingIn(after, before) {
		if !strings.HasPrefix(name, "tokyo/alarms-database-repl") { // a primary has no lag
			c.t.Errorf("%s is gone", name)
		}
	}
	for name, id := range before {
		if now, still := after[name]; still && now != id {
			c.t.Errorf("%s was replaced", name)
		}
	}
	st := c.status()
	switch db := databaseOf(st, tokyo); {
	case db.Role != "primary" || db.Replication != nil:
		c.t.Errorf("Tokyo's database is %+v", db)
	case replica.Role == "replica" && (db.ID != replica.ID || db.Endpoint != replica.Endpoint):
		c.t.Errorf("the replica was %+v, the primary is %+v", replica, db)
	}
	if len(st.Regions) != 1 || st.Regions[0].Region != seoul || st.Regions[0].Refused != 0 {
		c.t.Errorf("the role change called Seoul's API: %+v\n%s", st.Regions, out)
	}
}

// takeLease makes Tokyo the writer, as the failover command does, and tells how
// old the newest write is that got there.
func (c *aCloud) takeLease(dark time.Time) {
	c.t.Helper()
	db := database(c.t, c.status(), tokyo)
	var beat int64
	if err := db.QueryRow("SELECT at FROM heartbeat WHERE one = 1").Scan(&beat); err != nil {
		c.t.Fatal(err)
	}
	c.t.Logf("the last heartbeat of the primary in Tokyo is %s older than the dark", dark.Sub(time.UnixMilli(beat)).Round(time.Millisecond))
	eventually(c.t, 10*time.Second, "the lease is taken", func() error {
		_, err := db.Exec("UPDATE region_lease SET epoch = epoch + 1, writer = ?, since = CURRENT_TIMESTAMP(3)", tokyo)
		return err
	})
}

// fenced gives Seoul its power back. It must see that Tokyo writes under a
// higher epoch, and take no write from the first moment on: the impatient user
// tries all the time, until the limit of a session.
func (c *aCloud) fenced(u, impatient *user) {
	t := c.t
	t.Helper()
	stop, stopped := make(chan struct{}), make(chan struct{})
	there, trying := u.in(c, "seoul"), impatient.in(c, "seoul")
	go func() {
		defer close(stopped)
		for tick := time.NewTicker(50 * time.Millisecond); ; {
			select {
			case <-stop:
				tick.Stop()
				return
			case <-tick.C:
			}
			status, _ := trying.do("POST", "/v1/stories", map[string]any{"kind": "text", "body": "split"}, nil)
			if status == http.StatusCreated {
				t.Error("Seoul took a write that Tokyo does not have")
				return
			}
		}
	}()
	began := time.Now()
	c.must("region", seoul, "--up")
	eventually(t, 30*time.Second, "Seoul is fenced", func() error {
		status, body, err := there.get("/healthz/region")
		if err == nil && (status != http.StatusServiceUnavailable || !strings.Contains(body, "stale")) {
			err = fmt.Errorf("%d %s", status, body)
		}
		return err
	})
	t.Logf("Seoul is back and fenced after %s", time.Since(began).Round(100*time.Millisecond))
	if status, err := there.do("POST", "/v1/stories", map[string]any{"kind": "text", "body": "split"}, nil); status != http.StatusServiceUnavailable {
		t.Errorf("a write in Seoul: %d %v", status, err)
	}
	if db := databaseOf(c.status(), seoul); !db.Available {
		t.Errorf("Seoul's database is %+v", db)
	}
	close(stop)
	<-stopped
	if from, answers := c.answer(); !strings.HasPrefix(from, "tokyo") {
		t.Errorf("DNS answers %q: %v", from, answers)
	}
}

// caughtUp waits until Tokyo's replica has every story of the primary.
func (c *aCloud) caughtUp() {
	c.t.Helper()
	st := c.status()
	count := func(region string) (n int, err error) {
		return n, database(c.t, st, region).QueryRow("SELECT COUNT(*) FROM stories").Scan(&n)
	}
	want, err := count(seoul)
	if err != nil {
		c.t.Fatal(err)
	}
	eventually(c.t, 5*time.Second, "the replica has every story", func() error {
		if got, err := count(tokyo); err != nil || got < want {
			return fmt.Errorf("%d of %d: %w", got, want, err)
		}
		return nil
	})
}

// watchDNS tells how long after began DNS answered with a region's balancer.
func (c *aCloud) watchDNS(region string, began time.Time) <-chan time.Duration {
	var balancer []string
	for _, b := range c.status().Balancers {
		for _, addr := range b.Addresses {
			if b.Region == region {
				balancer = append(balancer, addr.String())
			}
		}
	}
	moved := make(chan time.Duration, 1)
	go func() {
		for time.Since(began) < 2*time.Minute {
			if addrs, err := c.lookup(c.serve.Domain); err == nil && slices.Contains(balancer, addrs[0].String()) {
				break
			}
			time.Sleep(100 * time.Millisecond) // between two looks at the condition
		}
		moved <- time.Since(began)
	}()
	return moved
}
