package feed

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"time"

	"newsfeed/app"
)

// Kinds of message.
const (
	kindFanout   = "fanout"   // Story by User goes to friends above After
	kindBackfill = "backfill" // Other's stories go into User's feed: new friends
	kindUnfriend = "unfriend" // Other's stories are hidden from User's feed
	kindCleanup  = "cleanup"  // Other's stories leave User's feed, some time after unfriend
	kindDeleted  = "deleted"  // Story shows no more
	kindRevoked  = "revoked"  // User's session Hash has ended
	kindRebuild  = "rebuild"  // User's feed is built anew
	kindFigures  = "figures"  // Story's cached figures are out of date
)

// message is what goes through the queue: about 150 bytes, whatever the number
// of friends. Doing one twice changes nothing.
type message struct {
	Kind  string  `json:"k"`
	Story *app.ID `json:"s,omitempty"`
	User  *app.ID `json:"u,omitempty"`
	Other *app.ID `json:"o,omitempty"`
	After *app.ID `json:"a,omitempty"`
	Hash  []byte  `json:"h,omitempty"`
}

func (m message) encode() []byte {
	raw, err := json.Marshal(m)
	if err != nil {
		panic(err) // strings and bytes only
	}
	return raw
}

func decode(raw []byte) (m message, err error) {
	if err := json.Unmarshal(raw, &m); err != nil {
		return m, fmt.Errorf("message %.200q: %w", raw, err)
	}
	needs := map[string][]*app.ID{
		kindFanout: {m.Story, m.User}, kindBackfill: {m.User, m.Other}, kindCleanup: {m.User, m.Other},
		kindUnfriend: {m.User, m.Other},
		kindDeleted:  {m.Story}, kindRevoked: {m.User}, kindRebuild: {m.User}, kindFigures: {m.Story},
	}
	ids, known := needs[m.Kind]
	if !known {
		return m, fmt.Errorf("message %.200q: its kind is unknown", raw)
	}
	for _, id := range ids {
		if id == nil {
			return m, fmt.Errorf("message %.200q: an identifier is missing", raw)
		}
	}
	if m.Kind == kindRevoked && len(m.Hash) != sha256.Size {
		return m, fmt.Errorf("message %.200q: the session's hash has %d bytes", raw, len(m.Hash))
	}
	return m, nil
}

// Sender puts messages on the queue.
type Sender interface {
	// Send delivers each message at least once, not before delay has passed.
	Send(ctx context.Context, delay time.Duration, messages ...[]byte) error
}

// Delivery is a message that was received and waits to be deleted.
type Delivery struct {
	Body    []byte
	Receipt string
}

// Queue is both ends of a queue with at-least-once delivery.
type Queue interface {
	Sender
	// Receive waits for up to max messages; none is no error. A received message
	// comes back unless it is deleted within its visibility timeout.
	Receive(ctx context.Context, max int) ([]Delivery, error)
	// Extend hides a received message for d from now.
	Extend(ctx context.Context, receipt string, d time.Duration) error
	Delete(ctx context.Context, receipts ...string) error
}
