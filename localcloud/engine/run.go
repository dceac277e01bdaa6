package engine

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"

	"github.com/pulumi/pulumi/sdk/v3/go/auto"
	"github.com/pulumi/pulumi/sdk/v3/go/auto/events"
	"github.com/pulumi/pulumi/sdk/v3/go/auto/optdestroy"
	"github.com/pulumi/pulumi/sdk/v3/go/auto/optpreview"
	"github.com/pulumi/pulumi/sdk/v3/go/auto/optup"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// Engine runs the Pulumi CLI over a project.
type Engine struct {
	Project  *Project
	Program  pulumi.RunFunc // inline, or
	Command  string         // a compiled program, run as Pulumi's language host for Go runs it
	Provider int            // port on 127.0.0.1 of the aws provider
	Out      io.Writer      // the engine's own progress
	Color    string         // when it is coloured: always, never or auto; by default never
	Scratch  bool           // nobody takes up again what a killed run left
	AnyOrder bool           // takes a program that leaves to luck what AWS wants to be there first
	Watch    Watch          // of what is registered; may be nil

	command auto.PulumiCommand
}

// open selects the stack, and makes it at its first run. env is the CLI's.
func (e *Engine) open(ctx context.Context, name string, env map[string]string) (auto.Stack, error) {
	if e.command == nil {
		command, err := auto.NewPulumiCommand(&auto.PulumiCommandOptions{Root: e.root()})
		if err != nil {
			return auto.Stack{}, fmt.Errorf("find the Pulumi CLI: %w: 'make build' builds it", err)
		}
		e.command = command
	}
	if err := os.MkdirAll(e.Project.stateDir(), 0o700); err != nil {
		return auto.Stack{}, err
	}
	cli := thrifty{e.command, rules{e.AnyOrder, e.Watch}, e.Project.secrets.Key, e.Command}
	workspace, err := auto.NewLocalWorkspace(ctx, auto.Program(e.Program), auto.WorkDir(e.Project.workDir()),
		auto.Pulumi(cli), auto.EnvVars(env), auto.SecretsProvider(secretsProvider))
	if err != nil {
		return auto.Stack{}, err
	}
	_, exists, err := e.Project.readState(name)
	if err != nil {
		return auto.Stack{}, err
	}
	open := auto.NewStack
	if exists {
		open = auto.SelectStack
	}
	return open(ctx, name, workspace)
}

// root is where auto looks for bin/pulumi: beside our own program, where the
// Makefile builds it; else it is taken from PATH.
func (e *Engine) root() string {
	self, err := os.Executable()
	if err != nil {
		return ""
	}
	if _, err := os.Stat(filepath.Join(filepath.Dir(self), "pulumi")); err != nil {
		return ""
	}
	return filepath.Dir(filepath.Dir(self))
}

func (e *Engine) env() map[string]string {
	env := map[string]string{
		// Without metadata a file is written in one step: a kill leaves it whole.
		"PULUMI_BACKEND_URL":     "file://" + e.Project.stateDir() + "?metadata=skip",
		"PULUMI_DEBUG_PROVIDERS": "aws:" + strconv.Itoa(e.Provider),
		"PULUMI_HOME":            filepath.Join(e.Project.Local, "home"),
		"PULUMI_DIY_BACKEND_DISABLE_CHECKPOINT_BACKUPS": "true", // the last state stays beside the new one
		"PULUMI_SKIP_UPDATE_CHECK":                      "true",
		"PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION":   "true",
		"PULUMI_AUTOMATION_API_SKIP_VERSION_CHECK":      "true",
	}
	if e.Scratch {
		skipCheckpoints(env)
	}
	return env
}

// skipCheckpoints makes the engine write the state at its end only, and not
// after every step: with hundreds of resources that is most of a run's time.
func skipCheckpoints(env map[string]string) {
	env["PULUMI_EXPERIMENTAL"], env["PULUMI_SKIP_CHECKPOINTS"] = "true", "true"
}

// Up makes a stack what the program says.
func (e *Engine) Up(ctx context.Context, name string) (Result, error) {
	env := e.env()
	if !e.Project.Exists(name) {
		skipCheckpoints(env) // killed, the first run begins again from nothing
	}
	stack, err := e.open(ctx, name, env)
	if err != nil {
		return Result{}, err
	}
	if err := e.forgetPending(ctx, stack); err != nil {
		return Result{}, err
	}
	return e.measure(func(watch chan<- events.EngineEvent) error {
		_, err := stack.Up(ctx, optup.ProgressStreams(e.Out), optup.SuppressOutputs(), optup.EventStreams(watch))
		return explain(name, err)
	})
}

// Preview prints what Up would change.
func (e *Engine) Preview(ctx context.Context, name string) (Result, error) {
	stack, err := e.open(ctx, name, e.env())
	if err != nil {
		return Result{}, err
	}
	return e.measure(func(watch chan<- events.EngineEvent) error {
		_, err := stack.Preview(ctx, optpreview.ProgressStreams(e.Out), optpreview.Diff(), optpreview.Color(e.Color), optpreview.EventStreams(watch))
		return explain(name, err)
	})
}

// Destroy removes everything a stack holds, protected resources too, and then
// the stack: the local cloud is a means, what is in it may go.
func (e *Engine) Destroy(ctx context.Context, name string) (Result, error) {
	_, exists, err := e.Project.readState(name)
	if err != nil || !exists {
		return Result{}, err
	}
	// Deleting what is deleted is no error here: a state that lags behind does
	// no harm.
	env := e.env()
	skipCheckpoints(env)
	stack, err := e.open(ctx, name, env)
	if err != nil {
		return Result{}, err
	}
	if err := unprotect(ctx, stack); err != nil {
		return Result{}, fmt.Errorf("unprotect stack %s: %w", name, err)
	}
	return e.measure(func(watch chan<- events.EngineEvent) error {
		_, err := stack.Destroy(ctx, optdestroy.ProgressStreams(e.Out), optdestroy.EventStreams(watch))
		return explain(name, err)
	})
}
