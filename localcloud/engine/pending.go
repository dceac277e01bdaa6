package engine

import (
	"context"
	"encoding/json"

	"github.com/pulumi/pulumi/sdk/v3/go/auto"
)

// forgetPending clears what an interrupted run had begun: whatever came of it was
// swept from the local cloud before.
func (e *Engine) forgetPending(ctx context.Context, stack auto.Stack) error {
	state, _, err := e.Project.readState(stack.Name())
	if err != nil || len(state.Checkpoint.Latest.Pending) == 0 {
		return err
	}
	return edit(ctx, stack, func(deployment map[string]json.RawMessage) error {
		delete(deployment, "pending_operations")
		return nil
	})
}

// edit changes a stack's state through the engine's own export and import.
func edit(ctx context.Context, stack auto.Stack, change func(map[string]json.RawMessage) error) error {
	exported, err := stack.Export(ctx)
	if err != nil {
		return err
	}
	deployment := map[string]json.RawMessage{}
	if err := json.Unmarshal(exported.Deployment, &deployment); err != nil {
		return err
	}
	if err := change(deployment); err != nil {
		return err
	}
	if exported.Deployment, err = json.Marshal(deployment); err != nil {
		return err
	}
	return stack.Import(ctx, exported)
}
