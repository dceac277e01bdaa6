package mysql

import (
	"context"
	"database/sql"

	"newsfeed/app"
)

// AddComment stores a comment under a story.
func (db *DB) AddComment(ctx context.Context, story app.ID, c app.Comment) error {
	_, err := db.exec(ctx, "INSERT INTO comments (story_id, id, author_id, body) VALUES (?, ?, ?, ?)",
		story[:], c.ID[:], c.Author.ID[:], c.Body)
	return err
}

// Comments returns up to limit comments under a story with IDs above after,
// oldest first.
func (db *DB) Comments(ctx context.Context, story, after app.ID, limit int) (comments []app.Comment, err error) {
	err = db.query(ctx, func(r *sql.Rows) error {
		var c app.Comment
		err := r.Scan(&c.ID, &c.Author.ID, &c.Author.Name, &c.Body)
		comments = append(comments, c)
		return err
	}, "SELECT c.id, c.author_id, u.name, c.body FROM comments c JOIN users u ON u.id = c.author_id "+
		"WHERE c.story_id = ? AND c.id > ? ORDER BY c.id LIMIT ?", story[:], after[:], limit)
	return comments, err
}

// CommentCounts returns the number of comments under each of ids.
func (db *DB) CommentCounts(ctx context.Context, ids []app.ID) (map[app.ID]int64, error) {
	counts := map[app.ID]int64{}
	list, args := in(nil, ids)
	err := db.query(ctx, func(r *sql.Rows) error {
		var story app.ID
		var n int64
		if err := r.Scan(&story, &n); err != nil {
			return err
		}
		counts[story] = n
		return nil
	}, "SELECT story_id, COUNT(*) FROM comments WHERE story_id IN "+list+" GROUP BY story_id", args...)
	return counts, err
}
