package boot_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"newsfeed/app"
	"newsfeed/app/boot"
)

func TestABootIsDoneOnceEachNeedHasAnsweredOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var database, cache error = errors.New("away"), nil
		asked := 0
		b := boot.New(
			boot.Need{Name: "database", Ready: func(context.Context) error { return database }},
			boot.Need{Name: "cache", Ready: func(context.Context) error { asked++; return cache }},
		)
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
		cache = errors.New("away") // what has answered may go away again
		database = app.Refused(errors.New("access denied"))
		check("the database says no", false, true, 1)
		database = errors.New("away")
		check("the database is away again", false, false, 1)
		database = nil
		check("the database answers", true, false, 0)
		database = errors.New("away")
		check("later", true, false, 0)
		if asked != 1 {
			t.Errorf("the cache, which answered, was asked %d times", asked)
		}
	})
}
