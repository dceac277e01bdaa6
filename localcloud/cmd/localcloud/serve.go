package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"

	"newsfeed/localcloud/serve"
)

// serveCmd is the daemon.
type serveCmd struct {
	Domain string `help:"Domain that the front door opens to; default: that of the first stack."`
}

// Run serves until it is told to stop.
func (c *serveCmd) Run(s *system) error {
	if _, err := s.load(); err != nil {
		return err
	}
	if c.Domain != "" {
		s.serve.Domain = c.Domain
	}
	slog.SetDefault(slog.New(slog.NewTextHandler(os.Stderr, nil)))
	d, err := serve.Open(s.ctx, s.serve)
	if err != nil {
		return err
	}
	defer d.Close()
	slog.Info("serving", "dir", s.cli.Dir, "front_door", s.serve.FrontDoor)
	select {
	case <-s.ctx.Done():
	case <-d.Stopped():
	}
	return nil
}

// ensureServing returns a client of the local cloud of this directory, which
// it starts in the background when it isn't running.
func (s *system) ensureServing() (_ *serve.Client, started bool, err error) {
	client, err := serve.Connect(s.serve)
	if !errors.Is(err, serve.ErrNotRunning) {
		return client, false, err
	}
	if err := os.MkdirAll(s.serve.LogDir(), 0o700); err != nil {
		return nil, false, err
	}
	log, err := os.Create(s.logFile())
	if err != nil {
		return nil, false, err
	}
	defer log.Close()
	self, err := os.Executable()
	if err != nil {
		return nil, false, err
	}
	c := s.cli
	daemon := exec.Command(self, "serve", "--dir", c.Dir, "--project", c.Project, "--binary", c.Binary,
		"--front-door", c.FrontDoor, "--dns", c.DNS.String(), "--aws", c.AWS, "--pace", fmt.Sprint(c.Pace),
		"--domain", s.serve.Domain)
	daemon.Stdout, daemon.Stderr = log, log
	daemon.SysProcAttr = &syscall.SysProcAttr{Setsid: true} // it outlives this command and its terminal
	if err := daemon.Start(); err != nil {
		return nil, false, err
	}
	client, err = s.awaitServing(daemon)
	return client, true, err
}

// serveTimeout is how long bringing every body back may take.
const serveTimeout = 90 * time.Second

func (s *system) awaitServing(daemon *exec.Cmd) (*serve.Client, error) {
	ctx, cancel := context.WithTimeout(s.ctx, serveTimeout)
	defer cancel()
	died := make(chan error, 1)
	go func() { died <- daemon.Wait() }()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		client, err := serve.Connect(s.serve)
		if err == nil {
			return client, nil
		}
		select {
		case <-died:
			return nil, fmt.Errorf("the local cloud did not start: %s", s.lastError())
		case <-ctx.Done():
			return nil, fmt.Errorf("the local cloud is not ready after %s: see %s", serveTimeout, s.logFile())
		case <-tick.C:
		}
	}
}

// lastError is what the daemon said before it died.
func (s *system) lastError() string {
	raw, _ := os.ReadFile(s.logFile())
	if _, said, ok := bytes.Cut(raw, []byte("localcloud: ")); ok {
		return strings.TrimSpace(string(said))
	}
	return "see " + s.logFile()
}
