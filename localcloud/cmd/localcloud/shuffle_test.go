package main

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"

	"newsfeed/localcloud/order"
	"newsfeed/localcloud/plantime"
)

// gate holds what a program registers until nothing more can come before some
// of it is made, and then lets through one that pick chooses: the engine's luck,
// in the hands of the test.
type gate struct {
	plan plantime.Graph // all that the program registers, as an earlier run left it
	pick func(ready []*plantime.Node) *plantime.Node

	mu   sync.Mutex
	made map[string]bool          // by URN
	held map[string]chan struct{} // by URN: closed to let it through
	last string                   // URN of what was let through, until it is made
	took []string                 // names, in the order chosen
}

func newGate(plan plantime.Graph, pick func([]*plantime.Node) *plantime.Node) *gate {
	g := &gate{plan: plan, pick: pick, made: map[string]bool{}, held: map[string]chan struct{}{}}
	planned := map[string]bool{}
	for _, n := range plan {
		planned[n.URN] = true
		n.Needs = slices.Compact(slices.Sorted(slices.Values(n.Needs)))
		n.Needs = slices.DeleteFunc(n.Needs, func(urn string) bool { return !planned[urn] || urn == n.URN })
	}
	return g
}

// watch is told of each registration: an engine.Watch.
func (g *gate) watch(ctx context.Context, n *order.Node) (func(), error) {
	through := make(chan struct{})
	g.mu.Lock()
	g.held[n.URN] = through
	g.choose()
	g.mu.Unlock()
	select {
	case <-through:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	return func() {
		g.mu.Lock()
		defer g.mu.Unlock()
		g.made[n.URN] = true
		if g.last == n.URN {
			g.last = ""
		}
		g.choose()
	}, nil
}

// choose lets components through as they come, and one resource at a time of
// those that wait for nothing more, once they have all come.
func (g *gate) choose() {
	var ready []*plantime.Node
	all := true
	for _, n := range g.plan {
		if g.made[n.URN] || slices.ContainsFunc(n.Needs, func(urn string) bool { return !g.made[urn] }) {
			continue
		}
		switch through, come := g.held[n.URN]; {
		case !come:
			all = false
		case n.Custom:
			ready = append(ready, n)
		case through != nil:
			close(through)
			g.held[n.URN] = nil
		}
	}
	if !all || g.last != "" || len(ready) == 0 {
		return
	}
	next := g.pick(ready)
	g.last, g.took = next.URN, append(g.took, next.Name())
	close(g.held[next.URN])
}

// TestEveryOrderComesUp brings both stacks up on paper in orders that the
// declared dependencies allow and no engine would choose: whatever is not
// declared is refused by the provider, as by AWS, in one of them.
func TestEveryOrderComesUp(t *testing.T) {
	t.Parallel()
	times, err := plantime.Published()
	if err != nil {
		t.Fatal(err)
	}
	orders := map[string]func() func([]*plantime.Node) *plantime.Node{
		"the slowest first": func() func([]*plantime.Node) *plantime.Node {
			return func(ready []*plantime.Node) *plantime.Node {
				return slices.MaxFunc(ready, func(a, b *plantime.Node) int { return int(60 * (times.Create(a) - times.Create(b))) })
			}
		},
	}
	seeds := 2
	if os.Getenv("NEWSFEED_DRILLS") != "" {
		seeds = 20
	}
	for seed := range seeds {
		orders[fmt.Sprintf("seed %d", seed)] = func() func([]*plantime.Node) *plantime.Node {
			luck := rand.New(rand.NewPCG(uint64(seed), 0))
			return func(ready []*plantime.Node) *plantime.Node { return ready[luck.IntN(len(ready))] }
		}
	}
	first := newSite(t, nil, nil)
	up(t, first, "seoul", "tokyo")
	for _, name := range slices.Sorted(maps.Keys(orders)) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := newSite(t, nil, nil).open(t)
			for _, stack := range []string{"seoul", "tokyo"} {
				g := newGate(registered(t, first, stack), orders[name]())
				e.Watch = g.watch
				if _, err := e.Up(t.Context(), stack); err != nil {
					t.Fatalf("%s: %v\nmade in this order: %v", stack, err, g.took)
				}
			}
		})
	}
}

// registered are the resources of a stack that its program registers: it reads
// the other stack, and default providers are the engine's own.
func registered(t *testing.T, s *site, stack string) plantime.Graph {
	t.Helper()
	raw, err := s.open(t).Project.State(stack)
	if err != nil {
		t.Fatal(err)
	}
	g, err := plantime.Read(raw)
	if err != nil {
		t.Fatal(err)
	}
	return slices.DeleteFunc(g, func(n *plantime.Node) bool {
		engines := strings.HasPrefix(n.Type, "pulumi:providers:") && strings.HasPrefix(n.Name(), "default")
		return engines || n.Type == "pulumi:pulumi:StackReference"
	})
}
