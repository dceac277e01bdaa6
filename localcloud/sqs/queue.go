package sqs

import (
	"container/list"
	"log/slog"
	"sync"
	"time"
)

// maxInFlight is the quota of AWS for a standard queue.
const maxInFlight = 120_000

// queue is the messages of one queue. A message is in one of two heaps: ready
// to be received, or hidden until a time (delayed, or in flight). Every change
// goes to the journal first, then through play, which a restart repeats.
type queue struct {
	mu       sync.Mutex
	config   config
	journal  *journal
	removed  bool
	messages map[string]*message
	ready    byTime
	hidden   byTime
	inFlight int        // of hidden, those received before
	arrivals *list.List // of *message, the oldest first
	seq      uint64
	wake     chan struct{} // closed when there may be more to receive; nil when nobody waits
}

func openQueue(c config, path string) (*queue, error) {
	q := &queue{config: c}
	q.clear()
	var err error
	q.journal, err = openJournal(path, q.play)
	return q, err
}

func now() int64 { return time.Now().UnixMilli() }

func (q *queue) clear() {
	q.messages, q.ready, q.hidden, q.inFlight = map[string]*message{}, nil, nil, 0
	q.arrivals = list.New()
}

// commit makes changes durable, then real.
func (q *queue) commit(entries []entry) error {
	if q.removed {
		return errNoQueue
	}
	if len(entries) == 0 {
		return nil
	}
	if err := q.journal.append(entries); err != nil {
		return err
	}
	for _, e := range entries {
		q.play(e)
	}
	if q.journal.full() {
		if err := q.journal.compact(q.oldestFirst); err != nil {
			slog.Warn("journal not compacted: it goes on growing", "journal", q.journal.path, "error", err)
			q.journal.compacted = q.journal.size
		}
	}
	return nil
}

func (q *queue) play(e entry) {
	m := e.Message
	if e.Op != opSend {
		m = q.messages[e.ID]
	}
	switch {
	case e.Op == opPurge:
		q.clear()
	case m == nil: // deleted or expired since
	case e.Op == opSend:
		if old := q.messages[m.ID]; old != nil {
			q.drop(old)
		}
		q.seq++
		m.seq = q.seq
		q.messages[m.ID] = m
		m.arrival = q.arrivals.PushBack(m)
		q.place(m)
	case e.Op == opHide:
		q.lift(m)
		m.visibility = *e.Visibility
		q.place(m)
	case e.Op == opDelete:
		q.drop(m)
	}
}

// place puts m in the heap it belongs to, and wakes who waits for it.
func (q *queue) place(m *message) {
	if m.Until > now() {
		q.hidden.add(m)
		if m.Receives > 0 {
			q.inFlight++
		}
	} else {
		q.ready.add(m)
	}
	if q.wake != nil {
		close(q.wake)
		q.wake = nil
	}
}

// lift takes m out of its heap, if it is in one.
func (q *queue) lift(m *message) {
	if m.heap == nil {
		return
	}
	if m.heap == &q.hidden && m.Receives > 0 {
		q.inFlight--
	}
	m.heap.remove(m)
}

func (q *queue) drop(m *message) {
	q.lift(m)
	q.arrivals.Remove(m.arrival)
	delete(q.messages, m.ID)
}

func (q *queue) oldestFirst(yield func(*message) bool) {
	for e := q.arrivals.Front(); e != nil && yield(e.Value.(*message)); e = e.Next() {
	}
}

// settle makes visible what is due, and forgets what is past its retention.
func (q *queue) settle() {
	t := now()
	for len(q.hidden) > 0 && q.hidden[0].Until <= t {
		m := q.hidden[0]
		q.lift(m)
		q.ready.add(m)
	}
	for e := q.arrivals.Front(); e != nil && q.expired(e.Value.(*message), t); e = q.arrivals.Front() {
		q.drop(e.Value.(*message))
	}
}

func (q *queue) expired(m *message, t int64) bool {
	return t-m.Sent >= int64(q.config.retention)*1000
}

func (q *queue) send(messages ...*message) error {
	entries := make([]entry, len(messages))
	for i, m := range messages {
		entries[i] = entry{Op: opSend, Message: m}
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.commit(entries)
}

// receive hides up to max messages and returns copies of them, and apart from
// them those received maxReceives times before. When there are none, wake is
// closed once there may be, and due is when the next hidden one turns visible
// (0: there is none).
func (q *queue) receive(limit int, hide time.Duration, maxReceives int) (r received, err error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.settle()
	if q.inFlight >= maxInFlight {
		return r, errOverLimit
	}
	t := now()
	var taken []*message
	var entries []entry
	for alive := 0; alive < limit && len(q.ready) > 0; {
		m := q.ready[0]
		q.lift(m)
		if q.expired(m, t) {
			q.drop(m)
			continue
		}
		if maxReceives == 0 || m.Receives < maxReceives {
			alive++
		}
		v := visibility{Until: t + hide.Milliseconds(), Receives: m.Receives + 1, First: m.First}
		if v.First == 0 {
			v.First = t
		}
		taken = append(taken, m)
		entries = append(entries, entry{Op: opHide, ID: m.ID, Visibility: &v})
	}
	if err := q.commit(entries); err != nil {
		for _, m := range taken {
			q.place(m)
		}
		return r, err
	}
	for _, m := range taken {
		if maxReceives > 0 && m.Receives > maxReceives {
			r.dead = append(r.dead, *m)
		} else {
			r.alive = append(r.alive, *m)
		}
	}
	if len(taken) == 0 {
		if q.wake == nil {
			q.wake = make(chan struct{})
		}
		r.wake = q.wake
		if len(q.hidden) > 0 {
			r.due = q.hidden[0].Until
		}
	}
	return r, nil
}

type received struct {
	alive, dead []message
	wake        <-chan struct{}
	due         int64
}

// change commits what edit says to do with the message of each handle, nil
// being nothing, and returns each one's error.
func (q *queue) change(handles []string, edit func(i int, m *message) (*entry, error)) ([]error, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.settle()
	var entries []entry
	failed := make([]error, len(handles))
	for i, handle := range handles {
		id, receives, ok := parseHandle(q.config.arn, handle)
		if !ok {
			failed[i] = errHandle
			continue
		}
		m := q.messages[id]
		if m != nil && m.Receives != receives {
			m = nil
		}
		e, err := edit(i, m)
		failed[i] = err
		if e != nil {
			entries = append(entries, *e)
		}
	}
	return failed, q.commit(entries)
}

func (q *queue) purge() error {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.commit([]entry{{Op: opPurge}})
}

// remove ends the queue and deletes its journal. Who waits is woken to learn it.
func (q *queue) remove() error {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.removed = true
	if q.wake != nil {
		close(q.wake)
		q.wake = nil
	}
	return q.journal.remove()
}
