package process

import (
	"maps"
	"slices"
	"strings"
	"sync"
)

// Fleet is what a service keeps running, by ARN. The zero value is empty; its
// methods are safe for concurrent use.
type Fleet[T any] struct {
	mu      sync.Mutex
	running map[string]T
}

// Put adds one, in the place of any other of that ARN.
func (f *Fleet[T]) Put(arn string, one T) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.running == nil {
		f.running = map[string]T{}
	}
	f.running[arn] = one
}

// Get returns the one of that ARN.
func (f *Fleet[T]) Get(arn string) (one T, ok bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	one, ok = f.running[arn]
	return one, ok
}

// Take is Get, and then it is not in the fleet any more.
func (f *Fleet[T]) Take(arn string) (one T, ok bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	one, ok = f.running[arn]
	delete(f.running, arn)
	return one, ok
}

// All returns them in no order.
func (f *Fleet[T]) All() []T {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Collect(maps.Values(f.running))
}

// End takes out those of a region, "" being all of them, and returns when end
// has ended each; it is called for all at once.
func (f *Fleet[T]) End(region string, end func(T)) {
	var wg sync.WaitGroup
	f.mu.Lock()
	for arn, one := range f.running {
		if region == "" || strings.Contains(arn, ":"+region+":") {
			delete(f.running, arn)
			wg.Go(func() { end(one) })
		}
	}
	f.mu.Unlock()
	wg.Wait()
}
