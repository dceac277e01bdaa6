// Package clock is the time of the local cloud: one pace for all that takes AWS
// minutes. A promotion's reboot, an instance's boot, a heartbeat or a minute of
// CloudWatch takes as long as on AWS, divided by the pace. Timestamps are those
// of the wall clock, whatever the pace.
package clock

import (
	"context"
	"time"
)

// DefaultPace makes a minute of AWS last a second.
const DefaultPace = 60

// Clock tells the time and how long what AWS does takes here. Its zero value
// runs at AWS's own speed. Wall is for tests to set.
type Clock struct {
	Pace float64 // seconds of AWS in a second here; 1 is AWS's own speed
	Wall func() time.Time
}

// New returns a clock of that pace.
func New(pace float64) *Clock { return &Clock{Pace: pace} }

// Now is the time of the wall clock.
func (c *Clock) Now() time.Time {
	if c.Wall != nil {
		return c.Wall()
	}
	return time.Now()
}

func (c *Clock) pace() float64 {
	if c.Pace <= 0 {
		return 1
	}
	return c.Pace
}

// Local is how long here lasts what lasts d on AWS.
func (c *Clock) Local(d time.Duration) time.Duration {
	return time.Duration(float64(d) / c.pace())
}

// AWS is how long on AWS lasts what lasts d here: the inverse of Local.
func (c *Clock) AWS(d time.Duration) time.Duration {
	return time.Duration(float64(d) * c.pace())
}

// Sleep returns when d of AWS has passed, or with the error of ctx before that.
func (c *Clock) Sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(c.Local(d))
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Timeout is a context that ends after d of AWS.
func (c *Clock) Timeout(ctx context.Context, d time.Duration) (context.Context, context.CancelFunc) {
	return context.WithTimeout(ctx, c.Local(d))
}
