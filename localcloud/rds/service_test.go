package rds_test

import (
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/go-sql-driver/mysql"

	"newsfeed/localcloud/acm"
	"newsfeed/localcloud/clock"
	"newsfeed/localcloud/cloud"
	"newsfeed/localcloud/rds"
)

const (
	seoul, tokyo = "ap-northeast-2", "ap-northeast-1"
	instance     = "aws:rds/instance:Instance"
)

// regions is two regions with a data subnet each, on a block of the test's own.
type regions struct {
	t       *testing.T
	dir     string
	store   *cloud.Store
	service *rds.Service
	pace    float64
}

func newRegions(t *testing.T) *regions {
	t.Helper()
	r := &regions{t: t, dir: t.TempDir(), pace: 600} // a minute of AWS is 0.1 s
	var err error
	if r.store, err = cloud.OpenStore(r.dir + "/records"); err != nil {
		t.Fatal(err)
	}
	block := 241 + rand.IntN(10) // other packages' tests use lower ones
	for i, region := range []string{seoul, tokyo} {
		r.put(&cloud.Resource{Type: "aws:ec2/subnet:Subnet", ID: "subnet", Region: region,
			Outputs: map[string]any{"cidrBlock": fmt.Sprintf("10.%d.%d.0/24", block, 16*rand.IntN(8)+i)}})
		r.put(&cloud.Resource{Type: "aws:rds/subnetGroup:SubnetGroup", ID: "group", Region: region,
			Outputs: map[string]any{"subnetIds": []any{"subnet"}}})
		r.put(&cloud.Resource{Type: "aws:rds/parameterGroup:ParameterGroup", ID: "parameters", Region: region,
			Outputs: map[string]any{"parameters": []any{
				map[string]any{"name": "max_connections", "value": "77"},
				map[string]any{"name": "require_secure_transport", "value": "ON"},
				map[string]any{"name": "rds.force_ssl", "value": "1"}}}})
	}
	r.open()
	t.Cleanup(func() { r.service.Close() })
	return r
}

func (r *regions) put(resource *cloud.Resource) {
	r.t.Helper()
	if err := r.store.Put(resource); err != nil {
		r.t.Fatal(err)
	}
}

// open starts the service afresh, as after a restart.
func (r *regions) open() {
	r.t.Helper()
	addresses, err := cloud.OpenAddresses(r.dir, r.store)
	if err != nil {
		r.t.Fatal(err)
	}
	authority, err := acm.Open(r.dir + "/acm")
	if err != nil {
		r.t.Fatal(err)
	}
	if r.service, err = rds.New(r.dir+"/rds", r.store, addresses, authority, clock.New(r.pace)); err != nil {
		r.t.Fatal(err)
	}
}

func (r *regions) apply(resource, old *cloud.Resource) error {
	r.put(resource)
	if err := r.service.Apply(r.t.Context(), resource, old); err != nil {
		return err
	}
	return r.store.Put(resource)
}

func (r *regions) database(region, source string) *cloud.Resource {
	inputs := map[string]any{"dbSubnetGroupName": "group", "parameterGroupName": "parameters"}
	if source == "" {
		inputs["username"], inputs["password"], inputs["dbName"] = "master", "secret word", "newsfeed"
	} else {
		inputs["replicateSourceDb"] = source
	}
	db := &cloud.Resource{Type: instance, ID: "db", Region: region, Inputs: inputs, Outputs: maps.Clone(inputs)}
	db.Outputs["arn"] = "arn:aws:rds:" + region + ":000000000000:db:db"
	return db
}

// connect opens the database as the app does: as the master user, over TLS.
func connect(t *testing.T, db *cloud.Resource) *sql.DB {
	t.Helper()
	return connectAs(t, db, "secret word")
}

func connectAs(t *testing.T, db *cloud.Resource, password string) *sql.DB {
	t.Helper()
	cfg := mysql.NewConfig()
	cfg.User, cfg.Passwd, cfg.Net, cfg.Addr = "master", password, "tcp", db.String("endpoint")
	cfg.DBName, cfg.TLSConfig = "newsfeed", "skip-verify"
	pool, err := sql.Open("mysql", cfg.FormatDSN())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { pool.Close() })
	return pool
}

func rows(pool *sql.DB, want int) error {
	var n int
	if err := pool.QueryRow("SELECT COUNT(*) FROM t").Scan(&n); err != nil {
		return err
	}
	if n != want {
		return fmt.Errorf("%d rows, want %d", n, want)
	}
	return nil
}

func eventually(t *testing.T, what string, check func() error) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		err := check()
		if err == nil {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("%s: %v", what, err)
		}
	}
}

// TestReplicaLife makes a primary and a replica in another region, restarts the
// service under them, and promotes the replica in place.
func TestReplicaLife(t *testing.T) {
	t.Parallel()
	r := newRegions(t)
	primary := r.database(seoul, "")
	if err := r.apply(primary, nil); err != nil {
		t.Fatal(err)
	}
	p := connect(t, primary)
	for _, statement := range []string{"CREATE TABLE t (id INT PRIMARY KEY)", "INSERT INTO t VALUES (1)"} {
		if _, err := p.Exec(statement); err != nil {
			t.Fatal(err)
		}
	}
	replica := r.database(tokyo, primary.String("arn"))
	if err := r.apply(replica, nil); err != nil {
		t.Fatal(err)
	}
	if replica.String("username") != "master" || replica.String("dbName") != "newsfeed" {
		t.Errorf("the replica inherits %q and %q", replica.String("username"), replica.String("dbName"))
	}
	q := connect(t, replica)
	eventually(t, "what was there before reaches the replica", func() error { return rows(q, 1) })
	if _, err := q.Exec("INSERT INTO t VALUES (2)"); !isReadOnly(err) {
		t.Errorf("a write on the replica: %v", err)
	}
	var connections int
	if err := p.QueryRow("SELECT @@max_connections").Scan(&connections); err != nil || connections != 77 {
		t.Errorf("max_connections is %d: %v", connections, err)
	}

	r.service.Close()
	r.open()
	for _, db := range []*cloud.Resource{primary, replica} {
		if err := r.apply(db, nil); err != nil {
			t.Fatal(err)
		}
	}
	eventually(t, "the primary is back with its data", func() error { return rows(p, 1) })
	if _, err := p.Exec("INSERT INTO t VALUES (3)"); err != nil {
		t.Fatal(err)
	}
	eventually(t, "replication goes on after a restart", func() error { return rows(q, 2) })

	if err := r.service.Remove(t.Context(), primary); err != nil {
		t.Fatal(err)
	}
	promoted := r.database(tokyo, "")
	for _, key := range []string{"address", "port", "endpoint"} {
		promoted.Outputs[key] = replica.Outputs[key]
	}
	if err := r.apply(promoted, replica); err != nil {
		t.Fatalf("promote: %v", err)
	}
	eventually(t, "the promoted replica takes writes", func() error { _, err := q.Exec("REPLACE INTO t VALUES (4)"); return err })
	if err := rows(q, 3); err != nil {
		t.Error(err)
	}
	if err := r.apply(replica, promoted); err == nil || !strings.Contains(err.Error(), "creating a new one") {
		t.Errorf("a primary that is to become a replica: %v", err)
	}
}

func isReadOnly(err error) bool {
	const readOnly = 1290 // ER_OPTION_PREVENTS_STATEMENT
	refused := (*mysql.MySQLError)(nil)
	return errors.As(err, &refused) && refused.Number == readOnly
}
