package process

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"sync"
	"syscall"
	"time"
)

// Spec says what to run and how to tell that it serves.
type Spec struct {
	Name string   // for errors, and for the log and pid files in Dir
	Path string   // the program
	Args []string // without the program's name
	Env  []string // the whole environment
	Dir  string   // working directory; made when absent; its own
	// Ready is asked again until it returns nil. Nil means: ready at once.
	Ready        func(context.Context) error
	ReadyTimeout time.Duration // default 30 s
	StopTimeout  time.Duration // from SIGTERM to SIGKILL; default 10 s
}

// Process is a running program. Its methods are safe for concurrent use.
type Process struct {
	spec Spec
	cmd  *exec.Cmd
	done chan struct{}
	err  error // of Wait; read after done
}

// spawn runs f on the one thread that starts every child: the death signal
// of a child is tied to the thread that started it, and this one lives as long
// as the process does.
var spawn = sync.OnceValue(func() chan<- func() {
	work := make(chan func())
	go func() {
		runtime.LockOSThread()
		for f := range work {
			f()
		}
	}()
	return work
})

// Start runs spec and waits until it is ready. What an earlier run left behind
// in the same directory is ended first. When the program exits early or isn't
// ready in time, the error shows the end of its log and nothing is left running.
func Start(ctx context.Context, spec Spec) (*Process, error) {
	if spec.ReadyTimeout == 0 {
		spec.ReadyTimeout = 30 * time.Second
	}
	if spec.StopTimeout == 0 {
		spec.StopTimeout = 10 * time.Second
	}
	if err := os.MkdirAll(spec.Dir, 0o700); err != nil {
		return nil, err
	}
	if err := EndLeftover(spec.Dir, spec.StopTimeout); err != nil {
		return nil, fmt.Errorf("%s: %w", spec.Name, err)
	}
	p := &Process{spec: spec, done: make(chan struct{})}
	if err := p.launch(); err != nil {
		return nil, err
	}
	if err := p.awaitReady(ctx); err != nil {
		p.Stop()
		return nil, fmt.Errorf("%s did not become ready: %w\n%s", spec.Name, err, p.logTail())
	}
	return p, nil
}

func (p *Process) launch() error {
	log, err := os.OpenFile(p.LogPath(), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	defer log.Close()
	p.cmd = exec.Command(p.spec.Path, p.spec.Args...)
	p.cmd.Env, p.cmd.Dir = p.spec.Env, p.spec.Dir
	p.cmd.Stdout, p.cmd.Stderr = log, log
	p.cmd.SysProcAttr = ownGroup()
	started := make(chan error, 1)
	spawn() <- func() { started <- p.cmd.Start() }
	if err := <-started; err != nil {
		return fmt.Errorf("start %s: %w", p.spec.Name, err)
	}
	if err := recordPID(p.spec.Dir, p.cmd.Process.Pid); err != nil {
		p.cmd.Process.Kill()
		p.cmd.Wait()
		return err
	}
	go func() {
		p.err = p.cmd.Wait()
		close(p.done)
	}()
	return nil
}

func (p *Process) awaitReady(ctx context.Context) error {
	if p.spec.Ready == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, p.spec.ReadyTimeout)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		err := p.spec.Ready(ctx)
		if err == nil {
			return nil
		}
		select {
		case <-p.done:
			return fmt.Errorf("it exited: %v", p.err)
		case <-ctx.Done():
			return fmt.Errorf("%w; last answer: %w", context.Cause(ctx), err)
		case <-tick.C:
		}
	}
}

// Stop asks the process to end, forces it after its StopTimeout, and returns
// when it is gone.
func (p *Process) Stop() {
	defer os.Remove(pidPath(p.spec.Dir))
	p.Signal(syscall.SIGTERM)
	select {
	case <-p.done:
	case <-time.After(p.spec.StopTimeout):
		p.Signal(syscall.SIGKILL)
		<-p.done
	}
}

// Kill ends the process at once and returns when it is gone.
func (p *Process) Kill() {
	defer os.Remove(pidPath(p.spec.Dir))
	p.Signal(syscall.SIGKILL)
	<-p.done
}

// Signal sends sig; a process that is gone already is no error.
func (p *Process) Signal(sig syscall.Signal) error {
	err := p.cmd.Process.Signal(sig)
	if errors.Is(err, os.ErrProcessDone) {
		return nil
	}
	return err
}

// Done is closed when the process has ended.
func (p *Process) Done() <-chan struct{} { return p.done }

// Running says whether the process has not ended yet.
func (p *Process) Running() bool {
	select {
	case <-p.done:
		return false
	default:
		return true
	}
}

// Err is how the process ended: nil for exit status 0. It is called when Done
// is closed.
func (p *Process) Err() error { return p.err }

// PID is the operating system's number for the process.
func (p *Process) PID() int { return p.cmd.Process.Pid }

// LogPath is the file that holds the program's standard output and error.
func (p *Process) LogPath() string { return filepath.Join(p.spec.Dir, p.spec.Name+".log") }

// logTail returns the last 1,500 bytes of the log.
func (p *Process) logTail() string {
	raw, err := os.ReadFile(p.LogPath())
	if err != nil {
		return err.Error()
	}
	const most = 1500
	if len(raw) > most {
		raw = raw[len(raw)-most:]
	}
	return string(raw)
}
