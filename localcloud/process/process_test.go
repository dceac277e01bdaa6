package process_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"newsfeed/localcloud/process"
)

func shell(t *testing.T, script string) process.Spec {
	return process.Spec{Name: "it", Path: "/bin/sh", Args: []string{"-c", script}, Env: os.Environ(), Dir: t.TempDir(), StopTimeout: 200 * time.Millisecond}
}

func TestStart(t *testing.T) {
	t.Parallel()
	t.Run("waits until it is ready", func(t *testing.T) {
		t.Parallel()
		spec := shell(t, "touch ready; exec sleep 60")
		spec.Ready = func(context.Context) error { _, err := os.Stat(filepath.Join(spec.Dir, "ready")); return err }
		p, err := process.Start(t.Context(), spec)
		if err != nil {
			t.Fatal(err)
		}
		defer p.Stop()
		if !p.Running() {
			t.Error("it does not run")
		}
	})
	t.Run("tells why it exited before it was ready", func(t *testing.T) {
		t.Parallel()
		spec := shell(t, "echo no such database; exit 3")
		spec.Ready = func(context.Context) error { return errors.New("not yet") }
		_, err := process.Start(t.Context(), spec)
		if err == nil || !strings.Contains(err.Error(), "exit status 3") || !strings.Contains(err.Error(), "no such database") {
			t.Errorf("error %v", err)
		}
	})
	t.Run("stops one that ignores SIGTERM by force", func(t *testing.T) {
		t.Parallel()
		spec := shell(t, "trap '' TERM; touch ready; while :; do sleep 0.05; done")
		spec.Ready = func(context.Context) error { _, err := os.Stat(filepath.Join(spec.Dir, "ready")); return err }
		p, err := process.Start(t.Context(), spec)
		if err != nil {
			t.Fatal(err)
		}
		p.Stop()
		if process.StartTime(p.PID()) != "" {
			t.Error("it still runs")
		}
	})
	t.Run("ends what an earlier run left in the directory", func(t *testing.T) {
		t.Parallel()
		spec := shell(t, "exec sleep 60")
		first, err := process.Start(t.Context(), spec)
		if err != nil {
			t.Fatal(err)
		}
		second, err := process.Start(t.Context(), spec)
		if err != nil {
			t.Fatal(err)
		}
		defer second.Stop()
		select {
		case <-first.Done():
		case <-time.After(5 * time.Second):
			t.Error("the first still runs")
		}
	})
}

func TestEndLeftover(t *testing.T) {
	t.Parallel()
	t.Run("leaves a process alone that was given the number later", func(t *testing.T) {
		t.Parallel()
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, "pid"), fmt.Appendf(nil, "%d 1\n", os.Getpid()), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := process.EndLeftover(dir, 0); err != nil {
			t.Error(err)
		}
	})
	t.Run("takes a pid file that a crash cut short for none", func(t *testing.T) {
		t.Parallel()
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, "pid"), nil, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := process.EndLeftover(dir, 0); err != nil {
			t.Error(err)
		}
	})
}

func TestKeep(t *testing.T) {
	t.Parallel()
	spec := shell(t, "exec sleep 60")
	k, err := process.Keep(t.Context(), "it", func(ctx context.Context) (*process.Process, error) { return process.Start(ctx, spec) })
	if err != nil {
		t.Fatal(err)
	}
	defer k.Stop()
	first := k.Current()
	if err := first.Signal(syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(10 * time.Second); k.Current() == first; {
		if time.Now().After(deadline) {
			t.Fatal("it was not started again")
		}
		time.Sleep(5 * time.Millisecond) // between two looks at the condition
	}
}

func TestListenNamesTheHolder(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	_, err = process.Listen(l.Addr().String())
	if want := fmt.Sprintf("(pid %d)", os.Getpid()); err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("error %v, want one that names %s", err, want)
	}
}
