package mysql

import (
	"context"
	"crypto/x509"
	"encoding/pem"
	"testing"
	"time"
)

// RDSRoots are the certificates in the binary.
func RDSRoots(t *testing.T) (all []*x509.Certificate) {
	t.Helper()
	for block, rest := pem.Decode(rdsRoots); block != nil; block, rest = pem.Decode(rest) {
		certificate, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, certificate)
	}
	return all
}

// Impatient gives up on statements that take longer than d.
func (c Config) Impatient(d time.Duration) Config {
	c.statementTime = d
	return c
}

// Slow runs a statement that takes ten seconds.
func (db *DB) Slow(ctx context.Context) error {
	_, err := db.exec(ctx, "DO SLEEP(10)")
	return err
}

// Nonsense runs a statement that no server takes.
func (db *DB) Nonsense(ctx context.Context) error {
	_, err := db.exec(ctx, "SELECT none FROM nowhere")
	return err
}

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
