package main

import (
	"strings"
	"testing"

	"newsfeed/localcloud/engine"
)

func TestChoose(t *testing.T) {
	project := &engine.Project{Dir: "here", Stacks: []engine.Stack{{Name: "seoul"}, {Name: "tokyo"}}}
	for name, want := range map[string]int{"": 2, "tokyo": 1, "tokio": 0} {
		chosen, err := choose(project, name)
		if len(chosen) != want || (err == nil) != (want > 0) {
			t.Errorf("%q chooses %v: %v", name, chosen, err)
		}
		if err != nil && !strings.Contains(err.Error(), "seoul and tokyo") {
			t.Errorf("%q: error %v", name, err)
		}
	}
}
