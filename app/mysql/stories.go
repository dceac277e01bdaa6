package mysql

import (
	"context"
	"database/sql"
	"time"

	"newsfeed/app"
)

var kinds = []app.Kind{1: app.Text, 2: app.Link, 3: app.Photo, 4: app.Video}

func kindNumber(k app.Kind) int {
	for i, kind := range kinds {
		if kind == k {
			return i
		}
	}
	return 0
}

// Idempotency ties a client's key to the draft it was first used with.
type Idempotency struct {
	Key    string // empty: none
	Digest [32]byte
}

// Post stores a story with its media, idempotency key and outgoing messages, in
// one transaction and one round trip. When the key was used before with the same
// draft it changes nothing and returns the earlier story's ID; with another
// draft it is a conflict.
func (db *DB) Post(ctx context.Context, s *app.Story, key Idempotency, out ...Outgoing) (earlier app.ID, err error) {
	var batch batch
	if key.Key != "" {
		batch.add("INSERT INTO idempotency (author_id, client_key, digest, story_id) VALUES (?, ?, ?, ?)",
			s.Author.ID[:], []byte(key.Key), key.Digest[:], s.ID[:])
	}
	batch.add("INSERT INTO stories (id, author_id, kind, body, link) VALUES (?, ?, ?, ?, ?)",
		s.ID[:], s.Author.ID[:], kindNumber(s.Kind), s.Body, []byte(s.Link))
	if len(s.Media) > 0 {
		args := make([]any, 0, 5*len(s.Media))
		for i, m := range s.Media {
			args = append(args, s.ID[:], i, []byte(m.Key), []byte(m.Type), m.Bytes)
		}
		batch.add("INSERT INTO media (story_id, idx, object_key, type, bytes) VALUES "+rows(len(s.Media), "(?, ?, ?, ?, ?)"), args...)
	}
	if len(out) > 0 {
		query, args := outboxInsert(out)
		batch.add(query, args...)
	}
	err = db.writeBatch(ctx, batch)
	if key.Key != "" && isNumber(err, errDuplicate) {
		return db.replayed(FromWriter(ctx), s.Author.ID, key)
	}
	return app.Zero, err
}

func (db *DB) replayed(ctx context.Context, author app.ID, key Idempotency) (id app.ID, err error) {
	var digest []byte
	_, err = db.row(ctx, []any{&digest, &id}, "SELECT digest, story_id FROM idempotency WHERE author_id = ? AND client_key = ?",
		author[:], []byte(key.Key))
	if err == nil && string(digest) != string(key.Digest[:]) {
		err = app.Conflict("this Idempotency-Key was used with another story: use a new key")
	}
	return id, err
}

// Stories returns those of ids that exist, deleted ones too, in no order.
func (db *DB) Stories(ctx context.Context, ids []app.ID) (stories []*app.Story, err error) {
	if len(ids) == 0 {
		return nil, nil
	}
	withMedia := map[app.ID]*app.Story{}
	list, args := in(nil, ids)
	err = db.query(ctx, func(r *sql.Rows) error {
		s := &app.Story{}
		var kind int
		if err := r.Scan(&s.ID, &s.Author.ID, &s.Author.Name, &kind, &s.Body, &s.Link, &s.Deleted); err != nil {
			return err
		}
		s.Kind = kinds[kind]
		if s.Kind == app.Photo || s.Kind == app.Video {
			withMedia[s.ID] = s
		}
		stories = append(stories, s)
		return nil
	}, "SELECT s.id, s.author_id, u.name, s.kind, s.body, s.link, s.deleted_at IS NOT NULL FROM stories s "+
		"JOIN users u ON u.id = s.author_id WHERE s.id IN "+list, args...)
	if err != nil || len(withMedia) == 0 {
		return stories, err
	}
	return stories, db.loadMedia(ctx, withMedia)
}

func (db *DB) loadMedia(ctx context.Context, stories map[app.ID]*app.Story) error {
	ids := make([]app.ID, 0, len(stories))
	for id := range stories {
		ids = append(ids, id)
	}
	list, args := in(nil, ids)
	return db.query(ctx, func(r *sql.Rows) error {
		var story app.ID
		var m app.Media
		if err := r.Scan(&story, &m.Key, &m.Type, &m.Bytes); err != nil {
			return err
		}
		stories[story].Media = append(stories[story].Media, m)
		return nil
	}, "SELECT story_id, object_key, type, bytes FROM media WHERE story_id IN "+list+" ORDER BY story_id, idx", args...)
}

// DeleteStory marks author's story as deleted. Deleting it again changes nothing.
func (db *DB) DeleteStory(ctx context.Context, id, author app.ID, now time.Time, out ...Outgoing) error {
	return db.write(ctx, func(t tx) error {
		var deleted bool
		found, err := t.row(ctx, []any{&deleted},
			"SELECT deleted_at IS NOT NULL FROM stories WHERE id = ? AND author_id = ? FOR UPDATE", id[:], author[:])
		if err != nil || deleted {
			return err
		}
		if !found {
			return app.NotFound("story")
		}
		if _, err := t.exec(ctx, "UPDATE stories SET deleted_at = ? WHERE id = ?", now.UnixMilli(), id[:]); err != nil {
			return err
		}
		return t.enqueue(ctx, out)
	})
}

// PurgeIdempotency deletes at most limit keys of stories older than before.
func (db *DB) PurgeIdempotency(ctx context.Context, before app.ID, limit int) (int64, error) {
	return affected(db.exec(ctx, "DELETE FROM idempotency WHERE story_id < ? ORDER BY story_id LIMIT ?", before[:], limit))
}

// InsertRow stores a story's row alone, without what Post does in the same
// transaction; it is the baseline that posting is measured against.
func (db *DB) InsertRow(ctx context.Context, s *app.Story) error {
	_, err := db.exec(ctx, "INSERT INTO stories (id, author_id, kind, body, link) VALUES (?, ?, ?, ?, ?)",
		s.ID[:], s.Author.ID[:], kindNumber(s.Kind), s.Body, []byte(s.Link))
	return err
}
