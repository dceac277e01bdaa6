package mysql

import (
	"context"

	"newsfeed/app"
)

// CreateUser stores a new user; the name is taken once, without regard to case.
func (db *DB) CreateUser(ctx context.Context, u app.User, password string) error {
	_, err := db.exec(ctx, "INSERT INTO users (id, name, name_key, password) VALUES (?, ?, ?, ?)",
		u.ID[:], u.Name, []byte(app.NameKey(u.Name)), []byte(password))
	if isNumber(err, errDuplicate) {
		return app.Conflict("the name %q is taken: choose another", u.Name)
	}
	return db.failure(err)
}

// UserByName returns the user and the stored password hash.
func (db *DB) UserByName(ctx context.Context, name string) (u app.User, password string, err error) {
	found, err := db.row(ctx, []any{&u.ID, &u.Name, &password},
		"SELECT id, name, password FROM users WHERE name_key = ?", []byte(app.NameKey(name)))
	if err == nil && !found {
		err = app.NotFound("user")
	}
	return u, password, err
}

// User returns the user with that ID.
func (db *DB) User(ctx context.Context, id app.ID) (u app.User, err error) {
	found, err := db.row(ctx, []any{&u.ID, &u.Name}, "SELECT id, name FROM users WHERE id = ?", id[:])
	if err == nil && !found {
		err = app.NotFound("user")
	}
	return u, err
}

// Marker returns the newest story that the user has seen, or Zero.
func (db *DB) Marker(ctx context.Context, user app.ID) (id app.ID, err error) {
	_, err = db.row(ctx, []any{&id}, "SELECT marker FROM users WHERE id = ?", user[:])
	return id, err
}

// SetMarker moves the user's marker forward to story; it never moves back.
func (db *DB) SetMarker(ctx context.Context, user, story app.ID) error {
	_, err := db.exec(ctx, "UPDATE users SET marker = ? WHERE id = ? AND (marker IS NULL OR marker < ?)", story[:], user[:], story[:])
	return err
}
