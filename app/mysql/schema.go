package mysql

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"strconv"
	"strings"
	"sync"
	"time"

	"newsfeed/app"
)

// wanted is the version of the newest migration in the binary.
var wanted = sync.OnceValue(func() (newest int64) {
	files, err := fs.Glob(migrations, "migrations/*.sql")
	if err != nil {
		panic(err) // the pattern is a constant
	}
	for _, file := range files {
		number, _, _ := strings.Cut(strings.TrimPrefix(file, "migrations/"), "_")
		if n, err := strconv.ParseInt(number, 10, 64); err == nil {
			newest = max(newest, n)
		}
	}
	return newest
})

// Current says why the schema, or the first lease, is not there yet; nil when it
// is as new as the binary, or newer: schema changes expand, and contract only
// when no release needs what goes.
func (db *DB) Current(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	watch := db.pools.Load().watch
	var version int64
	err := watch.QueryRowContext(ctx, "SELECT COALESCE(MAX(version_id), 0) FROM goose_db_version WHERE is_applied = 1").Scan(&version)
	switch {
	case isNumber(err, errNoTable):
	case err != nil:
		return answer(err)
	}
	if version < wanted() {
		return app.Refused(fmt.Errorf("it has version %d and this release needs %d: an instance of the region that writes "+
			"brings it up to date when it starts, and so does 'feed migrate'", version, wanted()))
	}
	if _, err := readLease(ctx, watch); errors.Is(err, errNoLease) {
		return app.Refused(err)
	} else if err != nil {
		return answer(err)
	}
	return nil
}

// Prepare brings the schema up to date and makes region the first writer, where
// that is region's to do: in a database that takes writes and whose lease, if it
// has one, is region's. Elsewhere the writer's arrives by replication, and what is
// missing is only waited for. It returns what Current then says.
func (db *DB) Prepare(ctx context.Context, region string) error {
	found := db.Current(ctx)
	if !errors.Is(found, app.ErrRefused) {
		return found
	}
	ours, err := db.ours(ctx, region)
	if err != nil {
		return answer(err)
	}
	if !ours {
		return fmt.Errorf("it is to arrive by replication: %v", found) // refused by nobody: the writer's region is to bring it
	}
	if err := db.Migrate(ctx, 0); err != nil {
		return err
	}
	if err := db.InitLease(ctx, region); err != nil {
		return err
	}
	return db.Current(ctx)
}

// ours says whether region may change the schema. A replica on RDS is read-only
// unless its parameter group sets read_only to 0 (RDS User Guide, "Updating read
// replicas"); a database that another region's lease has reached is the other's.
func (db *DB) ours(ctx context.Context, region string) (bool, error) {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	watch := db.pools.Load().watch
	var readOnly string
	if err := watch.QueryRowContext(ctx, "SELECT @@global.read_only").Scan(&readOnly); err != nil {
		return false, err
	}
	if readOnly != "0" && readOnly != "OFF" {
		return false, nil
	}
	var writer string
	err := watch.QueryRowContext(ctx, "SELECT writer FROM region_lease WHERE one = 1").Scan(&writer)
	if isNumber(err, errNoTable) || errors.Is(err, sql.ErrNoRows) {
		return true, nil
	}
	return writer == region, err
}
