package mysql

import (
	"bytes"
	"context"
	"database/sql"

	"newsfeed/app"
)

// RequestFriend stores a request from one user to another. When the other has
// asked first, it is an acceptance: accepted is true and accept's messages go out.
func (db *DB) RequestFriend(ctx context.Context, from, to app.ID, accept ...Outgoing) (accepted bool, err error) {
	err = db.write(ctx, func(t tx) error {
		accepted = false
		if are, err := t.areFriends(ctx, from, to); err != nil || are {
			if are {
				return app.Conflict("you are friends already")
			}
			return err
		}
		mutual, err := t.row(ctx, []any{new(int)}, "SELECT 1 FROM friend_requests WHERE to_id = ? AND from_id = ?", from[:], to[:])
		if err != nil {
			return err
		}
		if mutual {
			accepted = true
			return t.befriend(ctx, from, to, accept)
		}
		return t.request(ctx, from, to)
	})
	return accepted, err
}

func (t tx) request(ctx context.Context, from, to app.ID) error {
	var waiting int
	if _, err := t.row(ctx, []any{&waiting}, "SELECT COUNT(*) FROM friend_requests WHERE to_id = ?", to[:]); err != nil {
		return err
	}
	if waiting >= app.MaxRequests {
		return &app.Error{Code: app.CodeLimit, Detail: "too many requests wait for that user: try again another day"}
	}
	_, err := t.exec(ctx, "INSERT IGNORE INTO friend_requests (to_id, from_id) VALUES (?, ?)", to[:], from[:])
	return err
}

// AcceptFriend turns from's request to user into a friendship. Accepting twice
// changes nothing the second time.
func (db *DB) AcceptFriend(ctx context.Context, user, from app.ID, out ...Outgoing) error {
	return db.write(ctx, func(t tx) error {
		asked, err := t.row(ctx, []any{new(int)}, "SELECT 1 FROM friend_requests WHERE to_id = ? AND from_id = ? FOR UPDATE", user[:], from[:])
		if err != nil {
			return err
		}
		if !asked {
			are, err := t.areFriends(ctx, user, from)
			if err != nil || are {
				return err
			}
			return app.NotFound("friend request")
		}
		return t.befriend(ctx, user, from, out)
	})
}

func (t tx) areFriends(ctx context.Context, a, b app.ID) (bool, error) {
	return t.row(ctx, []any{new(int)}, "SELECT 1 FROM friendships WHERE user_id = ? AND friend_id = ?", a[:], b[:])
}

// befriend writes both directions. Both users' rows are locked in ID order, so
// that the cap holds and two acceptances cannot wait for each other.
func (t tx) befriend(ctx context.Context, a, b app.ID, out []Outgoing) error {
	low, high := order(a, b)
	for _, id := range []app.ID{low, high} {
		var friends int
		if found, err := t.row(ctx, []any{&friends}, "SELECT friends FROM users WHERE id = ? FOR UPDATE", id[:]); err != nil {
			return err
		} else if !found {
			return app.NotFound("user")
		}
		if friends >= app.MaxFriends {
			return &app.Error{Code: app.CodeLimit, Detail: "one of you has 5,000 friends already: that is the most"}
		}
	}
	n, err := affected(t.exec(ctx, "INSERT IGNORE INTO friendships (user_id, friend_id) VALUES (?, ?), (?, ?)", a[:], b[:], b[:], a[:]))
	if err != nil {
		return err
	}
	if n > 0 {
		if _, err := t.exec(ctx, "UPDATE users SET friends = friends + 1 WHERE id IN (?, ?)", low[:], high[:]); err != nil {
			return err
		}
	}
	for _, pair := range [][2]app.ID{{a, b}, {b, a}} {
		if _, err := t.exec(ctx, "DELETE FROM friend_requests WHERE to_id = ? AND from_id = ?", pair[0][:], pair[1][:]); err != nil {
			return err
		}
	}
	return t.enqueue(ctx, out)
}

func order(a, b app.ID) (low, high app.ID) {
	if bytes.Compare(a[:], b[:]) > 0 {
		return b, a
	}
	return a, b
}

// Unfriend ends a friendship, or withdraws or declines a request. It returns
// NotFound when there is neither.
func (db *DB) Unfriend(ctx context.Context, user, other app.ID, out ...Outgoing) error {
	return db.write(ctx, func(t tx) error {
		low, high := order(user, other)
		for _, id := range []app.ID{low, high} {
			if _, err := t.row(ctx, []any{new(int)}, "SELECT friends FROM users WHERE id = ? FOR UPDATE", id[:]); err != nil {
				return err
			}
		}
		var n [2]int64
		for _, pair := range [][2]app.ID{{user, other}, {other, user}} {
			ended, err := affected(t.exec(ctx, "DELETE FROM friendships WHERE user_id = ? AND friend_id = ?", pair[0][:], pair[1][:]))
			if err != nil {
				return err
			}
			asked, err := affected(t.exec(ctx, "DELETE FROM friend_requests WHERE to_id = ? AND from_id = ?", pair[0][:], pair[1][:]))
			if err != nil {
				return err
			}
			n[0], n[1] = n[0]+ended, n[1]+asked
		}
		if n[0]+n[1] == 0 {
			return app.NotFound("friend or request")
		}
		if n[0] == 0 {
			return nil
		}
		if _, err := t.exec(ctx, "UPDATE users SET friends = friends - 1 WHERE id IN (?, ?)", low[:], high[:]); err != nil {
			return err
		}
		return t.enqueue(ctx, out)
	})
}

// AreFriends says whether a and b are friends.
func (db *DB) AreFriends(ctx context.Context, a, b app.ID) (bool, error) {
	return db.row(ctx, []any{new(int)}, "SELECT 1 FROM friendships WHERE user_id = ? AND friend_id = ?", a[:], b[:])
}

// FriendIDs returns up to limit friends of user with IDs above after, in order.
func (db *DB) FriendIDs(ctx context.Context, user, after app.ID, limit int) ([]app.ID, error) {
	return db.ids(ctx, limit, "SELECT friend_id FROM friendships WHERE user_id = ? AND friend_id > ? ORDER BY friend_id LIMIT ?", user[:], after[:], limit)
}

// Friends returns up to limit friends with IDs above after, in order.
func (db *DB) Friends(ctx context.Context, user, after app.ID, limit int) ([]app.User, error) {
	return db.users(ctx, "SELECT u.id, u.name FROM friendships f JOIN users u ON u.id = f.friend_id "+
		"WHERE f.user_id = ? AND f.friend_id > ? ORDER BY f.friend_id LIMIT ?", user[:], after[:], limit)
}

// FriendRequests returns up to limit users who wait for user's answer, with IDs
// above after, in order.
func (db *DB) FriendRequests(ctx context.Context, user, after app.ID, limit int) ([]app.User, error) {
	return db.users(ctx, "SELECT u.id, u.name FROM friend_requests q JOIN users u ON u.id = q.from_id "+
		"WHERE q.to_id = ? AND q.from_id > ? ORDER BY q.from_id LIMIT ?", user[:], after[:], limit)
}

func (db *DB) users(ctx context.Context, query string, args ...any) (users []app.User, err error) {
	err = db.query(ctx, func(r *sql.Rows) error {
		var u app.User
		err := r.Scan(&u.ID, &u.Name)
		users = append(users, u)
		return err
	}, query, args...)
	return users, err
}
