package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"newsfeed/infra"
	"newsfeed/localcloud/engine"
	"newsfeed/localcloud/provider"
	"newsfeed/localcloud/serve"
)

// upCmd brings both regions up.
type upCmd struct {
	Stack string `help:"Bring up this stack only, as in a failover."`
}

// timing is one line of the table of where the time went.
type timing struct {
	what   string
	took   time.Duration
	detail string
}

// Run starts what does not run, then makes each stack what the program says.
func (c *upCmd) Run(s *system) error {
	began := time.Now()
	project, err := s.load()
	if err != nil {
		return err
	}
	chosen, err := choose(project, c.Stack)
	if err != nil {
		return err
	}
	if err := install(s.ctx, os.Stdout, servers); err != nil {
		return err
	}
	if err := s.check(project); err != nil {
		return err
	}
	client, started, err := s.ensureServing()
	if err != nil {
		return err
	}
	times := []timing{{what: "local cloud", took: time.Since(began), detail: map[bool]string{true: "started", false: "was running"}[started]}}
	if err := s.release(client, project, chosen); err != nil {
		return err
	}
	e := &engine.Engine{Project: project, Program: infra.Deploy, Provider: client.Info.Provider, Out: os.Stdout}
	stacks, changed, err := s.bringAllUp(e, client, chosen)
	if err != nil {
		return errors.Join(err, s.stopIfEmpty(client, started))
	}
	rolling := time.Now()
	if err := s.roll(project, chosen, os.Stdout); err != nil {
		return err
	}
	stacks = append(stacks, timing{what: "instances", took: time.Since(rolling), detail: "until the groups served"})
	status, err := client.Status(s.ctx)
	if err != nil {
		return err
	}
	fmt.Println()
	printStatus(os.Stdout, status)
	printTimes(os.Stdout, append(append(times, stacks...), timing{what: "all", took: time.Since(began)}))
	if changed == 0 {
		fmt.Println("\nNothing changed: everything was as the program says.")
	}
	fmt.Printf("\nOpen %s\n", status.URL)
	return nil
}

// release uploads the binary to the regions of the stacks, as 'make release' does
// on AWS.
func (s *system) release(client *serve.Client, project *engine.Project, stacks []engine.Stack) error {
	name, err := project.Release()
	if err != nil {
		return err
	}
	for _, stack := range stacks {
		bucket := infra.ArtifactsBucket(project.Name, provider.Account, stack.Region)
		if err := client.Release(s.ctx, serve.Release{Region: stack.Region, Bucket: bucket, Key: infra.Release(name).Key(), Path: project.Binary}); err != nil {
			return fmt.Errorf("release %s to %s: %w", name, stack.Region, err)
		}
	}
	return nil
}

// choose returns the stack of that name, or all when there is none given.
func choose(project *engine.Project, name string) ([]engine.Stack, error) {
	var known []string
	for _, stack := range project.Stacks {
		if stack.Name == name {
			return []engine.Stack{stack}, nil
		}
		known = append(known, stack.Name)
	}
	if name != "" {
		return nil, fmt.Errorf("there is no stack %q: %s has files for %s", name, project.Dir, strings.Join(known, " and "))
	}
	return project.Stacks, nil
}

// bringAllUp runs the engine over stacks, in their order.
func (s *system) bringAllUp(e *engine.Engine, client *serve.Client, stacks []engine.Stack) (times []timing, changed int, err error) {
	if err := client.Restore(s.ctx); err != nil {
		return nil, 0, err
	}
	for _, stack := range stacks {
		fmt.Printf("\n── %s (%s) ──\n", stack.Name, stack.Region)
		result, err := s.bringUp(e, client, stack)
		if err != nil {
			return nil, 0, err
		}
		changed += result.Changed()
		times = append(times, timing{what: stack.Name, took: result.Took, detail: describe(result)})
	}
	return times, changed, nil
}

