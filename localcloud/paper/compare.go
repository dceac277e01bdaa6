package paper

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"golang.org/x/sync/errgroup"

	"newsfeed/localcloud/engine"
)

// Comparison is what a working tree would change, had its base commit been
// brought up: the engine's own diff of every stack.
type Comparison struct {
	Dir   string    // the working tree: a git repository, or a folder of one
	Base  string    // a commit, as git names it
	Color string    // of the diff: always or never
	Log   io.Writer // what is being done, while it is
}

// Change is what happens to one stack.
type Change struct {
	Stack  string
	Result engine.Result
	Diff   string // as the engine prints it
	Err    error  // why there is no diff, or no whole one
}

// Report is the outcome of a comparison.
type Report struct {
	Base     string   // its hash, and its name
	Behind   string   // says so when the working tree lacks what the base has
	Binaries []string // that differ
	Secrets  []string // that differ, or are encrypted anew: which, can't be told without their key
	Changes  []Change
}

// run is one comparison under way.
type run struct {
	*Comparison
	base, tree *source
	local      string // directory of the engines
	binaries   string // directory of what stands in for the binaries
	cloud      *Cloud
}

// Run compares. An error says which side it is of; one that is of a single
// stack is in the report.
func (c *Comparison) Run(ctx context.Context) (*Report, error) {
	scratch, err := os.MkdirTemp("", "newsfeed-preview-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(scratch)
	r := &run{Comparison: c, local: filepath.Join(scratch, "local"), binaries: filepath.Join(scratch, "bin"),
		tree: &source{name: "the working tree", dir: c.Dir, program: filepath.Join(scratch, "tree")}}
	if r.base, err = checkout(ctx, c.Dir, c.Base, filepath.Join(scratch, "files")); err != nil {
		return nil, err
	}
	r.base.program = filepath.Join(scratch, "base")
	report := &Report{Base: r.base.name, Behind: behind(ctx, c.Dir, c.Base)}
	if err := r.build(ctx); err != nil {
		return nil, err
	}
	for _, name := range slices.Sorted(maps.Keys(built)) {
		if !bytes.Equal(r.base.binaries[name], r.tree.binaries[name]) {
			report.Binaries = append(report.Binaries, name)
		}
	}
	if r.cloud, err = Open(filepath.Join(scratch, "cloud"), Functions()); err != nil {
		return nil, err
	}
	defer r.cloud.Close()
	stacks, err := r.bringUpBase(ctx)
	if err != nil {
		return nil, err
	}
	tree, err := r.open(r.tree)
	if err != nil {
		return nil, err
	}
	report.Secrets = changedSecrets(stacks, tree.Project.Stacks)
	report.Changes, err = r.preview(ctx, tree, stacks)
	return report, err
}

// build compiles both programs, or the one if they are the same, and
// fingerprints the binaries that they deploy.
func (r *run) build(ctx context.Context) error {
	fmt.Fprintf(r.Log, "compiling %s and the working tree\n", r.base.name)
	sides := []*source{r.base, r.tree}
	var programs [2][]byte
	group, within := errgroup.WithContext(ctx)
	for i, side := range sides {
		group.Go(func() (err error) {
			if err := side.fingerprints(within); err != nil {
				return err
			}
			programs[i], err = side.fingerprint(within, "./infra/program")
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return err
	}
	if bytes.Equal(programs[0], programs[1]) {
		r.base.program = r.tree.program
		return r.tree.compile(ctx)
	}
	group, within = errgroup.WithContext(ctx)
	for _, side := range sides {
		group.Go(func() error { return side.compile(within) })
	}
	return group.Wait()
}

// open is the engine over one side. Both sides see the same secrets, and
// binaries of the same paths.
func (r *run) open(side *source) (*engine.Engine, error) {
	feed, err := Binaries(r.binaries, side.binaries)
	if err != nil {
		return nil, err
	}
	project, err := engine.Load(side.dir, r.local, feed)
	if err == nil {
		err = project.Ready(io.Discard)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", side.name, err)
	}
	return &engine.Engine{Project: project, Command: side.program, Provider: r.cloud.Port, Out: io.Discard, Color: r.Color, Scratch: true}, nil
}

// bringUpBase makes the state to compare with, and returns its stacks.
func (r *run) bringUpBase(ctx context.Context) ([]engine.Stack, error) {
	e, err := r.open(r.base)
	if err != nil {
		return nil, err
	}
	e.AnyOrder = true // what is committed is mended by the working tree, which is held to it
	r.cloud.Lenient(true)
	defer r.cloud.Lenient(false)
	for _, stack := range e.Project.Stacks {
		fmt.Fprintf(r.Log, "%s: bringing %s up on paper\n", stack.Name, r.base.name)
		if _, err := e.Up(ctx, stack.Name); err != nil {
			return nil, fmt.Errorf("%s does not come up: %w", r.base.name, err)
		}
	}
	return e.Project.Stacks, nil
}

// preview asks the engine what the working tree changes, stack after stack. A
// stack that another one reads is then brought up too, so that the other sees
// its outputs as they will be.
func (r *run) preview(ctx context.Context, e *engine.Engine, before []engine.Stack) ([]Change, error) {
	var changes []Change
	for _, stack := range e.Project.Stacks {
		fmt.Fprintf(r.Log, "%s: previewing the working tree\n", stack.Name)
		var diff bytes.Buffer
		e.Out = &diff
		result, err := e.Preview(ctx, stack.Name)
		e.Out = io.Discard
		read := slices.ContainsFunc(e.Project.Stacks, func(other engine.Stack) bool { return other.Peer == stack.Name })
		if err == nil && read && result.Changed() > 0 {
			_, err = e.Up(ctx, stack.Name)
		}
		changes = append(changes, Change{Stack: stack.Name, Result: result, Diff: diff.String(), Err: err})
	}
	for _, was := range before {
		if named(e.Project.Stacks, was.Name) == nil {
			changes = append(changes, Change{Stack: was.Name, Err: fmt.Errorf("stack %s has no file any more: "+
				"what it holds stays until it is destroyed: pulumi destroy --stack %[1]s", was.Name)})
		}
	}
	return changes, ctx.Err()
}

// changedSecrets names the secrets of which both sides have one, encrypted
// otherwise.
func changedSecrets(before, now []engine.Stack) (changed []string) {
	for _, was := range before {
		is := named(now, was.Name)
		if is == nil {
			continue
		}
		for _, key := range slices.Sorted(maps.Keys(was.Secrets)) {
			if ciphertext, kept := is.Secrets[key]; kept && ciphertext != was.Secrets[key] {
				changed = append(changed, fmt.Sprintf("%s of %s", key, was.Name))
			}
		}
	}
	return changed
}

func named(stacks []engine.Stack, name string) *engine.Stack {
	for i := range stacks {
		if stacks[i].Name == name {
			return &stacks[i]
		}
	}
	return nil
}
