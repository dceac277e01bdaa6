package infra

import (
	"slices"
	"testing"
)

// What the standby reads of the primary must be among what a stack exports.
func TestStacksExportWhatTheirPeerReads(t *testing.T) {
	t.Parallel()
	read := (&mocks{}).peerOutputs("organization/newsfeed/seoul")["outputs"].ObjectValue()
	for _, stack := range []string{"seoul", "tokyo"} {
		exported := mustDeploy(t, stack, nil).Outputs
		for key := range read {
			if exported[string(key)] == nil {
				t.Errorf("%s does not export %s", stack, key)
			}
		}
		if role := exported["role"]; !slices.Contains([]any{"primary", "standby"}, role) {
			t.Errorf("%s exports the role %v", stack, role)
		}
	}
}

// The same program twice is the same plan: or every preview would show changes.
func TestPlansAreStable(t *testing.T) {
	t.Parallel()
	for _, stack := range []string{"seoul", "tokyo"} {
		if change := difference(mustDeploy(t, stack, nil), mustDeploy(t, stack, nil)); change != "" {
			t.Errorf("%s declared twice differs:\n%s", stack, change)
		}
	}
}
