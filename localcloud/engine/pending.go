package engine

import (
	"context"
	"encoding/json"

	"github.com/pulumi/pulumi/sdk/v3/go/auto"
)

// forgetPending clears what an interrupted run had begun, through the engine's
// own export and import: whatever came of it was swept from the local cloud
// before.
func (e *Engine) forgetPending(ctx context.Context, stack auto.Stack) error {
	state, _, err := e.Project.readState(stack.Name())
	if err != nil || len(state.Checkpoint.Latest.Pending) == 0 {
		return err
	}
	exported, err := stack.Export(ctx)
	if err != nil {
		return err
	}
	deployment := map[string]json.RawMessage{}
	if err := json.Unmarshal(exported.Deployment, &deployment); err != nil {
		return err
	}
	delete(deployment, "pending_operations")
	if exported.Deployment, err = json.Marshal(deployment); err != nil {
		return err
	}
	return stack.Import(ctx, exported)
}
