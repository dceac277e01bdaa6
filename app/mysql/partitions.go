package mysql

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"
	"time"

	"newsfeed/app"
)

// partitioned are the tables whose partitions are ranges of story IDs.
var partitioned = []string{"stories", "media", "comments", "reactions"}

// A partition is named after the first millisecond that it doesn't hold; "rest"
// takes what is above all of them.
const (
	restName       = "rest"
	partitionStart = "until_"
)

// partition is one range of time.
type partition struct {
	until int64 // in milliseconds: the first that it doesn't hold
	rows  int64 // by the server's own estimate
}

// partitions returns a table's partitions in order, without "rest".
func (db *DB) partitions(ctx context.Context, table string) (parts []partition, err error) {
	rows, err := db.writer().QueryContext(ctx, "SELECT partition_name, table_rows FROM information_schema.partitions "+
		"WHERE table_schema = DATABASE() AND table_name = ?", table)
	if err != nil {
		return nil, db.failure(err)
	}
	err = db.scanAll(rows, func(r *sql.Rows) error {
		var name string
		var p partition
		if err := r.Scan(&name, &p.rows); err != nil {
			return err
		}
		if _, err := fmt.Sscanf(name, partitionStart+"%d", &p.until); err == nil {
			parts = append(parts, p)
		}
		return nil
	})
	slices.SortFunc(parts, func(a, b partition) int { return int(a.until - b.until) })
	return parts, err
}

// layOut gives every table exactly these bounds above keep; those up to keep stay.
// Partitions above keep are made anew, which takes no time while they are empty.
func (db *DB) layOut(ctx context.Context, keep int64, bounds []int64) error {
	fresh := make([]string, 0, len(bounds)+1)
	for _, ms := range bounds {
		id := app.FirstID(time.UnixMilli(ms))
		fresh = append(fresh, fmt.Sprintf("PARTITION %s%d VALUES LESS THAN (x'%x')", partitionStart, ms, id[:]))
	}
	into := strings.Join(append(fresh, "PARTITION "+restName+" VALUES LESS THAN (MAXVALUE)"), ", ")
	for _, table := range partitioned {
		have, err := db.partitions(ctx, table)
		if err != nil {
			return err
		}
		var had []int64
		var old []string
		for _, p := range have {
			if p.until > keep {
				had, old = append(had, p.until), append(old, fmt.Sprint(partitionStart, p.until))
			}
		}
		if slices.Equal(had, bounds) {
			continue
		}
		if _, err := db.writer().ExecContext(ctx, "ALTER TABLE "+table+" REORGANIZE PARTITION "+
			strings.Join(append(old, restName), ", ")+" INTO ("+into+")"); err != nil {
			return fmt.Errorf("partitions of %s: %w", table, db.failure(err))
		}
	}
	return nil
}

// PartitionFresh lays out empty tables anew with a boundary at each of days
// midnights, in UTC, that follow from.
func (db *DB) PartitionFresh(ctx context.Context, from time.Time, days int) error {
	for _, table := range partitioned {
		column := "story_id"
		if table == "stories" {
			column = "id"
		}
		if _, err := db.writer().ExecContext(ctx, "ALTER TABLE "+table+" PARTITION BY RANGE COLUMNS ("+column+") (PARTITION "+
			restName+" VALUES LESS THAN (MAXVALUE))"); err != nil {
			return db.failure(err)
		}
	}
	first := from.UTC().Truncate(24 * time.Hour)
	var bounds []int64
	for i := 1; i <= days; i++ {
		bounds = append(bounds, first.Add(time.Duration(i)*24*time.Hour).UnixMilli())
	}
	return db.layOut(ctx, 0, bounds)
}

// PartitionAhead makes partitions for the week to come, each for about as many
// stories as PartitionStories at the present rate: when one month writes ten
// times another, its partitions cover a tenth of the time. Those made earlier
// that nobody writes to yet are made anew when the rate has changed. late says that the
// last partition already held stories, which must not happen while this runs
// hourly.
func (db *DB) PartitionAhead(ctx context.Context, now time.Time) (late bool, err error) {
	var locked sql.NullInt64
	conn, err := db.writer().Conn(ctx)
	if err != nil {
		return false, db.failure(err)
	}
	defer conn.Close()
	const lock = "CONCAT('newsfeed-partitions-', DATABASE())"
	if err := conn.QueryRowContext(ctx, "SELECT GET_LOCK("+lock+", 0)").Scan(&locked); err != nil || locked.Int64 != 1 {
		return false, db.failure(err) // another worker is at it
	}
	defer conn.ExecContext(context.WithoutCancel(ctx), "SELECT RELEASE_LOCK("+lock+")")
	parts, err := db.partitions(ctx, "stories")
	if err != nil {
		return false, err
	}
	late = len(parts) > 0 && parts[len(parts)-1].until <= now.UnixMilli()
	perDay, known := storiesPerDay(parts, now)
	if !known {
		hour := app.FirstID(now.Add(-time.Hour))
		var rows int64
		if _, err := db.row(FromWriter(ctx), []any{&rows}, "SELECT COUNT(*) FROM stories WHERE id >= ?", hour[:]); err != nil {
			return late, err
		}
		perDay = float64(rows) * 24
	}
	size := float64(db.PartitionStories)
	if size == 0 {
		size = partitionStories
	}
	if perDay == 0 {
		perDay = size // nobody knows yet: a partition a day, until the first stories tell
	}
	keep, bounds := layout(parts, now, perDay/size)
	return late, db.layOut(ctx, keep, bounds)
}
