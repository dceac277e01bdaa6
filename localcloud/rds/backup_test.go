package rds_test

import (
	"maps"
	"testing"

	"newsfeed/localcloud/cloud"
)

// TestBackups ships a primary's logs to another region, takes the primary's
// region away, and restores there what was written last.
func TestBackups(t *testing.T) {
	t.Parallel()
	r := newRegions(t)
	primary := r.database(seoul, "")
	if err := r.apply(primary, nil); err != nil {
		t.Fatal(err)
	}
	p := connect(t, primary)
	if _, err := p.Exec("CREATE TABLE t (id INT PRIMARY KEY, raw BINARY(3) DEFAULT X'ff00e6')"); err != nil {
		t.Fatal(err)
	}
	backups := &cloud.Resource{Type: "aws:rds/instanceAutomatedBackupsReplication:InstanceAutomatedBackupsReplication",
		ID: "arn:aws:rds:" + tokyo + ":000000000000:auto-backup:ab-1", Region: tokyo,
		Outputs: map[string]any{"sourceDbInstanceArn": primary.String("arn")}}
	if err := r.applyBody(backups); err != nil {
		t.Fatal(err)
	}
	r.service.Halt(seoul) // its logs have a second file after this
	if err := r.apply(primary, nil); err != nil {
		t.Fatal(err)
	}
	eventually(t, "it writes again", func() error { _, err := p.Exec("REPLACE INTO t (id) VALUES (1)"); return err })
	restored := r.database(tokyo, "")
	restored.Inputs["restoreToPointInTime"] = map[string]any{"sourceDbInstanceAutomatedBackupsArn": backups.ID}
	delete(restored.Inputs, "username")
	restored.Outputs = maps.Clone(restored.Inputs)
	restored.Outputs["arn"] = "arn:aws:rds:" + tokyo + ":000000000000:db:db"
	eventually(t, "the last write is in the backups", func() error {
		if err := r.apply(restored, nil); err != nil {
			t.Fatal(err)
		}
		defer func() {
			if err := r.service.Remove(t.Context(), restored); err != nil {
				t.Error(err)
			}
		}()
		return rows(connect(t, restored), 1)
	})
	r.service.Halt(seoul)
	if err := r.apply(restored, nil); err != nil {
		t.Fatalf("restore while the primary's region is dark: %v", err)
	}
	if err := rows(connect(t, restored), 1); err != nil {
		t.Error(err)
	}
	if restored.String("username") != "master" {
		t.Errorf("its master user is %q", restored.String("username"))
	}
	q := connect(t, restored)
	if _, err := q.Exec("INSERT INTO t (id) VALUES (2)"); err != nil {
		t.Errorf("a write: %v", err)
	}
	r.service.Close()
	r.open()
	if err := r.apply(restored, nil); err != nil {
		t.Fatal(err)
	}
	eventually(t, "a restart leaves it as it is", func() error { return rows(q, 2) })
	if _, err := q.Exec("INSERT INTO t (id) VALUES (3)"); err != nil {
		t.Fatal(err)
	}
	replica := r.database(seoul, restored.String("arn"))
	replica.ID = "failback"
	replica.Outputs["arn"] = "arn:aws:rds:" + seoul + ":000000000000:db:failback"
	if err := r.apply(replica, nil); err != nil {
		t.Fatal(err)
	}
	eventually(t, "a replica of it holds all from the beginning", func() error { return rows(connect(t, replica), 3) })
}

// applyBody applies a resource that is no instance.
func (r *regions) applyBody(resource *cloud.Resource) error {
	r.put(resource)
	return r.service.Bodies()[resource.Type].Apply(r.t.Context(), resource, nil)
}
