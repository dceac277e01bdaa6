package provider_test

import (
	"context"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"newsfeed/localcloud/clock"
	"newsfeed/localcloud/cloud"
	"newsfeed/localcloud/provider"
)

// slow is a body that takes its time on AWS.
type slow struct {
	clock *clock.Clock
	takes atomic.Int64 // of AWS
}

func (s *slow) Apply(ctx context.Context, _, _ *cloud.Resource) error {
	return s.clock.Sleep(ctx, time.Duration(s.takes.Load()))
}
func (s *slow) Remove(ctx context.Context, _ *cloud.Resource) error {
	return s.clock.Sleep(ctx, time.Duration(s.takes.Load()))
}

// TestTimeouts makes, changes and deletes what takes longer than the provider
// waits: AWS goes on, and what the state has of it differs by type.
func TestTimeouts(t *testing.T) {
	t.Parallel()
	const (
		databaseType, cacheType = "aws:rds/instance:Instance", "aws:elasticache/replicationGroup:ReplicationGroup"
		day                     = 24 * time.Hour
	)
	database := func(opts ...pulumi.ResourceOption) pulumi.RunFunc {
		return declare(databaseType, pulumi.Map{"instanceClass": str("db.t4g.medium"), "identifier": str("db"),
			"skipFinalSnapshot": pulumi.Bool(true)}, opts...)
	}
	cache := func(description string) pulumi.RunFunc {
		return declare(cacheType, pulumi.Map{"description": str(description), "replicationGroupId": str("c")})
	}
	nothing := func(*pulumi.Context) error { return nil }
	atOnce := pulumi.Timeouts(&pulumi.CustomTimeouts{Create: "5m"})
	type step struct {
		takes   time.Duration
		program pulumi.RunFunc
		want    string // of the error; "" if there is none
		does    string // to the resource
	}
	for sentence, steps := range map[string][]step{
		"a database within its 40 minutes is made": {{30 * time.Minute, database(), "", "create"}},
		"one that takes longer is orphaned: it is there, and in no state": {
			{day, database(), "waiting for RDS DB Instance (db) create: timeout while waiting for state to become 'available' " +
				"(timeout: 40m0s)", "create"},
			{0, database(), "DBInstanceAlreadyExists", "create"}},
		"the program may wait for less": {{10 * time.Minute, database(atOnce), "(timeout: 5m0s)", "create"}},
		"a cache that takes longer than 60 minutes is in the state, and gone on with": {
			{day, cache("a"), "waiting for ElastiCache Replication Group (c) create: timeout", "create"},
			{0, cache("a"), "", "update"}},
		"a change of it may take 40 minutes": {
			{0, cache("a"), "", "create"},
			{50 * time.Minute, cache("b"), "waiting for ElastiCache Replication Group (c) update: timeout", "update"},
			{0, cache("b"), "", "update"}},
		"so may its end": {
			{0, cache("a"), "", "create"},
			{50 * time.Minute, nothing, "waiting for ElastiCache Replication Group (c) delete: timeout", "delete"},
			{0, nothing, "", "delete"}},
	} {
		t.Run(sentence, func(t *testing.T) {
			t.Parallel()
			fast := clock.New(3600) // an hour a second
			body := &slow{clock: fast}
			e := newEngine(t, map[string]cloud.Body{databaseType: body, cacheType: body}, provider.WithClock(fast, 0))
			for _, s := range steps {
				body.takes.Store(int64(s.takes))
				ops, err := e.up(s.program)
				if (err != nil) != (s.want != "") || err != nil && !strings.Contains(err.Error(), s.want) {
					t.Errorf("error %v, want one that says %q", err, s.want)
				}
				if got := strings.Join(ops["it"], " "); got != s.does {
					t.Errorf("the engine does %q, want %q", got, s.does)
				}
			}
		})
	}
}

// crowd is a group that has as many instances as the test says.
type crowd struct {
	described
	healthy atomic.Int64
}

