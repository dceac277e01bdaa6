package rds_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"newsfeed/localcloud/cloud"
)

// parameters is the parameter group of a region, with these.
func parameters(region string, of map[string]string) *cloud.Resource {
	var list []any
	for name, value := range of {
		list = append(list, map[string]any{"name": name, "value": value})
	}
	return &cloud.Resource{Type: "aws:rds/parameterGroup:ParameterGroup", ID: "parameters", Region: region,
		Outputs: map[string]any{"parameters": list}}
}

// TestParameters changes what a parameter group says while a database runs with it.
func TestParameters(t *testing.T) {
	t.Parallel()
	r := newRegions(t)
	before := parameters(seoul, map[string]string{"max_connections": "77", "require_secure_transport": "0"})
	r.put(before)
	db := r.database(seoul, "")
	if err := r.apply(db, nil); err != nil {
		t.Fatal(err)
	}
	pool, process := connect(t, db), r.pid(seoul)
	if got := global(t.Context(), pool, "log_output"); got != "TABLE" {
		t.Errorf("log_output is %s unless it is set; RDS's default is TABLE", got)
	}
	after := parameters(seoul, map[string]string{
		"max_connections": "88", "wait_timeout": "600", "long_query_time": "0.05",
		"slow_query_log": "1", "log_output": "FILE",
		"innodb_lock_wait_timeout": "5", "max_execution_time": "10000", "require_secure_transport": "1"})
	r.put(after)
	if body := r.service.Bodies()[after.Type]; body == nil {
		t.Error("a parameter group has no body: a change of it reaches no server")
	} else if err := body.Apply(t.Context(), after, before); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"max_connections": "88", "wait_timeout": "600", "long_query_time": "0.05",
		"slow_query_log": "1", "log_output": "FILE",
		"innodb_lock_wait_timeout": "5", "max_statement_time": "10", "require_secure_transport": "1",
	} {
		if got := global(t.Context(), pool, name); got != want {
			t.Errorf("%s is %s, want %s", name, got, want)
		}
	}
	if r.pid(seoul) != process {
		t.Error("the database was restarted")
	}
	fresh := connect(t, db)
	if _, err := fresh.Exec("SELECT SLEEP(0.1)"); err != nil {
		t.Fatal(err)
	}
	logs, err := filepath.Glob(filepath.Join(r.dir, "rds", seoul+"-db", "*slowquery.log"))
	if err != nil || len(logs) != 1 {
		t.Fatalf("%d slow logs in the instance's directory: %v", len(logs), err)
	}
	eventually(t, "the slow statement is in the slow log", func() error {
		raw, err := os.ReadFile(logs[0])
		if err == nil && !strings.Contains(string(raw), "SLEEP(0.1)") {
			err = fmt.Errorf("it is not:\n%s", raw)
		}
		return err
	})
	r.unset(db, after)
}

// unset takes what after sets away again, all but a change that waits for a reboot.
func (r *regions) unset(db, after *cloud.Resource) {
	t, pool := r.t, connect(r.t, db)
	t.Helper()
	none := parameters(seoul, map[string]string{"max_connections": "99"})
	none.Outputs["parameters"].([]any)[0].(map[string]any)["applyMethod"] = "pending-reboot"
	r.put(none)
	if err := r.service.Bodies()[none.Type].Apply(t.Context(), none, after); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"max_statement_time": "0", "log_output": "TABLE"} {
		if got := global(t.Context(), pool, name); got != want {
			t.Errorf("%s is %s when it is not set any more, want %s", name, got, want)
		}
	}
	if got := global(t.Context(), pool, "max_connections"); got != "88" {
		t.Errorf("max_connections is %s: a change that waits for a reboot did not wait", got)
	}
}
