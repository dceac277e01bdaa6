package plantime

import (
	"container/heap"
	"slices"
)

// Span is when a resource is worked on, in minutes from the start.
type Span struct {
	*Node
	Start, Minutes float64

	after *Span // what it waited for last; nil at the start
}

// End is when it is ready.
func (s *Span) End() float64 { return s.Start + s.Minutes }

// Simulate runs the graph as the engine does: each resource as soon as what it
// needs is ready, at most parallel of them at a time, in the order in which
// they become ready; 0 is without limit. It returns the total and the chain of
// resources that determined it.
func Simulate(g Graph, parallel int, minutes func(*Node) float64) (total float64, chain []*Span) {
	s := simulation{spans: map[string]*Span{}, waiting: map[string]int{}, dependents: map[string][]*Span{}}
	if parallel == 0 {
		parallel = len(g)
	}
	for _, n := range g {
		span := &Span{Node: n, Minutes: minutes(n)}
		s.spans[n.URN] = span
		needs := slices.Compact(slices.Sorted(slices.Values(n.Needs)))
		for _, urn := range needs {
			if before := s.spans[urn]; before != nil && before != span {
				s.waiting[n.URN]++
				s.dependents[urn] = append(s.dependents[urn], span)
			}
		}
		if s.waiting[n.URN] == 0 {
			s.ready = append(s.ready, span)
		}
	}
	last := s.run(parallel)
	for span := last; span != nil; span = span.after {
		if span.Minutes > 0 {
			chain = append(chain, span)
		}
	}
	slices.Reverse(chain)
	if last == nil {
		return 0, nil
	}
	return last.End(), chain
}

// simulation is the engine's state: what waits for others, what waits for a
// worker, what is under way.
type simulation struct {
	spans      map[string]*Span
	waiting    map[string]int
	dependents map[string][]*Span
	ready      []*Span
	running    queue
}

func (s *simulation) run(parallel int) (last *Span) {
	now := 0.0
	var freed *Span // whose end let the next one start
	for len(s.ready) > 0 || len(s.running) > 0 {
		for len(s.ready) > 0 && (len(s.running) < parallel || s.ready[0].Minutes == 0) {
			next := s.ready[0]
			s.ready = s.ready[1:]
			next.Start = now
			if next.after == nil || next.after.End() < now {
				next.after = freed
			}
			heap.Push(&s.running, next)
		}
		done := heap.Pop(&s.running).(*Span)
		now, freed, last = done.End(), done, done
		for _, dependent := range s.dependents[done.URN] {
			dependent.after = done
			if s.waiting[dependent.URN]--; s.waiting[dependent.URN] == 0 {
				s.ready = append(s.ready, dependent)
			}
		}
	}
	return last
}

// queue is what is under way, the first to end first.
type queue []*Span

func (q queue) Len() int           { return len(q) }
func (q queue) Less(i, j int) bool { return q[i].End() < q[j].End() }
func (q queue) Swap(i, j int)      { q[i], q[j] = q[j], q[i] }
func (q *queue) Push(x any)        { *q = append(*q, x.(*Span)) }
func (q *queue) Pop() any {
	old := *q
	last := old[len(old)-1]
	*q = old[:len(old)-1]
	return last
}
