package e2e

import (
	"fmt"
	"maps"
	"math"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"newsfeed/localcloud/autoscaling"
	"newsfeed/localcloud/rds"
	"newsfeed/localcloud/serve"
)

// holding is what a region has of the strategy's table, infra/strategy.go.
type holding struct {
	database    string // role in the status
	cache       bool
	web, worker int    // desired instances; none: no group
	health      int    // status of the region's own /healthz/region
	page        string // what the answer to it holds
}

const none = -1

// full is a primary, whatever the strategy.
var full = holding{"primary", true, 2, 1, http.StatusOK, `"writing":true`}

// step is a change of the strategy and what it may add to and remove from
// Tokyo's stack: prefixes of names. Every prefix must be met.
type step struct {
	strategy       string
	tokyo          holding
	answers        string // the record that DNS chooses for the domain
	added, removed []string
}

// ran is what a region has more while instances run there: their ways out too.
var ran = []string{"cache-", "web-", "worker-", "alarms-",
	"network-nat-", "network-private-a-nat", "network-private-c-nat", "network-private-d-nat"}

// served is all that a region has more than backups and a page.
var served = append([]string{"database-", "edge-targets"}, ran...)

// walk covers both roles of every strategy in as few steps as there are
// strategies, upwards and downwards.
var walk = []step{
	{"active-active", holding{"replica", true, 2, 1, http.StatusOK, `"writing":false`}, "seoul",
		served, []string{"database-backups"}},
	{"pilot-light", holding{"replica", false, 0, 0, http.StatusServiceUnavailable, "awselb"}, "seoul PRIMARY",
		nil, ran},
	{"warm-standby", holding{"replica", true, 1, 1, http.StatusOK, `"writing":false`}, "seoul PRIMARY",
		ran, nil},
}

// TestStrategies begins with backups only, changes the strategy by config, and
// ends with a failover from the warm standby.
func TestStrategies(t *testing.T) {
	t.Parallel()
	c := newCloud(t)
	c.startServing()
	c.setStrategy("backup-restore")
	c.up()
	url, st := c.open(), c.status()
	mina, jun := signUp(t, url, "mina"), signUp(t, url, "jun")
	mina.befriend(jun)
	mina.post("before every change")
	c.holds("seoul", full)
	c.holds("tokyo", holding{"backups", false, none, none, http.StatusServiceUnavailable, "restoring"})
	primary := databaseOf(st, seoul)
	for _, to := range walk {
		t.Run("to "+to.strategy, func(t *testing.T) { c.on(t).change(to, jun) })
		if now := databaseOf(c.status(), seoul); now.PID != primary.PID || now.ID != primary.ID {
			t.Fatalf("the primary is %+v, was %+v", now, primary)
		}
	}
	t.Run("back to backups only is refused while the replica is protected", func(t *testing.T) {
		c := c.on(t)
		c.replace("tokyo", "strategy: .*", "strategy: backup-restore")
		out, err := c.run(time.Minute, "preview", "--stack", "tokyo")
		if err == nil || !strings.Contains(out, "database-instance") || !strings.Contains(out, "protect") {
			t.Errorf("preview: %v\n%s", err, out)
		}
		c.replace("tokyo", "strategy: .*", "strategy: warm-standby")
	})
	t.Run("failover from warm-standby", func(t *testing.T) { c.on(t).failover(mina, jun) })
}

// on is the same cloud for a test within the test.
func (c *aCloud) on(t *testing.T) *aCloud {
	within := *c
	within.t = t
	return &within
}

func (c *aCloud) setStrategy(strategy string) {
	c.t.Helper()
	for _, stack := range []string{"seoul", "tokyo"} {
		c.replace(stack, "strategy: .*", "strategy: "+strategy)
	}
}

