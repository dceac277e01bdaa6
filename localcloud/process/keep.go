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

// restartPause keeps a server that dies at once from being started in a loop.
const restartPause = 500 * time.Millisecond

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
	for {
		select {
		case <-k.ctx.Done():
			return
		case <-k.Current().Done():
		}
		slog.Warn("died; starting it again", "server", k.name)
		for !k.restart() {
			select {
			case <-k.ctx.Done():
				return
			case <-time.After(restartPause):
			}
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
