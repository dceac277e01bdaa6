package provider_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"newsfeed/localcloud/cloud"
	"newsfeed/localcloud/provider"
)

// body is a body that notes what happens to the one of each row, or fails it.
type body struct {
	mu      sync.Mutex
	log     map[string][]string
	failure map[string]error
}

func (b *body) note(r *cloud.Resource, what string) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	row := rowOf(r.URN)
	b.log[row] = append(b.log[row], what)
	return b.failure[row]
}

func (b *body) Apply(_ context.Context, r, old *cloud.Resource) error {
	verb := "create"
	if old != nil {
		verb = "update"
	}
	r.Outputs["fromBody"] = "yes"
	return b.note(r, verb+" "+fmt.Sprint(r.Outputs["delaySeconds"]))
}

func (b *body) Remove(_ context.Context, r *cloud.Resource) error {
	_ = b.note(r, "remove")
	return nil
}

// TestBodies follows bodies through their lives, and through failures.
func TestBodies(t *testing.T) {
	t.Parallel()
	of := func(n int) part {
		return one(queueType, func(d *resources) pulumi.Map {
			return pulumi.Map{"name": str(d.own("queue")), "delaySeconds": num(n)}
		})
	}
	const (
		well       = "created, updated, removed"
		impossible = "a body that can't be made leaves nothing, and the next run makes it"
		sick       = "one that is made but not well is kept, and the next run updates it"
	)
	b := &body{log: map[string][]string{}, failure: map[string]error{}}
	e := newEngine(t, map[string]cloud.Body{queueType: b})
	failures := map[string]error{impossible: errors.New("the address is in use"),
		sick: &cloud.NotReadyError{Reason: errors.New("no instance in service")}}
	e.take(map[string][]turn{
		well:       {{of(1), "", "create"}, {of(2), "", "update"}, {nothing, "", "delete"}},
		impossible: {{of(1), "the address is in use", "create"}, {of(1), "", "create"}},
		sick:       {{of(1), "no instance in service", "create"}, {of(1), "", "update"}},
	}, func(row string, turn int) {
		if b.failure[row] = nil; turn == 0 {
			b.failure[row] = failures[row]
		}
		left := 0
		for _, r := range e.store.All() {
			if rowOf(r.URN) == row {
				left++
			}
		}
		if row == impossible && left > 0 || row == sick && turn > 0 && left != 1 {
			t.Errorf("%s, before turn %d: %d records are left", row, turn+1, left)
		}
	})
	if got := strings.Join(b.log[well], ", "); got != "create 1, update 2, remove" {
		t.Errorf("the body saw: %s", got)
	}
	if n := len(e.store.All()); n != 2 {
		t.Errorf("%d records are left, want those of the two that failed first", n)
	}
}

// What a killed run made and did not note is swept.
func TestSweep(t *testing.T) {
	t.Parallel()
	store, err := cloud.OpenStore(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	for _, id := range []string{"kept", "orphan"} {
		r := &cloud.Resource{URN: "urn:pulumi:s::test::" + queueType + "::it", Type: queueType, ID: id, Region: "ap-northeast-2",
			Outputs: map[string]any{}}
		if err := store.Put(r); err != nil {
			t.Fatal(err)
		}
	}
	b := &body{log: map[string][]string{}}
	p := provider.New(store, map[string]cloud.Body{queueType: b}, nil)
	removed, err := p.Sweep(t.Context(), "s", map[string][]string{queueType: {"kept"}})
	if err != nil || len(removed) != 1 || removed[0] != "orphan" || len(store.All()) != 1 || len(b.log["it"]) != 1 {
		t.Errorf("removed %v, %d left, the body saw %v: %v", removed, len(store.All()), b.log, err)
	}
}
