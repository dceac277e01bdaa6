package engine

import (
	"bytes"
	"context"
	"encoding/json"

	"github.com/pulumi/pulumi/sdk/v3/go/auto"
)

// lifted are the properties by which a provider, and AWS behind it, refuses to
// delete, and the values with which it does not.
var lifted = map[string]bool{
	"deletionProtection": false, "enableDeletionProtection": false, "forceDestroy": true, "skipFinalSnapshot": true,
}

// unprotect lets every resource of a stack go, in its state: neither the engine
// nor the provider stops at one.
func unprotect(ctx context.Context, stack auto.Stack) error {
	return edit(ctx, stack, func(deployment map[string]json.RawMessage) error {
		var resources []map[string]any
		numbers := json.NewDecoder(bytes.NewReader(deployment["resources"]))
		numbers.UseNumber()
		if err := numbers.Decode(&resources); err != nil {
			return err
		}
		for _, r := range resources {
			delete(r, "protect")
			if outputs, ok := r["outputs"].(map[string]any); ok {
				for property, value := range lifted {
					outputs[property] = value // a default is not written out
				}
			}
		}
		raw, err := json.Marshal(resources)
		deployment["resources"] = raw
		return err
	})
}
