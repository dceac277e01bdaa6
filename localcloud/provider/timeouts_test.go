package provider_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"newsfeed/localcloud/clock"
	"newsfeed/localcloud/cloud"
	"newsfeed/localcloud/provider"
)

// perRow is a number that each row of a table sets for its own resources.
type perRow struct {
	mu  sync.Mutex
	all map[string]int64
}

func (p *perRow) set(row string, n int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.all == nil {
		p.all = map[string]int64{}
	}
	p.all[row] = n
}

func (p *perRow) of(r *cloud.Resource) int64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.all[rowOf(r.URN)]
}

// slow is a body that takes its time on AWS.
type slow struct {
	clock *clock.Clock
	takes perRow // of AWS, as time.Duration
}

func (s *slow) Apply(ctx context.Context, r, _ *cloud.Resource) error {
	return s.clock.Sleep(ctx, time.Duration(s.takes.of(r)))
}
func (s *slow) Remove(ctx context.Context, r *cloud.Resource) error {
	return s.clock.Sleep(ctx, time.Duration(s.takes.of(r)))
}

// TestTimeouts makes, changes and deletes what takes longer than the provider
// waits: AWS goes on, and what the state has of it differs by type.
func TestTimeouts(t *testing.T) {
	t.Parallel()
	const (
		cacheType = "aws:elasticache/replicationGroup:ReplicationGroup"
		day       = 24 * time.Hour
	)
	instance := func(opts ...pulumi.ResourceOption) part {
		return one(instanceType, func(d *resources) pulumi.Map { return database(d, nil) }, opts...)
	}
	cache := func(description string) part {
		return one(cacheType, func(d *resources) pulumi.Map {
			return pulumi.Map{"description": str(description), "replicationGroupId": str(d.own("c"))}
		})
	}
	atOnce := pulumi.Timeouts(&pulumi.CustomTimeouts{Create: "5m"})
	type step struct {
		takes time.Duration
		turn
	}
	steps := map[string][]step{
		"a database within its 40 minutes is made": {{30 * time.Minute, turn{instance(), "", "create"}}},
		"one that takes longer is orphaned: it is there, and in no state": {
			{day, turn{instance(), "waiting for RDS DB Instance (db) create: timeout while waiting for state to become 'available' " +
				"(timeout: 40m0s)", "create"}},
			{0, turn{instance(), "DBInstanceAlreadyExists", "create"}}},
		"the program may wait for less": {{10 * time.Minute, turn{instance(atOnce), "(timeout: 5m0s)", "create"}}},
		"a cache that takes longer than 60 minutes is in the state, and gone on with": {
			{day, turn{cache("a"), "waiting for ElastiCache Replication Group (c) create: timeout", "create"}},
			{0, turn{cache("a"), "", "update"}}},
		"a change of it may take 40 minutes": {
			{0, turn{cache("a"), "", "create"}},
			{50 * time.Minute, turn{cache("b"), "waiting for ElastiCache Replication Group (c) update: timeout", "update"}},
			{0, turn{cache("b"), "", "update"}}},
		"so may its end": {
			{0, turn{cache("a"), "", "create"}},
			{50 * time.Minute, turn{nothing, "waiting for ElastiCache Replication Group (c) delete: timeout", "delete"}},
			{0, turn{nothing, "", "delete"}}},
	}
	rows := map[string][]turn{}
	for row, all := range steps {
		for _, s := range all {
			rows[row] = append(rows[row], s.turn)
		}
	}
	fast := clock.New(3600) // an hour a second
	body := &slow{clock: fast}
	e := newEngine(t, map[string]cloud.Body{instanceType: body, cacheType: body}, provider.WithClock(fast, 0))
	e.take(rows, func(row string, turn int) { body.takes.set(row, int64(steps[row][turn].takes)) })
}

// crowd is a group that has as many instances as its row says.
type crowd struct {
	described
	healthy perRow
}

