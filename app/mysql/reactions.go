package mysql

import (
	"context"
	"database/sql"
	"slices"

	"newsfeed/app"
)

// React stores the user's reaction to a story; kind "" takes it back. changed
// says whether that made a difference.
func (db *DB) React(ctx context.Context, story, user app.ID, kind string) (changed bool, err error) {
	var n int64
	if kind == "" {
		n, err = affected(db.exec(ctx, "DELETE FROM reactions WHERE story_id = ? AND user_id = ?", story[:], user[:]))
	} else {
		n, err = affected(db.exec(ctx, "INSERT INTO reactions (story_id, user_id, kind) VALUES (?, ?, ?) ON DUPLICATE KEY UPDATE kind = VALUES(kind)",
			story[:], user[:], slices.Index(app.Reactions, kind)))
	}
	return n > 0, err
}

// Reaction returns the user's reaction to a story, or "".
func (db *DB) Reaction(ctx context.Context, story, user app.ID) (string, error) {
	var kind int
	found, err := db.row(ctx, []any{&kind}, "SELECT kind FROM reactions WHERE story_id = ? AND user_id = ?", story[:], user[:])
	if err != nil || !found {
		return "", err
	}
	return app.Reactions[kind], nil
}

// Reactions returns the reactions to each of ids, by user.
func (db *DB) Reactions(ctx context.Context, ids []app.ID) (map[app.ID]map[app.ID]string, error) {
	all := make(map[app.ID]map[app.ID]string)
	list, args := in(nil, ids)
	err := db.query(ctx, func(r *sql.Rows) error {
		var story, user app.ID
		var kind int
		if err := r.Scan(&story, &user, &kind); err != nil {
			return err
		}
		if all[story] == nil {
			all[story] = map[app.ID]string{}
		}
		all[story][user] = app.Reactions[kind]
		return nil
	}, "SELECT story_id, user_id, kind FROM reactions WHERE story_id IN "+list, args...)
	return all, err
}
