package infra

import (
	"maps"
	"slices"
	"testing"
)

// Whatever AWS wants to be there first is declared as a dependency: the engine
// makes all else at the same time, in an order that differs from run to run.
func TestEveryPlanDeclaresWhatAWSWantsFirst(t *testing.T) {
	t.Parallel()
	plans := everyPlan(t)
	for _, name := range slices.Sorted(maps.Keys(plans)) {
		for _, broken := range plans[name].Unordered {
			t.Errorf("%s: %s", name, broken)
		}
	}
}
