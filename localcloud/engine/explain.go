package engine

import (
	"fmt"
	"regexp"
	"strings"
)

// noise is what the engine wraps around a message.
var noise = regexp.MustCompile(`^(error: |an unhandled error occurred: |program failed: |\d+ errors? occurred:|waiting for RPCs: |Preview failed: |Update failed: |\* )+`)

// summary are lines that only say that there were errors.
var summary = regexp.MustCompile(`^(update|preview|destroy) failed$|^\d+ errors? occurred:?$|^an unhandled error occurred:?$|^program failed:?$|^Resources:|^error: `)

// explain keeps of the automation API's long error what the engine's
// diagnostics say is wrong: the rest was streamed already.
func explain(stack string, err error) error {
	if err == nil {
		return nil
	}
	_, diagnostics, found := strings.Cut(err.Error(), "\nDiagnostics:\n")
	if !found { // a preview that prints diffs has none
		_, diagnostics, _ = strings.Cut(err.Error(), "\nstderr: ")
	}
	var said []string
	seen := map[string]bool{}
	within := false // an error's message: it ends at an empty line
	for line := range strings.Lines(diagnostics) {
		text := strings.TrimSpace(line)
		within = text != "" && (within || strings.HasPrefix(text, "error: "))
		if !within {
			continue
		}
		text = strings.TrimSpace(noise.ReplaceAllString(text, ""))
		if text != "" && !summary.MatchString(text) && !seen[text] {
			seen[text] = true
			said = append(said, text)
		}
	}
	if len(said) == 0 {
		return fmt.Errorf("stack %s: %w", stack, err)
	}
	return fmt.Errorf("stack %s: %s", stack, strings.Join(said, "\n  "))
}
