package autoscaling_test

import (
	"context"
	"fmt"
	"sync"

	"newsfeed/localcloud/elb"
)

// balancer is one target group whose targets are as healthy as health says.
type balancer struct {
	mu      sync.Mutex
	targets map[string]elb.Target
	health  func(id string) elb.State
	drained []string
}

func (b *balancer) Register(_ string, t elb.Target) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.targets[t.ID] = t
	return nil
}

func (b *balancer) Deregister(_ context.Context, _, id string) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.targets, id)
	b.drained = append(b.drained, id)
	return nil
}

func (b *balancer) Drop(_, id string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.targets, id)
}

func (b *balancer) Health(string) []elb.TargetHealth {
	b.mu.Lock()
	defer b.mu.Unlock()
	var all []elb.TargetHealth
	for id := range b.targets {
		all = append(all, elb.TargetHealth{ID: id, State: b.health(id)})
	}
	return all
}

func (*balancer) Changed(string) <-chan struct{} { return nil }

func (b *balancer) says(health func(id string) elb.State) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.health = health
}

// files are the objects that there are, by key.
type files struct {
	mu   sync.Mutex
	path map[string]string
}

func (f *files) Path(_, key string) (string, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if path, ok := f.path[key]; ok {
		return path, nil
	}
	return "", fmt.Errorf("NoSuchKey: %s", key)
}

func (f *files) put(key, path string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.path[key] = path
}

// alarms are those that are on.
type alarms struct {
	mu sync.Mutex
	on string
}

func (a *alarms) State(_, name string) string {
	a.mu.Lock()
	defer a.mu.Unlock()
	if name == a.on {
		return "ALARM"
	}
	return "OK"
}

func (a *alarms) raise(name string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.on = name
}
