package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sync/errgroup"

	"newsfeed/infra"
	"newsfeed/localcloud/engine"
	"newsfeed/localcloud/process"
	"newsfeed/localcloud/serve"
)

// downCmd removes everything but binaries and logs.
type downCmd struct {
	Force bool `help:"Do not ask the engine: end every process and delete the data, whatever state they are in."`
}

// Run destroys the stacks through the engine, then ends the local cloud.
func (c *downCmd) Run(s *system) error {
	began := time.Now()
	client, err := serve.Connect(s.serve)
	switch {
	case errors.Is(err, serve.ErrNotRunning):
		fmt.Println("the local cloud is not running: its data are removed")
	case err != nil:
		return err
	case c.Force:
		err = client.Stop(s.ctx)
	default:
		if err := s.destroy(client); err != nil {
			return fmt.Errorf("%w\n'localcloud down --force' removes everything without the engine", err)
		}
		err = client.Stop(s.ctx)
	}
	if err != nil && !errors.Is(err, serve.ErrNotRunning) {
		return err
	}
	if err := s.remove(); err != nil {
		return err
	}
	fmt.Printf("\nEverything is removed, in %.1f s; logs are in %s\n", time.Since(began).Seconds(), s.serve.LogDir())
	return nil
}

func (s *system) destroy(client *serve.Client) error {
	project, err := s.load()
	if err != nil {
		return err
	}
	if err := project.Ready(os.Stdout); err != nil {
		return err
	}
	e := &engine.Engine{Project: project, Program: infra.Deploy, Provider: client.Info.Provider, Out: io.Discard}
	// Here nothing of one stack stands in the way of the other's end.
	var group errgroup.Group
	for _, stack := range project.Stacks {
		group.Go(func() error {
			result, err := e.Destroy(s.ctx, stack.Name)
			if err == nil {
				fmt.Printf("%s: %d resources deleted in %.1f s\n", stack.Name, result.Changes["delete"], result.Took.Seconds())
			}
			return err
		})
	}
	return group.Wait()
}

// remove deletes the data, once nothing that a killed local cloud left behind
// runs any more.
func (s *system) remove() error {
	for _, pattern := range []string{"cloud/*/*/pid", "cloud/*/*/*/pid"} {
		pids, err := filepath.Glob(filepath.Join(s.cli.Dir, pattern))
		if err != nil {
			return err
		}
		for _, pid := range pids {
			if err := process.EndLeftover(filepath.Dir(pid), 10*time.Second); err != nil {
				return err
			}
		}
	}
	for _, dir := range []string{"cloud", "state", "work", "home"} {
		if err := os.RemoveAll(filepath.Join(s.cli.Dir, dir)); err != nil {
			return err
		}
	}
	return nil
}
