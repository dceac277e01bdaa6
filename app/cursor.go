package app

import (
	"encoding/base64"
	"encoding/json"
)

// Cursor says how far a reader has come: everything from At on, newer stories
// included, was scanned. The zero Cursor is the newest end.
type Cursor struct{ At ID }

const cursorVersion = 1

// String is the opaque form for clients; the zero Cursor is empty.
func (c Cursor) String() string {
	if c.At.IsZero() {
		return ""
	}
	return base64.RawURLEncoding.EncodeToString(append([]byte{cursorVersion}, c.At[:]...))
}

// ParseCursor reads the opaque form; empty is the newest end.
func ParseCursor(s string) (Cursor, error) {
	if s == "" {
		return Cursor{}, nil
	}
	raw, err := base64.RawURLEncoding.Strict().DecodeString(s)
	if err != nil || len(raw) != 17 || raw[0] != cursorVersion {
		return Cursor{}, Invalid("cursor", "is not one that this service gave out: start again without it")
	}
	return Cursor{At: ID(raw[1:])}, nil
}

// Below is the bound that a page starts under: stories with lower IDs follow.
func (c Cursor) Below() ID {
	if c.At.IsZero() {
		return Last
	}
	return c.At
}

// Query asks for one page.
type Query struct {
	Cursor Cursor
	Limit  int
}

// Page is one page of a feed: stories as JSON, newest first, and the cursor of
// the next page. Next is zero only when there is nothing further back.
type Page struct {
	Stories []json.RawMessage
	Next    Cursor
}
