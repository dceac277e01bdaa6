package plantime

import (
	_ "embed" // the times below
	"fmt"
	"slices"

	"gopkg.in/yaml.v3"
)

//go:embed times.yaml
var timesYAML []byte

// rule is how long one kind of step takes, and who says so.
type rule struct {
	Type      string
	Operation string // create if empty
	With      string // holds if this input is given
	Changes   []string
	Minutes   float64
	Source    string
}

// Times are the minutes that steps take.
type Times struct {
	Default struct {
		Create, Update float64
		Source         string
	}
	Rules   []rule
	Serving struct {
		Group struct {
			Minutes float64
			Source  string
		}
	}
}

// Published returns the times in times.yaml.
func Published() (*Times, error) {
	t := &Times{}
	if err := yaml.Unmarshal(timesYAML, t); err != nil {
		return nil, fmt.Errorf("times.yaml: %w", err)
	}
	return t, nil
}

// Create returns the minutes that making n takes.
func (t *Times) Create(n *Node) float64 {
	minutes, _ := t.step(n, "create", nil)
	return minutes
}

// step returns the minutes of a step on n, and who says so: create, or update
// with what it changes.
func (t *Times) step(n *Node, operation string, changed []string) (minutes float64, source string) {
	if !n.Custom {
		return 0, ""
	}
	for _, r := range t.Rules {
		if r.Type == n.Type && r.fits(n, operation, changed) {
			return r.Minutes, r.Source
		}
	}
	if operation == "update" {
		return t.Default.Update, t.Default.Source
	}
	return t.Default.Create, t.Default.Source
}

func (r rule) fits(n *Node, operation string, changed []string) bool {
	if r.Operation == "" {
		r.Operation = "create"
	}
	touches := len(r.Changes) == 0 || slices.ContainsFunc(changed, func(p string) bool { return slices.Contains(r.Changes, p) })
	return r.Operation == operation && touches && (r.With == "" || given(n.Inputs[r.With]))
}

// given says whether an input asks for something.
func given(input any) bool {
	switch v := input.(type) {
	case nil:
		return false
	case bool:
		return v
	case string:
		return v != ""
	case []any:
		return len(v) > 0
	}
	return true
}

// Serving returns the minutes from the end of a run that raised a group until
// its instances serve, and who says so.
func Serving() (minutes float64, source string, err error) {
	t, err := Published()
	if err != nil {
		return 0, "", err
	}
	return t.Serving.Group.Minutes, t.Serving.Group.Source, nil
}
