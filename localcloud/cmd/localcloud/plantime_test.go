package main

import (
	"testing"

	"newsfeed/localcloud/plantime"
)

// The program makes nothing wait that AWS does not: each stack's first run is
// within a twentieth of the longest chain that must be serial.
func TestPlanTime(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil, nil)
	up(t, s, "seoul", "tokyo")
	e := s.open(t)
	for _, stack := range e.Project.Stacks {
		state, err := e.Project.State(stack.Name)
		if err != nil {
			t.Fatal(err)
		}
		plan, err := plantime.First(stack.Name, state)
		if err != nil {
			t.Fatal(err)
		}
		if plan.Unlimited < 15 || plan.Ratio(plan.Unlimited) > 1.05 {
			t.Errorf("%s takes %.1f min, %.2f of what must be serial: %v", stack.Name, plan.Unlimited, plan.Ratio(plan.Unlimited), plan.Needless)
		}
	}
}
