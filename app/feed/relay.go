package feed

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"newsfeed/app"
	"newsfeed/app/mysql"
)

// relay sends what was committed to the outbox without making requests wait for
// the queue. What doesn't fit or fails is left to the sweeper.
type relay struct {
	service *Service
	waiting chan mysql.Outgoing
	sent    chan app.ID
}

const (
	relayWaiting = 4096
	relaySenders = 4
	relayBatch   = 10 // the most that SQS takes at once
	deleteBatch  = 200
	deleteWait   = 20 * time.Millisecond // far below the age at which the sweeper sends again
)

func newRelay(s *Service) *relay {
	return &relay{service: s, waiting: make(chan mysql.Outgoing, relayWaiting), sent: make(chan app.ID, relayWaiting)}
}

func (r *relay) send(out []mysql.Outgoing) {
	for _, o := range out {
		select {
		case r.waiting <- o:
		default:
			return
		}
	}
}

// run sends until ctx ends, then what still waits.
func (r *relay) run(ctx context.Context) {
	var senders sync.WaitGroup
	for range relaySenders {
		senders.Go(func() {
			for {
				select {
				case first := <-r.waiting:
					r.flush(r.gather(first))
				case <-ctx.Done():
					r.drain()
					return
				}
			}
		})
	}
	deleted := make(chan struct{})
	go func() {
		defer close(deleted)
		r.deleteSent()
	}()
	senders.Wait()
	close(r.sent)
	<-deleted
}

// deleteSent deletes what has been sent, many rows a statement.
func (r *relay) deleteSent() {
	for first := range r.sent {
		ids := []app.ID{first}
		linger := time.NewTimer(deleteWait)
		for more := true; more && len(ids) < deleteBatch; {
			select {
			case id, open := <-r.sent:
				if more = open; open {
					ids = append(ids, id)
				}
			case <-linger.C:
				more = false
			}
		}
		linger.Stop()
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		if err := r.service.DB.Sent(ctx, ids); err != nil {
			slog.Warn("outbox: messages will be sent twice", "error", err)
		}
		cancel()
	}
}

func (r *relay) drain() {
	for {
		select {
		case first := <-r.waiting:
			r.flush(r.gather(first))
		default:
			return
		}
	}
}

func (r *relay) gather(first mysql.Outgoing) []mysql.Outgoing {
	batch := []mysql.Outgoing{first}
	for len(batch) < relayBatch {
		select {
		case o := <-r.waiting:
			batch = append(batch, o)
		default:
			return batch
		}
	}
	return batch
}

func (r *relay) flush(batch []mysql.Outgoing) {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	if err := sendAll(ctx, r.service.Queue, batch); err != nil {
		slog.Warn("queue: the sweeper will send again", "error", err)
		return
	}
	for _, o := range batch {
		r.sent <- o.ID
	}
}

// sendAll sends outbox rows.
func sendAll(ctx context.Context, queue Sender, batch []mysql.Outgoing) error {
	payloads := make([][]byte, len(batch))
	for i, o := range batch {
		payloads[i] = o.Payload
	}
	return queue.Send(ctx, 0, payloads...)
}