func (c *crowd) Healthy(*cloud.Resource) (inGroup, balanced int) {
	n := int(c.healthy.Load())
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
	const groupType = "aws:autoscaling/group:Group"
	group := func(smallest int, more pulumi.Map) pulumi.RunFunc {
		in := pulumi.Map{"name": str("g"), "minSize": num(smallest), "maxSize": num(9), "vpcZoneIdentifiers": list("a"),
			"launchTemplate": pulumi.Map{"id": str("lt-1")}}
		for key, value := range more {
			in[key] = value
		}
		return declare(groupType, in, pulumi.IgnoreChanges([]string{"desiredCapacity"}))
	}
	for sentence, tt := range map[string]struct {
		began     pulumi.RunFunc
		beganWith int
		then      pulumi.RunFunc
		with      int
		want      string
	}{
		"a new group is waited for until it has enough": {began: group(2, nil), beganWith: 1,
			want: "want at least 2 healthy instance(s) in Auto Scaling Group, have 1"},
		"more than enough will do": {began: group(2, nil), beganWith: 5},
		"a raised minimum waits for exactly that": {group(2, nil), 2, group(3, nil), 4,
			"want exactly 3 healthy instance(s) in Auto Scaling Group, have 4"},
		"and is there when it is": {group(2, nil), 2, group(3, nil), 3, ""},
		"the desired capacity of the state counts, whatever scaling has made of it": {group(2, pulumi.Map{"desiredCapacity": num(5)}), 5,
			group(3, pulumi.Map{"desiredCapacity": num(5)}), 3, "want exactly 5 healthy instance(s) in Auto Scaling Group, have 3"},
		"another change waits for nothing": {group(2, nil), 2, group(2, pulumi.Map{"healthCheckGracePeriod": num(9)}), 7, ""},
		"nor does one that says so":        {group(2, nil), 2, group(3, pulumi.Map{"waitForCapacityTimeout": str("0")}), 7, ""},
	} {
		t.Run(sentence, func(t *testing.T) {
			t.Parallel()
			body := &crowd{}
			e := newEngine(t, map[string]cloud.Body{groupType: body}, provider.WithClock(clock.New(3600), 0))
			body.healthy.Store(int64(tt.beganWith))
			_, err := e.up(tt.began)
			if tt.then != nil && err == nil {
				body.healthy.Store(int64(tt.with))
				_, err = e.up(tt.then)
			}
			if (err != nil) != (tt.want != "") || err != nil && !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %v, want one that says %q", err, tt.want)
			}
		})
	}
}

// What AWS only schedules to delete keeps its name, and is in nobody's way else.
func TestDeletesThatAreScheduled(t *testing.T) {
	t.Parallel()
	const secretType, keyType = "aws:secretsmanager/secret:Secret", "aws:kms/key:Key"
	secret := func(days int) pulumi.RunFunc {
		return program(func(d *resources) {
			d.add("secret", secretType, pulumi.Map{"name": str("s"), "recoveryWindowInDays": num(days)})
			d.add("key", keyType, pulumi.Map{"deletionWindowInDays": num(7)})
		})
	}
	for sentence, tt := range map[string]struct {
		days int
		want string
		left int
	}{
		"a secret's name is taken until its window ends": {7, "already scheduled for deletion", 2},
		"without a window it is free at once":            {0, "", 1},
	} {
		t.Run(sentence, func(t *testing.T) {
			t.Parallel()
			e := newEngine(t, nil)
			for _, program := range []pulumi.RunFunc{secret(tt.days), func(*pulumi.Context) error { return nil }} {
				if _, err := e.up(program); err != nil {
					t.Fatal(err)
				}
			}
			left := e.store.All()
			if len(left) != tt.left || len(e.store.List(keyType)) > 0 {
				t.Errorf("%d records are left, want %d, none of them a key: %v", len(left), tt.left, left)
			}
			_, err := e.up(secret(tt.days))
			if (err != nil) != (tt.want != "") || err != nil && !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %v, want one that says %q", err, tt.want)
			}
		})
	}
}
