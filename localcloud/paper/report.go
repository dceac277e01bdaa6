package paper

import (
	"errors"
	"fmt"
	"io"
	"strings"
)

// operations are the engine's words for what it does, in the order in which
// they are told.
var operations = []string{"create", "update", "replace", "delete"}

// summary says in a line what happens to the stack.
func (c Change) summary() string {
	if c.Err != nil {
		return fmt.Sprintf("%s: REFUSED: %s", c.Stack, c.Err)
	}
	if c.Result.Changed() == 0 {
		return fmt.Sprintf("%s: no changes, %d resources", c.Stack, c.Result.Changes["same"])
	}
	var parts []string
	for _, op := range operations {
		if n := c.Result.Changes[op]; n > 0 {
			parts = append(parts, fmt.Sprintf("%d to %s", n, op))
		}
	}
	return fmt.Sprintf("%s: %s, %d unchanged", c.Stack, strings.Join(parts, ", "), c.Result.Changes["same"])
}

// Write prints the report: a line for each stack first, then the diffs.
func (r *Report) Write(w io.Writer) {
	fmt.Fprintf(w, "The working tree against %s\n\n", r.Base)
	for _, change := range r.Changes {
		fmt.Fprintf(w, "  %s\n", change.summary())
	}
	if len(r.Binaries) > 0 {
		fmt.Fprintf(w, "\nAnother binary: %s. A hash of its sources stands in for its own below.\n", strings.Join(r.Binaries, ", "))
	}
	if len(r.Secrets) > 0 {
		fmt.Fprintf(w, "\nAnother secret value, or the same encrypted anew: %s. The values can't be read here: what takes one changes with it, and does not show below.\n",
			strings.Join(r.Secrets, ", "))
	}
	if r.Behind != "" {
		fmt.Fprintf(w, "\n%s\n", r.Behind)
	}
	for _, change := range r.Changes {
		if change.Err != nil || change.Result.Changed() > 0 {
			fmt.Fprintf(w, "\n── %s ──\n%s", change.Stack, change.Diff)
		}
	}
}

// Err is what the working tree may not do, or cannot.
func (r *Report) Err() error {
	var errs []error
	for _, change := range r.Changes {
		if change.Err != nil {
			errs = append(errs, fmt.Errorf("the working tree does not preview: %w", change.Err))
		}
	}
	return errors.Join(errs...)
}
