package main

import (
	"context"
	"time"
)

// starts times the web process from its start to its first word of readiness:
// with its stores up, and with none configured.
func (b *bench) starts(ctx context.Context) error {
	for _, kind := range []struct {
		what string
		env  []string
		into *float64
	}{{"web, stores up, start to ready", b.configured(), &b.result.Start}, {"web from memory, start to ready", nil, &b.result.Embedded}} {
		var times []float64
		for range 9 {
			begun := time.Now()
			_, process, err := b.launch(ctx, b.Feed, []string{"web"}, kind.env)
			times = append(times, float64(time.Since(begun).Microseconds())/1000)
			if err != nil {
				return err
			}
			stop(process)
		}
		*kind.into = round(middle(times), 1)
		say(kind.what, *kind.into, "ms (target 300)")
	}
	return nil
}