// change takes one step of the walk.
func (c *aCloud) change(to step, reader *user) {
	c.t.Helper()
	before := c.declared()
	c.setStrategy(to.strategy)
	c.up()
	after := c.declared()
	c.only("added", missingIn(before, after), to.added)
	c.only("removed", missingIn(after, before), to.removed)
	for name, id := range before {
		if now, still := after[name]; still && now != id {
			c.t.Errorf("%s was replaced", name)
		}
	}
	c.holds("seoul", full)
	c.holds("tokyo", to.tokyo)
	eventually(c.t, 10*time.Second, "DNS chooses "+to.answers, func() error {
		if from, answers := c.answer(); from != to.answers {
			return fmt.Errorf("it chooses %q: %v", from, answers)
		}
		return nil
	})
	eventually(c.t, 5*time.Second, "the story is still in the feed", func() error { return reader.sees("before every change") })
	if to.tokyo.database == "replica" {
		eventually(c.t, 10*time.Second, "the replica follows", func() error {
			if db := databaseOf(c.status(), tokyo); db.Replication == nil || !db.Replication.Running {
				return fmt.Errorf("%+v", db)
			}
			return nil
		})
	}
	if to.strategy == "active-active" {
		reader.in(c, "tokyo").post("written in Tokyo, by the primary in Seoul")
	}
	if out := c.up("--stack", "tokyo"); !strings.Contains(out, "Nothing changed") {
		c.t.Errorf("a second up says:\n%s", out)
	}
}

// only wants every name to begin with one of the prefixes, and each of these to
// be met.
func (c *aCloud) only(what string, names, prefixes []string) {
	c.t.Helper()
	met := map[string]bool{}
	for _, name := range names {
		at := slices.IndexFunc(prefixes, func(prefix string) bool { return strings.HasPrefix(name, "tokyo/"+prefix) })
		if at < 0 {
			c.t.Errorf("%s %s, which the strategy does not say", what, name)
			continue
		}
		met[prefixes[at]] = true
	}
	for _, prefix := range prefixes {
		if !met[prefix] {
			c.t.Errorf("nothing %s begins with %s: %v", what, prefix, names)
		}
	}
}

// missingIn returns the names that are in b and not in a.
func missingIn(a, b map[string]string) []string {
	var names []string
	for _, name := range slices.Sorted(maps.Keys(b)) {
		if _, ok := a[name]; !ok {
			names = append(names, name)
		}
	}
	return names
}

// holds waits until a region has what it is to have.
func (c *aCloud) holds(stack string, want holding) {
	c.t.Helper()
	region := map[string]string{"seoul": seoul, "tokyo": tokyo}[stack]
	visitor := (&user{t: c.t}).in(c, stack)
	eventually(c.t, 45*time.Second, stack+" holds what its role and strategy say", func() error {
		st := c.status()
		got := holding{database: databaseOf(st, region).Role, web: desired(st, region, "web"), worker: desired(st, region, "worker")}
		for _, cache := range st.Caches {
			got.cache = got.cache || cache.Region == region && cache.Available
		}
		status, body, err := visitor.get("/healthz/region")
		if err != nil {
			return err
		}
		if got.health = status; strings.Contains(body, want.page) {
			got.page = want.page
		}
		// A group that had more than it must may keep them until scaling ends them.
		if got.web < want.web || want.web <= 0 && got.web != want.web || got.worker != want.worker {
			return fmt.Errorf("%+v, want %+v", got, want)
		}
		got.web = want.web
		if got != want {
			return fmt.Errorf("%+v, want %+v; page %s", got, want, body)
		}
		return settled(st, region)
	})
}

// settled says which group of a region is still on its way to its size, or to
// the newest launch template. Older instances may still be draining.
func settled(st *serve.Status, region string) error {
	for _, g := range st.Groups {
		if g.Region != region {
			continue
		}
		newest, oldest := 0, math.MaxInt
		for _, i := range g.Instances {
			newest = max(newest, i.Version)
			if i.State == autoscaling.InService {
				oldest = min(oldest, i.Version)
			}
		}
		drains := slices.ContainsFunc(g.Instances, func(i autoscaling.InstanceStatus) bool { return i.Version < oldest })
		if g.InService() != g.Desired || g.Rolling && (oldest != newest || !drains) && g.Desired > 0 {
			return fmt.Errorf("%s: %+v", g.Group, g)
		}
	}
	return nil
}

func desired(st *serve.Status, region, kind string) int {
	if g := groupOf(st, region, kind); g != nil {
		return g.Desired
	}
	return none
}

func databaseOf(st *serve.Status, region string) rds.Status {
	for _, db := range st.Databases {
		if db.Region == region {
			return db
		}
	}
	return rds.Status{}
}
