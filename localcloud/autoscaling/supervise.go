package autoscaling

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"newsfeed/localcloud/process"
)

// stopTimeout is how long a process gets from SIGTERM on.
const stopTimeout = 25 * time.Second

// beforeTimeout bounds what a unit runs before its service.
const beforeTimeout = 90 * time.Second

// supervise runs a unit as systemd does: it is started again where the unit
// says so, after RestartSec, unless it was started too often.
func (g *group) supervise(i *instance, u unit, binary string, env []string) {
	var starts []time.Time
	for {
		limit := g.service.allowed(u.limit)
		starts = slices.DeleteFunc(starts, func(at time.Time) bool { return time.Since(at) > limit })
		if u.limit > 0 && len(starts) >= u.burst {
			g.unitFailed(i, u)
			return
		}
		starts = append(starts, time.Now())
		err := g.runUnit(i, u, binary, env)
		if i.ctx.Err() != nil {
			return
		}
		if err != nil {
			g.complain(i, fmt.Errorf("unit %s: %w", u.name, err))
		}
		if !u.restarts(err) {
			if err != nil {
				g.unitFailed(i, u)
			}
			return
		}
		if g.service.Clock.Sleep(i.ctx, u.restartAfter) != nil {
			return
		}
	}
}

// runUnit returns when the unit's process has ended, and how; it ends with the
// instance.
func (g *group) runUnit(i *instance, u unit, binary string, env []string) error {
	dir := i.unitDir(u)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	for _, args := range u.before {
		if err := runBefore(i.ctx, dir, binary, args, env); err != nil {
			return err
		}
	}
	proc, err := process.Start(i.ctx, process.Spec{
		Name: u.name, Path: binary, Args: u.serve, Env: env, Dir: dir, StopTimeout: stopTimeout,
	})
	if err != nil {
		return err
	}
	g.mu.Lock()
	i.procs[u.name] = proc
	g.mu.Unlock()
	select {
	case <-proc.Done():
		return proc.Err()
	case <-i.ctx.Done():
	}
	g.mu.Lock()
	killed := i.killed
	g.mu.Unlock()
	if killed {
		proc.Kill()
	} else {
		proc.Stop()
	}
	return nil
}

func runBefore(ctx context.Context, dir, binary string, args, env []string) error {
	ctx, cancel := context.WithTimeout(ctx, beforeTimeout)
	defer cancel()
	cmd := exec.CommandContext(ctx, binary, args...)
	cmd.Env, cmd.Dir = env, dir
	out, err := cmd.CombinedOutput()
	if err != nil {
		const most = 800
		return fmt.Errorf("%s %s: %w\n%s", program, strings.Join(args, " "), err, out[max(0, len(out)-most):])
	}
	return nil
}

// unitDir is the main unit's the instance's own directory, and one below it for
// another.
func (i *instance) unitDir(u unit) string {
	if u.name == program {
		return i.dir
	}
	return filepath.Join(i.dir, u.name)
}

func appendLine(file, line string) error {
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		return err
	}
	f, err := os.OpenFile(file, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(f, line)
	return errors.Join(err, f.Close())
}

// discard frees what the instance held; its processes have ended. Its logs
// stay, under the group's name.
func (g *group) discard(i *instance) {
	var errs []error
	for _, u := range i.template.boot.units {
		name := fmt.Sprintf("%s-%s-%s", g.spec.region, g.spec.name, i.id)
		if u.name != program {
			name += "-" + u.name
		}
		err := os.Rename(filepath.Join(i.unitDir(u), u.name+".log"), filepath.Join(g.service.Logs, name+".log"))
		if !errors.Is(err, fs.ErrNotExist) { // it never ran
			errs = append(errs, err)
		}
	}
	errs = append(errs, os.RemoveAll(i.dir), g.service.Addresses.Release(i.id))
	if err := errors.Join(errs...); err != nil {
		slog.Error("instance left something behind", "instance", i.id, "error", err)
	}
}
