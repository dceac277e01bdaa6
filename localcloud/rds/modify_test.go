package rds_test

import (
	"context"
	"database/sql"
	"fmt"
	"maps"
	"testing"

	"newsfeed/localcloud/cloud"
	"newsfeed/localcloud/rds"
)

// with is db as a program declares it next: with other values; nil is without.
func with(db *cloud.Resource, values map[string]any) *cloud.Resource {
	next := *db
	next.Inputs, next.Outputs = maps.Clone(db.Inputs), maps.Clone(db.Outputs)
	for key, value := range values {
		next.Inputs[key], next.Outputs[key] = value, value
		if value == nil {
			delete(next.Inputs, key)
			delete(next.Outputs, key)
		}
	}
	return &next
}

// hold is one connection that is open.
func hold(t *testing.T, pool *sql.DB) *sql.Conn {
	t.Helper()
	conn, err := pool.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn
}

// replicated is a primary with a row and a replica in the other region that has it.
func (r *regions) replicated() (primary, replica *cloud.Resource) {
	r.t.Helper()
	primary = r.database(seoul, "")
	if err := r.apply(primary, nil); err != nil {
		r.t.Fatal(err)
	}
	for _, statement := range []string{"CREATE TABLE t (id INT PRIMARY KEY)", "INSERT INTO t VALUES (1)"} {
		if _, err := connect(r.t, primary).Exec(statement); err != nil {
			r.t.Fatal(err)
		}
	}
	replica = r.database(tokyo, primary.String("arn"))
	if err := r.apply(replica, nil); err != nil {
		r.t.Fatal(err)
	}
	pool := connect(r.t, replica)
	eventually(r.t, "the replica has the row", func() error { return rows(pool, 1) })
	return primary, replica
}

// status is how the database in region does.
func (r *regions) status(region string) rds.Status {
	r.t.Helper()
	for _, st := range r.service.Status(r.t.Context()) {
		if st.Region == region {
			return st
		}
	}
	r.t.Fatalf("no database in %s", region)
	return rds.Status{}
}

func (r *regions) pid(region string) int {
	r.t.Helper()
	return r.status(region).PID
}

// becomes waits for a DBInstanceStatus.
func (r *regions) becomes(region, want string) {
	r.t.Helper()
	eventually(r.t, "it becomes "+want, func() error {
		if got := r.status(region).DBInstanceStatus; got != want {
			return fmt.Errorf("it is %q", got)
		}
		return nil
	})
}

// TestPromotionReboots promotes a replica while its password, its zones and its
// backup window change.
func TestPromotionReboots(t *testing.T) {
	t.Parallel()
	r := newRegions(t)
	_, replica := r.replicated()
	open, before := hold(t, connect(t, replica)), r.pid(tokyo)
	promoted := with(replica, map[string]any{"replicateSourceDb": nil, "password": "another word",
		"multiAz": true, "backupWindow": "16:00-17:00", "applyImmediately": true})
	if err := r.apply(promoted, replica); err != nil {
		t.Fatalf("promote: %v", err)
	}
	if err := open.PingContext(t.Context()); err == nil {
		t.Error("a connection from before the promotion is still open")
	}
	if r.pid(tokyo) == before {
		t.Errorf("process %d went on through the promotion: mariadbd was not rebooted", before)
	}
	pool := connectAs(t, promoted, "another word")
	if _, err := pool.Exec("INSERT INTO t VALUES (2)"); err != nil {
		t.Errorf("a write with the new password after the promotion: %v", err)
	}
	if promoted.String("endpoint") != replica.String("endpoint") {
		t.Errorf("its endpoint was %s, is %s", replica.String("endpoint"), promoted.String("endpoint"))
	}
}

// TestOutages changes an instance and looks whether a connection lives through it.
func TestOutages(t *testing.T) {
	t.Parallel()
	r := newRegions(t)
	db := with(r.database(seoul, ""), map[string]any{
		"instanceClass": "db.m7g.large", "allocatedStorage": 100., "applyImmediately": true})
	if err := r.apply(db, nil); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		when    string
		changes map[string]any
		cut     bool
	}{
		{"a larger class of a single-zone instance", map[string]any{"instanceClass": "db.m7g.xlarge"}, true},
		{"more storage", map[string]any{"allocatedStorage": 200.}, false},
		{"a second zone", map[string]any{"multiAz": true}, false},
		{"a larger class of a Multi-AZ instance", map[string]any{"instanceClass": "db.m7g.2xlarge"}, true},
		{"other tags", map[string]any{"tags": map[string]any{"Name": "other"}}, false},
		{"a class that waits for the window",
			map[string]any{"instanceClass": "db.m7g.large", "applyImmediately": false}, false},
	} {
		open, next := hold(t, connect(t, db)), with(db, test.changes)
		if err := r.apply(next, db); err != nil {
			t.Fatalf("%s: %v", test.when, err)
		}
		if err := open.PingContext(t.Context()); (err != nil) != test.cut {
			t.Errorf("%s: an open connection: %v; is to be cut: %t", test.when, err, test.cut)
		}
		if err := connect(t, next).PingContext(t.Context()); err != nil {
			t.Errorf("%s: a new connection: %v", test.when, err)
		}
		db = next
	}
}

// global reads a server variable.
func global(ctx context.Context, pool *sql.DB, name string) (value string) {
	if err := pool.QueryRowContext(ctx, "SELECT @@GLOBAL."+name).Scan(&value); err != nil {
		return fmt.Sprint(err)
	}
	return value
}
