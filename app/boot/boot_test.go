package boot_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"newsfeed/app"
	"newsfeed/app/boot"
)

// store answers as it is told, and counts how often it was asked.
type store struct {
	mu    sync.Mutex
	err   error
	asked int
}

func (s *store) ready(context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked++
	return s.err
}

func (s *store) is(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.err = err
}

func TestABootIsDoneOnceEachNeedHasAnsweredOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		away := errors.New("away")
		database, cache := &store{err: away}, &store{}
		b := boot.New(boot.Need{Name: "database", Ready: database.ready}, boot.Need{Name: "cache", Ready: cache.ready})
		if s := b.State(); s.Done || s.Refused || len(s.Reasons) != 2 {
			t.Errorf("before it began: %+v", s)
		}
		go b.Run(t.Context())
		check := func(when string, done, refused bool, reasons int) {
			t.Helper()
			time.Sleep(3 * time.Second) // of the bubble's clock
			synctest.Wait()
			if s := b.State(); s.Done != done || s.Refused != refused || len(s.Reasons) != reasons {
				t.Errorf("%s: %+v", when, s)
			}
		}
		check("the database is away", false, false, 1)
		cache.is(away) // what has answered may go away again
		database.is(app.Refused(errors.New("access denied")))
		check("the database says no", false, true, 1)
		database.is(away)
		check("the database is away again", false, false, 1)
		database.is(nil)
		check("the database answers", true, false, 0)
		database.is(away)
		check("later", true, false, 0)
		if cache.asked != 1 {
			t.Errorf("the cache, which answered, was asked %d times", cache.asked)
		}
	})
}
