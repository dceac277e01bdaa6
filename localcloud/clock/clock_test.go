package clock

import (
	"context"
	"errors"
	"testing"
	"time"
)

func TestAPaceDividesWhatAWSTakes(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		pace float64
		want time.Duration
	}{{0, time.Minute}, {1, time.Minute}, {60, time.Second}, {600, 100 * time.Millisecond}} {
		if got := New(c.pace).Local(time.Minute); got != c.want {
			t.Errorf("at pace %v a minute lasts %v, want %v", c.pace, got, c.want)
		}
		if got := New(c.pace).AWS(c.want); got != time.Minute {
			t.Errorf("at pace %v, %v here are %v on AWS", c.pace, c.want, got)
		}
	}
}

func TestSleepEndsWithItsContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := New(1).Sleep(ctx, time.Hour); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
	if err := New(1e6).Sleep(t.Context(), time.Second); err != nil {
		t.Errorf("error %v", err)
	}
}
