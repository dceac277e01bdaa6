package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"

	"gopkg.in/yaml.v3"

	"newsfeed/infra"
	"newsfeed/localcloud/engine"
	"newsfeed/localcloud/paper"
	"newsfeed/localcloud/plantime"
)

// planTimeCmd says how long AWS will take.
type planTimeCmd struct {
	Promote string `help:"The standby whose promotion is timed." default:"tokyo"`
}

// Run brings the stacks up on paper, and simulates the runs that made them and
// the one that promotes the standby.
func (c *planTimeCmd) Run(s *system) error {
	scratch, err := os.MkdirTemp("", "newsfeed-plan-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(scratch)
	cloud, err := paper.Open(filepath.Join(scratch, "cloud"), paper.Functions())
	if err != nil {
		return err
	}
	defer cloud.Close()
	plans, err := s.plans(scratch, c.Promote, cloud.Port)
	if err != nil {
		return err
	}
	total := 0.0
	for _, plan := range plans[:len(plans)-1] {
		plan.Write(os.Stdout)
		total += plan.Limited
	}
	fmt.Printf("both, one after the other as the second reads the first: %.1f min with parallelism %d\n\n", total, plantime.Parallelism)
	promotion := plans[len(plans)-1]
	promotion.Write(os.Stdout)
	serving, source, err := plantime.Serving()
	if err != nil {
		return err
	}
	fmt.Printf("and until the group that rose serves: %.1f min more (%s)\nSources of the times: localcloud/plantime/times.yaml\n", serving, source)
	return nil
}

// plans are those of each stack's first run, and of the promotion of one.
func (s *system) plans(scratch, promoted string, port int) (plans []*plantime.Plan, err error) {
	binary, err := paper.Binaries(filepath.Join(scratch, "bin"), nil)
	if err != nil {
		return nil, err
	}
	open := func(dir string) (*engine.Engine, error) {
		project, err := engine.Load(dir, filepath.Join(scratch, "local"), binary)
		if err == nil {
			err = project.Ready(io.Discard)
		}
		return &engine.Engine{Project: project, Program: infra.Deploy, Provider: port, Out: io.Discard, Scratch: true}, err
	}
	e, err := open(s.cli.Project)
	if err != nil {
		return nil, err
	}
	for _, stack := range e.Project.Stacks {
		if _, err := e.Up(s.ctx, stack.Name); err != nil {
			return nil, err
		}
		state, err := e.Project.State(stack.Name)
		if err != nil {
			return nil, err
		}
		plan, err := plantime.First(stack.Name+", first up", state)
		if err != nil {
			return nil, err
		}
		plans = append(plans, plan)
	}
	changed := filepath.Join(scratch, "promoted")
	if err := promote(s.cli.Project, changed, promoted); err != nil {
		return nil, err
	}
	if e, err = open(changed); err != nil {
		return nil, err
	}
	result, err := e.Up(s.ctx, promoted)
	if err != nil {
		return nil, err
	}
	state, err := e.Project.State(promoted)
	if err != nil {
		return nil, err
	}
	plan, err := plantime.Change(promoted+", promoted", state, result.Steps)
	return append(plans, plan), err
}

// promote copies the project's files with the stack's role made primary.
func promote(from, to, stack string) error {
	files, err := filepath.Glob(filepath.Join(from, "Pulumi*.yaml"))
	if err != nil {
		return err
	}
	if err := os.Mkdir(to, 0o700); err != nil {
		return err
	}
	for _, file := range files {
		raw, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		if filepath.Base(file) == "Pulumi."+stack+".yaml" {
			var content map[string]any
			if err := yaml.Unmarshal(raw, &content); err != nil {
				return fmt.Errorf("%s: %w", file, err)
			}
			if config, ok := content["config"].(map[string]any); ok {
				config["newsfeed:role"] = "primary"
			}
			if raw, err = yaml.Marshal(content); err != nil {
				return err
			}
		}
		if err := os.WriteFile(filepath.Join(to, filepath.Base(file)), raw, 0o600); err != nil {
			return err
		}
	}
	return nil
}
