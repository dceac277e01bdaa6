package rds_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"newsfeed/localcloud/clock"
	"newsfeed/localcloud/cloud"
)

func refused(t *testing.T, what string, err error, words string) {
	t.Helper()
	if err == nil || !strings.Contains(err.Error(), words) {
		t.Errorf("%s: %v; want %q", what, err, words)
	}
}

// TestFailover fails a database over while a connection is open.
func TestFailover(t *testing.T) {
	t.Parallel()
	r := newRegions(t)
	r.pace = clock.DefaultPace // slow enough to be looked at
	r.open()
	db := r.database(seoul, "")
	if err := r.apply(db, nil); err != nil {
		t.Fatal(err)
	}
	refused(t, "failover in a single zone", r.service.Failover(seoul, "db"), "InvalidParameterCombination: "+
		"ForceFailover cannot be specified since the instance is not configured for either MultiAZ or High Availability")
	refused(t, "failover of none", r.service.Failover(tokyo, "db"), "DBInstanceNotFound")
	zones := with(db, map[string]any{"multiAz": true})
	if err := r.apply(zones, db); err != nil {
		t.Fatal(err)
	}
	open, before, began := hold(t, connect(t, db)), r.status(seoul), time.Now()
	if err := r.service.Failover(seoul, "db"); err != nil {
		t.Fatal(err)
	}
	if got := r.status(seoul).DBInstanceStatus; got != "rebooting" {
		t.Errorf("its status is %q while it fails over", got)
	}
	refused(t, "failover while it fails over", r.service.Failover(seoul, "db"),
		"InvalidDBInstanceState: Instance cannot currently reboot")
	r.becomes(seoul, "available")
	if took := time.Since(began); took < clock.New(r.pace).Local(time.Minute) {
		t.Errorf("it took %s here: less than 60 s of AWS", took)
	}
	after := r.status(seoul)
	if after.PID == before.PID || after.Endpoint != before.Endpoint || !after.Available {
		t.Errorf("it was %+v, is %+v", before, after)
	}
	if err := open.PingContext(t.Context()); err == nil {
		t.Error("a connection lives through a failover")
	}
	if err := connect(t, db).PingContext(t.Context()); err != nil {
		t.Errorf("a new connection after it: %v", err)
	}
}

// TestBackingUp promotes and modifies instances that are backing up.
func TestBackingUp(t *testing.T) {
	t.Parallel()
	r := newRegions(t)
	primary, replica := r.replicated()
	if err := r.service.Backup(tokyo, "db", time.Minute); err != nil {
		t.Fatal(err)
	}
	r.becomes(tokyo, "available")
	for _, region := range []string{seoul, tokyo} {
		if err := r.service.Backup(region, "db", 1000*time.Hour); err != nil {
			t.Fatal(err)
		}
		if st := r.status(region); st.DBInstanceStatus != "backing-up" || !st.Available {
			t.Errorf("while it is backing up it is %+v", st)
		}
	}
	const words = "InvalidDBInstanceState: Database instance is not in available state"
	password := with(primary, map[string]any{"password": "other"})
	tags := with(primary, map[string]any{"tags": map[string]any{"a": "b"}})
	promoted := with(replica, map[string]any{"replicateSourceDb": nil})
	refused(t, "promotion", r.service.Apply(t.Context(), promoted, replica), words)
	refused(t, "another password", r.service.Apply(t.Context(), password, primary), words)
	refused(t, "another backup", r.service.Backup(seoul, "db", time.Minute), "is not currently in the available state")
	if err := r.service.Apply(t.Context(), tags, primary); err != nil {
		t.Errorf("other tags: %v", err)
	}
	if r.status(tokyo).Replication == nil {
		t.Error("the refused promotion ended replication")
	}
	r.service.Close()
	r.open()
	for _, db := range []*cloud.Resource{primary, replica} {
		if err := r.apply(db, nil); err != nil {
			t.Fatal(err)
		}
	}
	if err := r.apply(promoted, replica); err != nil {
		t.Errorf("promotion when no backup is made any more: %v", err)
	}
}

// abandon applies a change and waits no longer once the instance has that status.
func (r *regions) abandon(next, old *cloud.Resource, status string) {
	r.t.Helper()
	ctx, cancel := context.WithCancel(r.t.Context())
	defer cancel()
	done := make(chan error, 1)
	go func() { done <- r.service.Apply(ctx, next, old) }()
	r.becomes(next.Region, status)
	cancel()
	if err := <-done; !errors.Is(err, context.Canceled) {
		r.t.Errorf("%s: it ended with %v", status, err)
	}
}

// TestSlow waits no longer for what takes AWS minutes, which goes on as on AWS.
func TestSlow(t *testing.T) {
	t.Parallel()
	r := newRegions(t)
	primary := r.database(seoul, "")
	r.put(with(primary, nil))
	r.service.Slow("create", 20*time.Minute)
	r.abandon(primary, nil, "creating")
	r.service.Slow("create", 0)
	r.put(primary)
	r.becomes(seoul, "available")

	r.service.Slow("modify", 10*time.Minute)
	r.abandon(with(primary, map[string]any{"password": "another word"}), primary, "modifying")
	r.becomes(seoul, "available")
	if err := connectAs(t, primary, "another word").PingContext(t.Context()); err != nil {
		t.Errorf("the new password: %v", err)
	}

	replica := r.database(tokyo, primary.String("arn"))
	if err := r.apply(replica, nil); err != nil {
		t.Fatal(err)
	}
	r.service.Slow("promote", 10*time.Minute)
	promoted := with(replica, map[string]any{"replicateSourceDb": nil})
	r.abandon(promoted, replica, "modifying")
	r.becomes(tokyo, "available")
	before := r.pid(tokyo)
	if err := r.apply(promoted, replica); err != nil {
		t.Errorf("the next run: %v", err)
	}
	if r.pid(tokyo) != before {
		t.Error("what was promoted is promoted again")
	}
	if _, err := connectAs(t, promoted, "another word").Exec("CREATE TABLE written (id INT)"); err != nil {
		t.Errorf("a write: %v", err)
	}
}
