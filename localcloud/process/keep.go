package process

import (
	"context"
	"log/slog"
	"sync"
	"time"
)

// Server is a program that serves until it is stopped or dies.
type Server interface {
	Done() <-chan struct{}
	Stop()
	Kill() // as a power cut does
}

// Keeper starts a server again whenever it dies, as AWS does with its managed
// ones.
type Keeper[S Server] struct {
	name  string
	start func(context.Context) (S, error)

	ctx    context.Context
	cancel context.CancelFunc
	ended  chan struct{}

	mu      sync.Mutex
	current S
}

// A server that dies again and again is started again after a pause, which
// doubles up to maxPause; one that lived for longLife at once.
const (
	firstPause = 500 * time.Millisecond
	maxPause   = 5 * time.Second
	longLife   = 10 * time.Second
)

// Keep starts a server and keeps it running until Stop. Name is for the log.
func Keep[S Server](ctx context.Context, name string, start func(context.Context) (S, error)) (*Keeper[S], error) {
	first, err := start(ctx)
	if err != nil {
		return nil, err
	}
	k := &Keeper[S]{name: name, start: start, current: first, ended: make(chan struct{})}
	k.ctx, k.cancel = context.WithCancel(context.Background())
	go k.run()
	return k, nil
}

func (k *Keeper[S]) run() {
	defer close(k.ended)
	began, pause := time.Now(), time.Duration(0)
	for {
		select {
		case <-k.ctx.Done():
			return
		case <-k.Current().Done():
		}
		slog.Warn("died; starting it again", "server", k.name)
		if time.Since(began) > longLife {
			pause = 0
		}
		for again := false; !again; {
			select {
			case <-k.ctx.Done():
				return
			case <-time.After(pause):
			}
			pause = min(max(firstPause, 2*pause), maxPause)
			began = time.Now()
			again = k.restart()
		}
	}
}

func (k *Keeper[S]) restart() bool {
	k.Current().Stop()
	next, err := k.start(k.ctx)
	if err != nil {
		slog.Error("can't be started again yet", "server", k.name, "error", err)
		return false
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.current = next
	return true
}

// Current is the server as it runs now.
func (k *Keeper[S]) Current() S {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.current
}

// Stop ends the server for good.
func (k *Keeper[S]) Stop() {
	k.cancel()
	<-k.ended
	k.Current().Stop()
}

// Kill ends it for good and at once.
func (k *Keeper[S]) Kill() {
	k.cancel()
	<-k.ended
	k.Current().Kill()
}
