package serve

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"

	"golang.org/x/sync/errgroup"

	"newsfeed/localcloud/cloud"
)

// order says which bodies must be back before which others: what is not named
// comes first.
var order = []func(typ string) bool{
	func(typ string) bool {
		return typ == "aws:lb/loadBalancer:LoadBalancer" || typ == "aws:lb/targetGroup:TargetGroup"
	},
	func(typ string) bool { return typ == "aws:lb/listener:Listener" },
	func(typ string) bool { return typ == "aws:lb/listenerRule:ListenerRule" },
	func(typ string) bool { return typ == "aws:autoscaling/group:Group" },
	func(typ string) bool { return strings.HasPrefix(typ, "aws:autoscaling/") },
}

func stage(typ string) int {
	for i, in := range order {
		if in(typ) {
			return i + 1
		}
	}
	return 0
}

// restore brings bodies back from their records, those of one stage at once.
func (d *Daemon) restore(ctx context.Context, resources []*cloud.Resource) {
	for n := 0; n <= len(order); n++ {
		var group errgroup.Group
		for _, r := range resources {
			body, ok := d.bodies[r.Type]
			if !ok || stage(r.Type) != n {
				continue
			}
			group.Go(func() error {
				back := r.Clone() // others read r meanwhile
				err := body.Apply(ctx, back, nil)
				if err == nil {
					err = d.store.Put(back)
				}
				d.mu.Lock()
				defer d.mu.Unlock()
				delete(d.failed, r)
				if err != nil {
					d.failed[r] = err
					slog.Error("not brought back", "resource", r.ID, "error", err)
				}
				return nil
			})
		}
		group.Wait()
	}
}

// Restore tries again what could not be brought back, and returns what still
// can't.
func (d *Daemon) Restore(ctx context.Context) error {
	d.mu.Lock()
	var again []*cloud.Resource
	for r := range d.failed {
		again = append(again, r)
	}
	clear(d.failed)
	d.mu.Unlock()
	d.restore(ctx, again)
	return d.notBack()
}

// notBack is what could not be brought back.
func (d *Daemon) notBack() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	var errs []error
	for r, err := range d.failed {
		errs = append(errs, fmt.Errorf("%s can't be brought back: %w", r.ID, err))
	}
	return errors.Join(errs...)
}
