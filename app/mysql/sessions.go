package mysql

import (
	"context"
	"time"

	"newsfeed/app"
)

// Session is a signed-in client.
type Session struct {
	User    app.User
	Expires time.Time
}

// CreateSession stores the hash of a token.
func (db *DB) CreateSession(ctx context.Context, hash [32]byte, user app.ID, expires time.Time) error {
	_, err := db.exec(ctx, "INSERT INTO sessions (token_hash, user_id, expires_at) VALUES (?, ?, ?)",
		hash[:], user[:], expires.UnixMilli())
	return db.failure(err)
}

// Session returns the session of a token's hash; an expired one isn't found.
func (db *DB) Session(ctx context.Context, hash [32]byte, now time.Time) (Session, error) {
	var s Session
	var expires int64
	found, err := db.row(ctx, []any{&s.User.ID, &s.User.Name, &expires},
		"SELECT s.user_id, u.name, s.expires_at FROM sessions s JOIN users u ON u.id = s.user_id WHERE s.token_hash = ?", hash[:])
	s.Expires = time.UnixMilli(expires)
	if err == nil && (!found || !now.Before(s.Expires)) {
		err = app.Unauthenticated()
	}
	return s, err
}

// DeleteSession ends a session; payload tells the caches, through the outbox.
func (db *DB) DeleteSession(ctx context.Context, hash [32]byte, out ...Outgoing) error {
	return db.write(ctx, func(t tx) error {
		if _, err := t.exec(ctx, "DELETE FROM sessions WHERE token_hash = ?", hash[:]); err != nil {
			return err
		}
		return t.enqueue(ctx, out)
	})
}

// PurgeSessions deletes at most limit sessions that have expired.
func (db *DB) PurgeSessions(ctx context.Context, now time.Time, limit int) (int64, error) {
	return affected(db.exec(ctx, "DELETE FROM sessions WHERE expires_at < ? ORDER BY expires_at LIMIT ?", now.UnixMilli(), limit))
}
