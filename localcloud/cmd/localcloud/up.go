package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"newsfeed/infra"
	"newsfeed/localcloud/engine"
	"newsfeed/localcloud/serve"
)

// upCmd brings both regions up.
type upCmd struct{}

// timing is one line of the table of where the time went.
type timing struct {
	what   string
	took   time.Duration
	detail string
}

// Run starts what does not run, then makes each stack what the program says.
func (*upCmd) Run(s *system) error {
	began := time.Now()
	project, err := s.load()
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
	e := &engine.Engine{Project: project, Program: infra.Deploy, Provider: client.Info.Provider, Out: os.Stdout}
	stacks, changed, err := s.bringAllUp(e, client)
	if err != nil {
		return errors.Join(err, s.stopIfEmpty(client, started))
	}
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

// bringAllUp runs the engine over every stack, a stack after its peer.
func (s *system) bringAllUp(e *engine.Engine, client *serve.Client) (times []timing, changed int, err error) {
	if err := client.Restore(s.ctx); err != nil {
		return nil, 0, err
	}
	for _, stack := range e.Project.Stacks {
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
	known, err := e.Project.Known(stack.Name)
	if err != nil {
		return engine.Result{}, err
	}
	removed, err := client.Sweep(s.ctx, stack.Name, known)
	if err != nil {
		return engine.Result{}, err
	}
	if len(removed) > 0 {
		fmt.Printf("removed %d resources that an interrupted run had made and not noted\n", len(removed))
	}
	return e.Up(s.ctx, stack.Name)
}

// previewCmd shows what up would change.
type previewCmd struct{}

// Run previews each stack against its state.
func (*previewCmd) Run(s *system) error {
	project, err := s.load()
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
	return errors.Join(s.previewAll(e), s.stopIfEmpty(client, started))
}

func (s *system) previewAll(e *engine.Engine) error {
	for _, stack := range e.Project.Stacks {
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
			text += fmt.Sprintf("; %s %.1f s", step.Name, step.Took.Seconds())
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
