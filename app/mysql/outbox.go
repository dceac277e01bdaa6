package mysql

import (
	"context"
	"database/sql"
	"strings"

	"newsfeed/app"
)

// Outgoing is a message that leaves for the queue after the commit.
type Outgoing struct {
	ID      app.ID
	Payload []byte
}

// enqueue stores messages with the transaction's other writes.
func (t tx) enqueue(ctx context.Context, out []Outgoing) error {
	if len(out) == 0 {
		return nil
	}
	query, args := outboxInsert(out)
	_, err := t.exec(ctx, query, args...)
	return err
}

func outboxInsert(out []Outgoing) (query string, args []any) {
	args = make([]any, 0, 2*len(out))
	for _, o := range out {
		args = append(args, o.ID[:], o.Payload)
	}
	return "INSERT INTO outbox (id, payload) VALUES " + rows(len(out), "(?, ?)"), args
}

// rows repeats one row's placeholders for n rows.
func rows(n int, row string) string { return strings.Repeat(row+", ", n-1) + row }

// Sent deletes messages that have reached the queue.
func (db *DB) Sent(ctx context.Context, ids []app.ID) error {
	list, args := in(nil, ids)
	_, err := db.exec(ctx, "DELETE FROM outbox WHERE id IN "+list, args...)
	return err
}

// Sweep gives send up to limit messages older than before, oldest first, and
// deletes them when it succeeds. Sweepers at work at once take different ones.
func (db *DB) Sweep(ctx context.Context, before app.ID, limit int, send func([]Outgoing) error) (n int, err error) {
	err = db.write(ctx, func(t tx) error {
		var batch []Outgoing
		err := t.query(ctx, func(r *sql.Rows) error {
			var o Outgoing
			if err := r.Scan(&o.ID, &o.Payload); err != nil {
				return err
			}
			batch = append(batch, o)
			return nil
		}, "SELECT id, payload FROM outbox WHERE id < ? ORDER BY id LIMIT ? FOR UPDATE SKIP LOCKED", before[:], limit)
		if n = len(batch); err != nil || n == 0 {
			return err
		}
		if err := send(batch); err != nil {
			return err
		}
		ids := make([]app.ID, n)
		for i := range batch {
			ids[i] = batch[i].ID
		}
		list, args := in(nil, ids)
		_, err = t.exec(ctx, "DELETE FROM outbox WHERE id IN "+list, args...)
		return err
	})
	return n, err
}

func affected(result sql.Result, err error) (int64, error) {
	if err != nil {
		return 0, err
	}
	return result.RowsAffected()
}

// Backlog counts the messages that wait in the outbox, up to most.
func (db *DB) Backlog(ctx context.Context, most int) (n int, err error) {
	_, err = db.row(FromWriter(ctx), []any{&n}, "SELECT COUNT(*) FROM (SELECT id FROM outbox LIMIT ?) waiting", most)
	return n, err
}