func (c *crowd) Healthy(r *cloud.Resource) (inGroup, balanced int) {
	n := int(c.healthy.of(r))
	return n, n
}

// described is a body without a life.
type described struct{}

func (described) Apply(context.Context, *cloud.Resource, *cloud.Resource) error { return nil }
func (described) Remove(context.Context, *cloud.Resource) error                 { return nil }

// TestCapacity raises groups whose instances are more or fewer than the provider
// waits for.
func TestCapacity(t *testing.T) {
	t.Parallel()
	group := func(smallest int, more pulumi.Map) part {
		return one(groupType, func(d *resources) pulumi.Map {
			in := pulumi.Map{"name": str(d.own("g")), "minSize": num(smallest), "maxSize": num(9), "vpcZoneIdentifiers": list("a"),
				"launchTemplate": pulumi.Map{"id": str("lt-1")}}
			for key, value := range more {
				in[key] = value
			}
			return in
		}, pulumi.IgnoreChanges([]string{"desiredCapacity"}))
	}
	five := pulumi.Map{"desiredCapacity": num(5)}
	type step struct {
		group   part
		healthy int64
		want    string
	}
	steps := map[string][]step{
		"a new group is waited for until it has enough": {
			{group(2, nil), 1, "want at least 2 healthy instance(s) in Auto Scaling Group, have 1"}},
		"more than enough will do": {{group(2, nil), 5, ""}},
		"a raised minimum waits for exactly that": {{group(2, nil), 2, ""},
			{group(3, nil), 4, "want exactly 3 healthy instance(s) in Auto Scaling Group, have 4"}},
		"and is there when it is": {{group(2, nil), 2, ""}, {group(3, nil), 3, ""}},
		"the desired capacity of the state counts, whatever scaling has made of it": {{group(2, five), 5, ""},
			{group(3, five), 3, "want exactly 5 healthy instance(s) in Auto Scaling Group, have 3"}},
		"another change waits for nothing": {{group(2, nil), 2, ""}, {group(2, pulumi.Map{"healthCheckGracePeriod": num(9)}), 7, ""}},
		"nor does one that says so":        {{group(2, nil), 2, ""}, {group(3, pulumi.Map{"waitForCapacityTimeout": str("0")}), 7, ""}},
	}
	rows := map[string][]turn{}
	for row, all := range steps {
		for _, s := range all {
			rows[row] = append(rows[row], turn{declares: s.group, want: s.want})
		}
	}
	body := &crowd{}
	e := newEngine(t, map[string]cloud.Body{groupType: body}, provider.WithClock(clock.New(3600), 0))
	e.take(rows, func(row string, turn int) { body.healthy.set(row, steps[row][turn].healthy) })
}

// What AWS only schedules to delete keeps its name, and is in nobody's way else.
func TestDeletesThatAreScheduled(t *testing.T) {
	t.Parallel()
	const secretType, keyType = "aws:secretsmanager/secret:Secret", "aws:kms/key:Key"
	secret := func(days int) part {
		return func(d *resources) {
			d.add("it", secretType, pulumi.Map{"name": str(d.own("s")), "recoveryWindowInDays": num(days)})
			d.add("key", keyType, pulumi.Map{"deletionWindowInDays": num(7)})
		}
	}
	const window, none = "a secret's name is taken until its window ends", "without a window it is free at once"
	e := newEngine(t, nil)
	e.take(map[string][]turn{
		window: {{declares: secret(7)}, {declares: nothing}, {declares: secret(7), want: "already scheduled for deletion"}},
		none:   {{declares: secret(0)}, {declares: nothing}, {declares: secret(0)}},
	}, func(row string, turn int) {
		if turn < 2 {
			return
		}
		left := 0
		for _, r := range e.store.All() {
			if rowOf(r.URN) == row {
				left++
			}
		}
		if want := map[string]int{window: 2, none: 1}[row]; left != want || len(e.store.List(keyType)) > 0 {
			t.Errorf("%s: %d records are left, want %d, none of them a key", row, left, want)
		}
	})
}
