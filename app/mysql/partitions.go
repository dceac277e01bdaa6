package mysql

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"sort"
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

// boundaries returns the upper bounds of a table's partitions, in order.
func (db *DB) boundaries(ctx context.Context, table string) (bounds []int64, err error) {
	rows, err := db.writer.QueryContext(ctx, "SELECT partition_name FROM information_schema.partitions "+
		"WHERE table_schema = DATABASE() AND table_name = ?", table)
	if err != nil {
		return nil, failure(err)
	}
	defer rows.Close()
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			return nil, err
		}
		var ms int64
		if _, err := fmt.Sscanf(name, partitionStart+"%d", &ms); err == nil {
			bounds = append(bounds, ms)
		}
	}
	slices.Sort(bounds)
	return bounds, failure(rows.Err())
}

// addBoundaries splits the partition "rest" of a table at further bounds, all
// above those there are.
func (db *DB) addBoundaries(ctx context.Context, table string, bounds []int64) error {
	if len(bounds) == 0 {
		return nil
	}
	var parts []string
	for _, ms := range bounds {
		id := app.FirstID(time.UnixMilli(ms))
		parts = append(parts, fmt.Sprintf("PARTITION %s%d VALUES LESS THAN (x'%x')", partitionStart, ms, id[:]))
	}
	_, err := db.writer.ExecContext(ctx, "ALTER TABLE "+table+" REORGANIZE PARTITION "+restName+" INTO ("+
		strings.Join(parts, ", ")+", PARTITION "+restName+" VALUES LESS THAN (MAXVALUE))")
	return failure(err)
}

// PartitionFresh lays out empty tables anew with PartitionDaily's boundaries.
func (db *DB) PartitionFresh(ctx context.Context, from time.Time, days int) error {
	for _, table := range partitioned {
		column := "story_id"
		if table == "stories" {
			column = "id"
		}
		if _, err := db.writer.ExecContext(ctx, "ALTER TABLE "+table+" PARTITION BY RANGE COLUMNS ("+column+") (PARTITION "+
			restName+" VALUES LESS THAN (MAXVALUE))"); err != nil {
			return failure(err)
		}
	}
	return db.PartitionDaily(ctx, from, days)
}

// PartitionDaily gives every partitioned table a boundary at each of days
// midnights, in UTC, that follow from, as far as it has none above yet.
func (db *DB) PartitionDaily(ctx context.Context, from time.Time, days int) error {
	first := from.UTC().Truncate(24 * time.Hour)
	var wanted []int64
	for i := 1; i <= days; i++ {
		wanted = append(wanted, first.Add(time.Duration(i)*24*time.Hour).UnixMilli())
	}
	return db.extend(ctx, wanted)
}

func (db *DB) extend(ctx context.Context, wanted []int64) error {
	for _, table := range partitioned {
		have, err := db.boundaries(ctx, table)
		if err != nil {
			return err
		}
		last := int64(0)
		if len(have) > 0 {
			last = have[len(have)-1]
		}
		fresh := slices.DeleteFunc(slices.Clone(wanted), func(ms int64) bool { return ms <= last })
		if err := db.addBoundaries(ctx, table, fresh); err != nil {
			return fmt.Errorf("partitions of %s: %w", table, err)
		}
	}
	return nil
}

// Partitions are made this far ahead, and hold about this many stories each: at
// a mean rate of 116 a second, a day's.
const (
	partitionsAhead  = 7 * 24 * time.Hour
	partitionStories = 10_000_000
	longestPartition = 28 * 24 * time.Hour
)

// PartitionAhead makes partitions for the week to come, as long as the present
// rate asks for: when one month writes ten times another, its partitions
// cover a tenth of the time. late says that the last partition already held
// stories, which must not happen while this runs daily.
func (db *DB) PartitionAhead(ctx context.Context, now time.Time) (late bool, err error) {
	var locked sql.NullInt64
	conn, err := db.writer.Conn(ctx)
	if err != nil {
		return false, failure(err)
	}
	defer conn.Close()
	const lock = "CONCAT('newsfeed-partitions-', DATABASE())"
	if err := conn.QueryRowContext(ctx, "SELECT GET_LOCK("+lock+", 0)").Scan(&locked); err != nil || locked.Int64 != 1 {
		return false, failure(err) // another worker is at it
	}
	defer conn.ExecContext(context.WithoutCancel(ctx), "SELECT RELEASE_LOCK("+lock+")")
	bounds, err := db.boundaries(ctx, "stories")
	if err != nil {
		return false, err
	}
	last := now.UTC().Truncate(24 * time.Hour)
	if len(bounds) > 0 {
		last = time.UnixMilli(bounds[len(bounds)-1])
		late = !last.After(now)
	}
	length, err := db.partitionLength(ctx, now, bounds)
	if err != nil {
		return late, err
	}
	var wanted []int64
	for !last.After(now.Add(partitionsAhead)) {
		last = last.Add(length)
		wanted = append(wanted, last.UnixMilli())
	}
	return late, db.extend(ctx, wanted)
}

// partitionLength is how long partitionStories take at the present rate: that of
// the last partition that is over, by the server's own estimate of its rows, or
// of the last hour when there is none yet.
func (db *DB) partitionLength(ctx context.Context, now time.Time, bounds []int64) (time.Duration, error) {
	over := sort.Search(len(bounds), func(i int) bool { return bounds[i] > now.UnixMilli() })
	if over >= 2 {
		var rows int64
		_, err := db.row(FromWriter(ctx), []any{&rows}, "SELECT table_rows FROM information_schema.partitions "+
			"WHERE table_schema = DATABASE() AND table_name = 'stories' AND partition_name = ?", fmt.Sprint(partitionStart, bounds[over-1]))
		took := time.Duration(bounds[over-1]-bounds[over-2]) * time.Millisecond
		return lengthFor(float64(rows) / took.Hours() * 24), err
	}
	hour := app.FirstID(now.Add(-time.Hour))
	var rows int64
	_, err := db.row(FromWriter(ctx), []any{&rows}, "SELECT COUNT(*) FROM stories WHERE id >= ?", hour[:])
	return lengthFor(float64(rows) * 24), err
}

// lengthFor rounds to what divides a day, or to whole weeks.
func lengthFor(storiesPerDay float64) time.Duration {
	ideal := longestPartition
	if storiesPerDay > 0 {
		ideal = min(ideal, time.Duration(float64(24*time.Hour)*partitionStories/storiesPerDay))
	}
	for _, d := range []time.Duration{24 * 28, 24 * 14, 24 * 7, 24, 12, 6, 3} {
		if d*time.Hour <= ideal {
			return d * time.Hour
		}
	}
	return time.Hour
}
