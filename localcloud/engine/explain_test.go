package engine

import (
	"errors"
	"testing"
)

func TestExplain(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ said, want string }{
		"the program's own errors, each once": {
			"failed to run update: exit status 255\ncode: 255\nstdout: Updating (seoul):\n\nDiagnostics:\n  pulumi:pulumi:Stack (newsfeed-seoul):\n" +
				"    error: program failed: 1 error occurred:\n    \t* newsfeed:web.min: is 'two', must be a number\n    newsfeed:network.azs: has 1 zone, needs 2 or 3\n\n" +
				"    error: an unhandled error occurred: program failed:\n    newsfeed:network.azs: has 1 zone, needs 2 or 3\n\nResources:\n    1 errored\n",
			"stack seoul: newsfeed:web.min: is 'two', must be a number\n  newsfeed:network.azs: has 1 zone, needs 2 or 3",
		},
		"a resource's error without what only says that there was one": {
			"x\nDiagnostics:\n  aws:rds:Instance (db):\n    error: db: address in use\n\n  pulumi:pulumi:Stack (s):\n    error: update failed\n\nResources:\n    + 3 created\n",
			"stack seoul: db: address in use",
		},
		"a refusal beside a diff": {
			"failed to run preview: exit status 255\ncode: 255\nstdout: Previewing update (seoul):\n  x\n\nstderr: error: Preview failed: unable to replace resource \"a\"\nas it is currently marked for protection.\nerror: preview failed\n",
			"stack seoul: unable to replace resource \"a\"\n  as it is currently marked for protection.",
		},
		"an error of the command line itself": {"exit status 1\nstderr: error: no stack named 'x'\n", "stack seoul: no stack named 'x'"},
	}
	for name, tt := range tests {
		if got := explain("seoul", errors.New(tt.said)); got == nil || got.Error() != tt.want {
			t.Errorf("%s: %v\nwant %s", name, got, tt.want)
		}
	}
	if err := explain("seoul", nil); err != nil {
		t.Errorf("nothing wrong: %v", err)
	}
}
