package plantime

import (
	"fmt"
	"io"
	"strings"

	"newsfeed/localcloud/engine"
)

// Parallelism is what is simulated beside no limit at all. The engine's own
// default is four for each processor it has.
const Parallelism = 10

// Plan is how long one run of the engine takes.
type Plan struct {
	What      string
	Steps     int
	Limited   float64 // minutes, with Parallelism
	Unlimited float64
	Chain     []*Span  // what determines Unlimited
	Serial    float64  // the longest chain of what AWS can only do in turn
	Needless  []string // what the chain waits for and AWS does not ask for

	times *Times
}

// Ratio compares minutes with the longest unavoidable chain.
func (p *Plan) Ratio(minutes float64) float64 {
	if p.Serial == 0 {
		return 1
	}
	return minutes / p.Serial
}

// First is the plan of a stack's first run, from the state that such a run
// left.
func First(what string, state []byte) (*Plan, error) { return plan(what, state, nil) }

// Change is the plan of a run that took these steps and left this state. What
// it deletes comes after all else and is not counted.
func Change(what string, state []byte, steps []engine.Step) (*Plan, error) {
	changed := map[string]engine.Step{}
	for _, step := range steps {
		changed[step.URN] = step
	}
	return plan(what, state, changed)
}

// plan simulates a run; steps is nil for one that makes everything.
func plan(what string, state []byte, steps map[string]engine.Step) (*Plan, error) {
	g, err := Read(state)
	if err != nil {
		return nil, err
	}
	p := &Plan{What: what}
	if p.times, err = Published(); err != nil {
		return nil, err
	}
	minutes := func(n *Node) float64 {
		step, taken := steps[n.URN]
		if steps != nil && !taken {
			return 0
		}
		operation := "create"
		if step.Op == "update" {
			operation = "update"
		}
		took, _ := p.times.step(n, operation, step.Changed)
		return took
	}
	p.Limited, _ = Simulate(g, Parallelism, minutes)
	p.Unlimited, p.Chain = Simulate(g, 0, minutes)
	unavoidable := func(before, after *Node) bool {
		// A cluster that is resized serves meanwhile, at the same address.
		resized := kind(before) == "elasticache/replicationGroup" && steps[before.URN].Op == "update"
		return must(before, after) && !resized
	}
	p.Serial, _ = Simulate(g.only(unavoidable), 0, minutes)
	for _, n := range g {
		if minutes(n) > 0 {
			p.Steps++
		}
	}
	for i := 1; i < len(p.Chain); i++ {
		if before, after := p.Chain[i-1].Node, p.Chain[i].Node; !unavoidable(before, after) {
			p.Needless = append(p.Needless, fmt.Sprintf("%s waits for %s", after.Name(), before.Name()))
		}
	}
	return p, nil
}

// Write prints the plan: totals, then the chain that holds it.
func (p *Plan) Write(w io.Writer) {
	fmt.Fprintf(w, "%s: %d resources\n", p.What, p.Steps)
	fmt.Fprintf(w, "  no limit        %5.1f min   %.2f of the longest chain that must be serial, %.1f min\n", p.Unlimited, p.Ratio(p.Unlimited), p.Serial)
	fmt.Fprintf(w, "  parallelism %d  %5.1f min   %.2f\n", Parallelism, p.Limited, p.Ratio(p.Limited))
	fmt.Fprintln(w, "  what holds it, from its start and for how long:")
	for _, span := range p.Chain {
		fmt.Fprintf(w, "    %5.1f  %5.1f  %-28s %s\n", span.Start, span.Minutes, span.Name(), strings.TrimPrefix(span.Type, "aws:"))
	}
	for _, needless := range p.Needless {
		fmt.Fprintf(w, "  AWS does not ask for it: %s\n", needless)
	}
	fmt.Fprintln(w)
}
