package mysql

import (
	"context"
	"database/sql"

	"newsfeed/app"
)

// RecentOfFriends returns the newest IDs of stories by friends of user with
// from <= ID < below, newest first, at most limit. Deleted stories are among
// them: the index alone answers, and who shows the story sees that it is gone.
//
// It looks up each friend in each partition between the bounds; the optimizer,
// left alone, reads everybody's stories backwards.
func (db *DB) RecentOfFriends(ctx context.Context, user, from, below app.ID, limit int) ([]app.ID, error) {
	return db.ids(ctx, limit, "SELECT s.id FROM friendships f STRAIGHT_JOIN stories s FORCE INDEX (stories_author) ON s.author_id = f.friend_id "+
		"WHERE f.user_id = ? AND s.id >= ? AND s.id < ? ORDER BY s.id DESC LIMIT ?", user[:], from[:], below[:], limit)
}

// RecentBy is RecentOfFriends for the stories of one author.
func (db *DB) RecentBy(ctx context.Context, author, from, below app.ID, limit int) ([]app.ID, error) {
	return db.ids(ctx, limit, "SELECT id FROM stories FORCE INDEX (stories_author) "+
		"WHERE author_id = ? AND id >= ? AND id < ? ORDER BY id DESC LIMIT ?", author[:], from[:], below[:], limit)
}

// ids runs a read of one column of identifiers, thousands a time: it makes no
// garbage for each.
func (db *DB) ids(ctx context.Context, limit int, query string, args ...any) ([]app.ID, error) {
	ids := make([]app.ID, 0, limit)
	var raw sql.RawBytes
	into := []any{&raw}
	err := db.query(ctx, func(r *sql.Rows) error {
		if err := r.Scan(into...); err != nil {
			return err
		}
		id, err := app.IDFromBytes(raw)
		ids = append(ids, id)
		return err
	}, query, args...)
	return ids, err
}

// FriendCount is how many friends a user has.
func (db *DB) FriendCount(ctx context.Context, user app.ID) (n int, err error) {
	_, err = db.row(ctx, []any{&n}, "SELECT friends FROM users WHERE id = ?", user[:])
	return n, err
}
