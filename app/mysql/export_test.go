package mysql

import (
	"context"
	"time"
)

// Reader says whether a read with ctx would go to a reader, and holds on to its
// place until release.
func (db *DB) Reader(ctx context.Context) (reader bool, release func()) {
	pool, release := db.pick(ctx)
	return pool != db.writer(), release
}

// SetLagging tells what Lag would find.
func (db *DB) SetLagging(lagging bool) {
	for _, r := range db.readers() {
		r.lagging.Store(lagging)
	}
}

// Layout plans partitions, by their upper bounds and rows.
func Layout(untils, rows []int64, now int64, perPartition float64) (keep int64, bounds []int64) {
	parts := make([]partition, len(untils))
	for i := range parts {
		parts[i] = partition{untils[i], rows[i]}
	}
	at := time.UnixMilli(now)
	perDay, known := storiesPerDay(parts, at)
	if !known {
		perDay = perPartition
	}
	return layout(parts, at, perDay/perPartition)
}
