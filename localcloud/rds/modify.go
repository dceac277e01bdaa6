package rds

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"time"

	"newsfeed/localcloud/cloud"
)

// outage is how long a change leaves an instance without its database.
type outage struct{ single, multi time.Duration }

// How long RDS takes. No length of a reboot is documented.
const (
	promotionReboot = time.Minute      // estimate (RDS: Promoting a read replica to be a standalone DB instance)
	failoverOutage  = 90 * time.Second // 60 to 120 s (RDS: Failing over a Multi-AZ DB instance)
	moveOutage      = 5 * time.Minute  // estimate: it is shut down, and its storage attached to another host
)

// outages are those of changes that are made immediately, by the property that
// changes. A property that is not here changes without one.
//
//	change                      single-AZ  Multi-AZ
//	replicateSourceDb cleared      60 s      60 s   a reboot
//	instanceClass                 300 s      90 s   re:Post knowledge center, "What factors affect my downtime
//	                                                or database performance in Amazon RDS?": Multi-AZ fails over once
//	multiAz                         0         0     RDS: Converting to a Multi-AZ deployment: no downtime
//	allocatedStorage, iops          0         0     RDS: Settings for DB instances: downtime doesn't occur
//	parameterGroupName              0         0     the same; static parameters wait for a reboot
var outages = map[string]outage{
	"replicateSourceDb": {promotionReboot, promotionReboot},
	"instanceClass":     {moveOutage, failoverOutage},
}

func (o outage) of(r *cloud.Resource) time.Duration {
	if r.Bool("multiAz") {
		return o.multi
	}
	return o.single
}

// unmodified are the properties that the provider changes without
// ModifyDBInstance (terraform-provider-aws, resourceInstanceUpdate), and those
// that no instance changes in place.
var unmodified = map[string]bool{
	"tags": true, "tagsAll": true, "allowMajorVersionUpgrade": true, "applyImmediately": true, "blueGreenUpdate": true,
	"deleteAutomatedBackups": true, "finalSnapshotIdentifier": true, "skipFinalSnapshot": true,
	"replicateSourceDb": true, "restoreToPointInTime": true, "username": true, "dbName": true, "__defaults": true,
}

// errNotAvailable is ModifyDBInstance's (terraform-provider-aws 31594). What
// PromoteReadReplica says is not documented; its code is the same.
var errNotAvailable = errors.New("InvalidDBInstanceState: Database instance is not in available state")

// change makes the instance that runs as r is; it was as old is. As the provider
// does, it promotes first, waits, then modifies.
func (s *Service) change(ctx context.Context, one *instance, r, old *cloud.Resource) error {
	was, is := old.String("replicateSourceDb"), r.String("replicateSourceDb")
	switch {
	case was != "" && is == "":
		if err := s.promote(ctx, one, old); err != nil {
			return fmt.Errorf("promote: %w", err)
		}
	case was != is:
		return fmt.Errorf("an instance that exists can't become a replica of %s: "+
			"RDS makes a replica only by creating a new one", is)
	}
	return s.modify(ctx, one, r, old)
}

// promoted is a file that says that the instance is no replica any more,
// whatever is recorded: its promotion outlives who asked for it.
const promoted = "promoted"

func (s *Service) isReplica(r *cloud.Resource) bool {
	_, err := os.Stat(filepath.Join(s.instanceDir(r), promoted))
	return r.String("replicateSourceDb") != "" && err != nil
}

func (s *Service) promote(ctx context.Context, one *instance, r *cloud.Resource) error {
	if !s.isReplica(r) {
		return nil // it went on when an earlier call waited no longer
	}
	done, ok := one.begin(modifying, func(ctx context.Context) error {
		if err := s.clock.Sleep(ctx, s.slowness("promote")); err != nil {
			return err
		}
		if err := one.server().leaveSource(ctx); err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(s.instanceDir(r), promoted), nil, 0o600); err != nil {
			return err
		}
		one.set(rebooting)
		return one.outage(ctx, outages["replicateSourceDb"].of(r))
	})
	if !ok {
		return errNotAvailable
	}
	return wait(ctx, done)
}

func (s *Service) modify(ctx context.Context, one *instance, r, old *cloud.Resource) error {
	changed := modified(r, old)
	if len(changed) == 0 {
		return nil
	}
	done, ok := one.begin(modifying, func(ctx context.Context) error {
		if err := s.clock.Sleep(ctx, s.slowness("modify")); err != nil {
			return err
		}
		password := r.String("password")
		if r.String("replicateSourceDb") == "" && password != "" && password != old.String("password") {
			if err := one.server().setPassword(ctx, r.String("username"), password); err != nil {
				return err
			}
		}
		longest := time.Duration(0)
		for _, property := range changed {
			longest = max(longest, outages[property].of(old))
		}
		if longest == 0 || !r.Bool("applyImmediately") {
			return nil
		}
		return one.outage(ctx, longest)
	})
	if !ok {
		return errNotAvailable
	}
	return wait(ctx, done)
}

// modified are the properties that ModifyDBInstance is called for.
func modified(r, old *cloud.Resource) []string {
	var changed []string
	for _, side := range []map[string]any{r.Inputs, old.Inputs} {
		for property := range side {
			if !unmodified[property] && !reflect.DeepEqual(r.Inputs[property], old.Inputs[property]) {
				changed = append(changed, property)
			}
		}
	}
	return changed
}
