package app_test

import (
	"slices"
	"sync"
	"testing"
	"time"

	"newsfeed/app"
)

func TestIDsNeverRepeatNorStepBack(t *testing.T) {
	t.Parallel()
	start := time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)
	for name, clock := range map[string]func(i int) time.Time{
		"a clock that stands":           func(int) time.Time { return start },
		"a clock that runs":             func(i int) time.Time { return start.Add(time.Duration(i) * time.Microsecond) },
		"a clock that steps back 1 h":   func(i int) time.Time { return start.Add(-time.Duration(i/5000) * time.Hour) },
		"a clock that jumps to and fro": func(i int) time.Time { return start.Add(time.Duration(i%2) * time.Minute) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			i := 0
			ids := app.NewIDs(func() time.Time { i++; return clock(i) })
			last := app.Zero
			for range 20_000 {
				id := ids.New()
				if id.Compare(last) <= 0 {
					t.Fatalf("%v after %v", id, last)
				}
				if id[6]>>4 != 7 || id[8]>>6 != 2 {
					t.Fatalf("%v is no UUIDv7", id)
				}
				last = id
			}
		})
	}
}

func TestTwoProcessesNeverMakeTheSameID(t *testing.T) {
	t.Parallel()
	stand := func() time.Time { return time.UnixMilli(1) }
	var mu sync.Mutex
	seen := map[app.ID]bool{}
	var wg sync.WaitGroup
	for range 4 {
		ids := app.NewIDs(stand)
		for range 2 {
			wg.Go(func() {
				for range 2000 {
					id := ids.New()
					mu.Lock()
					if seen[id] {
						t.Errorf("%v twice", id)
					}
					seen[id] = true
					mu.Unlock()
				}
			})
		}
	}
	wg.Wait()
}

func TestAnIDTellsItsTimeAndReadsBack(t *testing.T) {
	t.Parallel()
	now := time.UnixMilli(1_795_000_000_123).UTC()
	id := app.NewIDs(func() time.Time { return now }).New()
	if !id.Time().Equal(now) {
		t.Errorf("made at %v, says %v", now, id.Time())
	}
	if back, err := app.ParseID(id.String()); err != nil || back != id {
		t.Errorf("%v reads back as %v, %v", id, back, err)
	}
	if first := app.FirstID(now); first.Compare(id) > 0 || app.FirstID(now.Add(time.Millisecond)).Compare(id) <= 0 {
		t.Errorf("%v is not within its millisecond", id)
	}
	for _, bad := range []string{"", "x", id.String()[1:], "zzzzzzzz-zzzz-7zzz-zzzz-zzzzzzzzzzzz", id.String() + "0"} {
		if _, err := app.ParseID(bad); err == nil {
			t.Errorf("%q is taken for an identifier", bad)
		}
	}
}

func TestCursorsReadBackAndForgeriesAreRefused(t *testing.T) {
	t.Parallel()
	c := app.Cursor{At: app.Last}
	if back, err := app.ParseCursor(c.String()); err != nil || back != c {
		t.Errorf("%v, %v", back, err)
	}
	for _, bad := range []string{"x", c.String() + "A", c.String()[1:], "AgAAAAAAAAAAAAAAAAAAAAA", " "} {
		if _, err := app.ParseCursor(bad); err == nil {
			t.Errorf("%q is taken for a cursor", bad)
		}
	}
	if (app.Cursor{}).String() != "" {
		t.Error("the newest end is not empty")
	}
}

func TestTokensHideTheirSecretFromTheStores(t *testing.T) {
	t.Parallel()
	token := app.NewToken(app.Last)
	back, err := app.ParseToken(token.String())
	if err != nil || back != token || back.User() != app.Last {
		t.Errorf("%v, %v", back, err)
	}
	hash := token.Hash()
	if slices.Equal(hash[:16], token[:16]) || app.NewToken(app.Last) == token {
		t.Error("hash or token repeats")
	}
}
