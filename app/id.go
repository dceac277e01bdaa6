package app

import (
	"bytes"
	"crypto/rand"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"sync"
	"time"
)

// ID is a UUIDv7 (RFC 9562). IDs sort by the time they were made.
type ID [16]byte

// Zero sorts before every ID that was ever made.
var Zero ID

// Last sorts after every ID that was ever made.
var Last = ID(bytes.Repeat([]byte{0xff}, 16))

// String returns the usual text form: 8-4-4-4-12 hex digits.
func (id ID) String() string { return string(id.AppendText(make([]byte, 0, 36))) }

// AppendText appends the text form to b.
func (id ID) AppendText(b []byte) []byte {
	b = hex.AppendEncode(b, id[0:4])
	b = append(b, '-')
	b = hex.AppendEncode(b, id[4:6])
	b = append(b, '-')
	b = hex.AppendEncode(b, id[6:8])
	b = append(b, '-')
	b = hex.AppendEncode(b, id[8:10])
	b = append(b, '-')
	return hex.AppendEncode(b, id[10:16])
}

// MarshalText returns the text form.
func (id ID) MarshalText() ([]byte, error) { return id.AppendText(nil), nil }

// UnmarshalText accepts the text form only.
func (id *ID) UnmarshalText(text []byte) error {
	parsed, err := ParseID(string(text))
	if err != nil {
		return err
	}
	*id = parsed
	return nil
}

// ParseID reads the text form.
func ParseID(s string) (ID, error) {
	var id ID
	if len(s) != 36 || s[8] != '-' || s[13] != '-' || s[18] != '-' || s[23] != '-' {
		return Zero, Invalid("id", "is not an identifier: want 8-4-4-4-12 hex digits")
	}
	for _, part := range []struct{ at, from, to int }{{0, 0, 8}, {4, 9, 13}, {6, 14, 18}, {8, 19, 23}, {10, 24, 36}} {
		if _, err := hex.Decode(id[part.at:], []byte(s[part.from:part.to])); err != nil {
			return Zero, Invalid("id", "is not an identifier: want 8-4-4-4-12 hex digits")
		}
	}
	return id, nil
}

// IDFromBytes reads 16 raw bytes, as a database column holds them.
func IDFromBytes(raw []byte) (ID, error) {
	if len(raw) != len(Zero) {
		return Zero, fmt.Errorf("an identifier has 16 bytes, not %d", len(raw))
	}
	return ID(raw), nil
}

// Scan reads a BINARY(16) column; NULL is Zero.
func (id *ID) Scan(src any) error {
	if src == nil {
		*id = Zero
		return nil
	}
	raw, ok := src.([]byte)
	if !ok {
		return fmt.Errorf("an identifier column holds %T", src)
	}
	parsed, err := IDFromBytes(raw)
	*id = parsed
	return err
}

// Time is when the ID was made, to the millisecond.
func (id ID) Time() time.Time {
	return time.UnixMilli(int64(binary.BigEndian.Uint64(id[:8]) >> 16)).UTC()
}

// Compare orders IDs by time: negative when id is older than other.
func (id ID) Compare(other ID) int { return bytes.Compare(id[:], other[:]) }

// IsZero says whether id was never set.
func (id ID) IsZero() bool { return id == Zero }

// Next is the ID right after id in sorting order; no ID lies between.
func (id ID) Next() ID {
	for i := len(id) - 1; i >= 0; i-- {
		id[i]++
		if id[i] != 0 {
			return id
		}
	}
	return Last
}

// FirstID is the lowest ID that could have been made at t, or Zero when t is
// before 1970. As a bound it turns a time range into an ID range.
func FirstID(t time.Time) ID {
	var id ID
	if ms := t.UnixMilli(); ms > 0 {
		binary.BigEndian.PutUint64(id[:8], uint64(ms)<<16)
	}
	return id
}

// IDs makes identifiers: 48 bits of milliseconds, a 12-bit sequence that spills
// into the next millisecond, and 62 bits drawn at random when the process
// starts. No coordination: any number of processes may make IDs at once. When
// the clock steps back, IDs go on from the last time seen.
type IDs struct {
	now func() time.Time

	mu   sync.Mutex
	last uint64 // milliseconds << 12 | sequence
	tail [8]byte
}

// NewIDs returns a generator that reads the time from now.
func NewIDs(now func() time.Time) *IDs {
	g := &IDs{now: now}
	rand.Read(g.tail[:]) // never fails (crypto/rand)
	g.tail[0] = g.tail[0]&0x3f | 0x80
	return g
}

// New returns an ID above all that this generator returned before.
func (g *IDs) New() ID {
	g.mu.Lock()
	g.last = max(g.last+1, uint64(g.now().UnixMilli())<<12)
	at := g.last
	g.mu.Unlock()
	var id ID
	binary.BigEndian.PutUint64(id[:8], at>>12<<16|0x7000|at&0xfff)
	copy(id[8:], g.tail[:])
	return id
}