// stopIfEmpty ends a local cloud that this command started for nothing: the
// program was refused before it made anything.
func (s *system) stopIfEmpty(client *serve.Client, started bool) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(s.ctx), 10*time.Second)
	defer cancel()
	status, err := client.Status(ctx)
	if err != nil || !started || status.Resources > 0 {
		return err
	}
	return client.Stop(ctx)
}

// check refuses what would stop half-way: a state file that can't be read, a
// stack that is locked, a binary that isn't there.
func (s *system) check(project *engine.Project) error {
	if _, err := os.Stat(s.cli.Binary); err != nil {
		return fmt.Errorf("the feed binary is missing: %w: 'make build' makes it", err)
	}
	for _, stack := range project.Stacks {
		keys := map[string]string{}
		for _, key := range stack.Keys {
			keys[key] = ""
		}
		if err := infra.CheckKeys(keys); err != nil {
			return fmt.Errorf("stack file Pulumi.%s.yaml: %w", stack.Name, err)
		}
	}
	return project.Ready(os.Stdout)
}

func (s *system) bringUp(e *engine.Engine, client *serve.Client, stack engine.Stack) (engine.Result, error) {
	known, interrupted, err := e.Project.Known(stack.Name)
	if err != nil {
		return engine.Result{}, err
	}
	if interrupted {
		removed, err := client.Sweep(s.ctx, stack.Name, known)
		if err != nil {
			return engine.Result{}, err
		}
		if len(removed) > 0 {
			fmt.Printf("removed %d resources that an interrupted run had made and not noted\n", len(removed))
		}
	}
	return e.Up(s.ctx, stack.Name)
}

// previewCmd shows what up would change.
type previewCmd struct {
	Stack string `help:"Preview this stack only." xor:"what"`
	Base  string `help:"Compare the working tree with this commit instead, on paper: no local cloud, no credentials." xor:"what"`
}

// Run previews each stack against its state.
func (c *previewCmd) Run(s *system) error {
	if c.Base != "" {
		return s.compare(c.Base)
	}
	project, err := s.load()
	if err != nil {
		return err
	}
	chosen, err := choose(project, c.Stack)
	if err != nil {
		return err
	}
	if err := s.check(project); err != nil {
		return err
	}
	client, started, err := s.ensureServing()
	if err != nil {
		return err
	}
	e := &engine.Engine{Project: project, Program: infra.Deploy, Provider: client.Info.Provider, Out: os.Stdout}
	return errors.Join(s.previewAll(e, chosen), s.stopIfEmpty(client, started))
}

func (s *system) previewAll(e *engine.Engine, stacks []engine.Stack) error {
	for _, stack := range stacks {
		fmt.Printf("\n── %s (%s) ──\n", stack.Name, stack.Region)
		if stack.Peer != "" && !e.Project.Exists(stack.Peer) {
			fmt.Printf("%s reads the outputs of %s, which was never brought up: 'make up', then preview again\n", stack.Name, stack.Peer)
			continue
		}
		result, err := e.Preview(s.ctx, stack.Name)
		if err != nil {
			return err
		}
		fmt.Printf("\n%s: %s, in %.1f s\n", stack.Name, describe(result), result.Took.Seconds())
	}
	return nil
}

// describe says in a few words what a run did.
func describe(r engine.Result) string {
	if r.Changed() == 0 {
		return fmt.Sprintf("nothing changed, %d resources", r.Changes["same"])
	}
	text := ""
	for _, op := range []string{"create", "update", "replace", "delete", "same"} {
		if n := r.Changes[op]; n > 0 {
			text += fmt.Sprintf(", %d %s", n, op)
		}
	}
	for i, step := range r.Slowest {
		if i < 3 && step.Took > time.Second {
			text += fmt.Sprintf("; %s %.1f s", step.Name(), step.Took.Seconds())
		}
	}
	return text[2:]
}

func printTimes(w io.Writer, times []timing) {
	fmt.Fprintln(w, "\nWhere the time went")
	for _, t := range times {
		fmt.Fprintf(w, "  %-12s %6.1f s  %s\n", t.what, t.took.Seconds(), t.detail)
	}
}
