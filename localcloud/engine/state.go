package engine

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"newsfeed/localcloud/process"
)

// checkpoint is the part of the engine's state file that is read here.
type checkpoint struct {
	Checkpoint struct {
		Latest struct {
			Resources []struct {
				Type    string                     `json:"type"`
				ID      string                     `json:"id"`
				Outputs map[string]json.RawMessage `json:"outputs"`
			} `json:"resources"`
			Pending []json.RawMessage `json:"pending_operations"`
		} `json:"latest"`
	} `json:"checkpoint"`
}

func (p *Project) stateDir() string { return filepath.Join(p.Local, "state") }

func (p *Project) stateFile(stack string) string {
	return filepath.Join(p.stateDir(), ".pulumi", "stacks", p.Name, stack+".json")
}

// readState reads a stack's state; exists is false before its first run. A
// file that can't be read is left as it is.
func (p *Project) readState(stack string) (c checkpoint, exists bool, err error) {
	file := p.stateFile(stack)
	raw, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return c, false, nil
	}
	if err != nil {
		return c, false, err
	}
	if err := json.Unmarshal(raw, &c); err != nil {
		return c, true, fmt.Errorf("state file %s is corrupt: %w; it was left as it is. "+
			"The engine keeps the state before the last run beside it: "+
			"cp '%s.bak' '%s' and try again, or start afresh with 'localcloud down --force'", file, err, file, file)
	}
	return c, true, nil
}

// State returns the file of a stack's state.
func (p *Project) State(stack string) ([]byte, error) { return os.ReadFile(p.stateFile(stack)) }

// Output returns an output of the stack as JSON, nil if it has none of that name.
func (p *Project) Output(stack, name string) (json.RawMessage, error) {
	state, _, err := p.readState(stack)
	for _, r := range state.Checkpoint.Latest.Resources {
		if r.Type == "pulumi:pulumi:Stack" {
			return r.Outputs[name], err
		}
	}
	return nil, err
}

// known returns the ids in the state by type.
func (c checkpoint) known() map[string][]string {
	ids := map[string][]string{}
	for _, r := range c.Checkpoint.Latest.Resources {
		if r.ID != "" {
			ids[r.Type] = append(ids[r.Type], r.ID)
		}
	}
	return ids
}

// unlock removes the lock that a killed run left on a stack, and says so. A
// lock whose holder lives is an error.
func (p *Project) unlock(stack string, say io.Writer) error {
	locks, err := filepath.Glob(filepath.Join(p.stateDir(), ".pulumi", "locks", "organization", p.Name, stack, "*.json"))
	if err != nil {
		return err
	}
	for _, file := range locks {
		var holder struct {
			PID       int       `json:"pid"`
			Timestamp time.Time `json:"timestamp"`
		}
		raw, err := os.ReadFile(file)
		if errors.Is(err, fs.ErrNotExist) {
			continue // its holder has just ended
		}
		if err != nil {
			return err
		}
		if err := json.Unmarshal(raw, &holder); err == nil && process.StartTime(holder.PID) != "" {
			return fmt.Errorf("stack %s is being changed by process %d since %s: wait for it, or end it with 'kill %d', then try again",
				stack, holder.PID, holder.Timestamp.Format(time.DateTime), holder.PID)
		}
		if err := os.Remove(file); err != nil {
			return err
		}
		fmt.Fprintf(say, "stack %s was left locked by a run that was killed (process %d, %s): unlocked\n",
			stack, holder.PID, holder.Timestamp.Format(time.DateTime))
	}
	return nil
}

// Ready says whether the stacks can be worked on, and writes the overlaid
// copy: networks are distinct, every state file reads, no stack is locked by
// someone who lives.
func (p *Project) Ready(say io.Writer) error {
	if err := p.distinct(); err != nil {
		return err
	}
	for _, stack := range p.Stacks {
		if err := p.peered(stack); err != nil {
			return err
		}
		if _, _, err := p.readState(stack.Name); err != nil {
			return err
		}
		if err := p.unlock(stack.Name, say); err != nil {
			return err
		}
	}
	return p.Overlay()
}

// peered refuses a standby whose peer is neither here nor was ever brought up.
func (p *Project) peered(stack Stack) error {
	here := slices.ContainsFunc(p.Stacks, func(other Stack) bool { return other.Name == stack.Peer })
	if stack.Peer == "" || here || p.Exists(stack.Peer) {
		return nil
	}
	return fmt.Errorf("newsfeed:peer: stack %s stands by for stack %s, which was never brought up: bring it up first: "+
		"put Pulumi.%[2]s.yaml back, then make up", stack.Name, stack.Peer)
}

// Exists says whether a stack was ever brought up.
func (p *Project) Exists(stack string) bool {
	state, _, err := p.readState(stack)
	return err == nil && len(state.Checkpoint.Latest.Resources) > 0
}

// Known returns the ids in a stack's state by type, and whether an interrupted
// run may have made more than it tells of.
func (p *Project) Known(stack string) (ids map[string][]string, interrupted bool, err error) {
	state, _, err := p.readState(stack)
	latest := state.Checkpoint.Latest
	return state.known(), len(latest.Resources) == 0 || len(latest.Pending) > 0, err
}
