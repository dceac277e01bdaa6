package region

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"newsfeed/app"
)

// LeaseReader reads the lease from the region's own database.
type LeaseReader interface {
	Lease(context.Context) (app.Lease, error)
}

// Health is what /healthz/region tells, and what the peer is asked for.
type Health struct {
	Region  string `json:"region"`
	Writer  string `json:"writer"`
	Epoch   int64  `json:"epoch"`
	Writing bool   `json:"writing"`
	// OK says whether the region may take traffic; Reason why not.
	OK     bool   `json:"ok"`
	Reason string `json:"reason,omitempty"`
}

// Watcher knows who writes. Run keeps it up to date.
type Watcher struct {
	Region  string
	Forward bool // another region's writer takes our writes: active-active
	Leases  LeaseReader
	PeerURL string // the peer's /healthz/region; empty: no peer
	Client  *http.Client
	Now     func() time.Time
	// OnLease, when set, is called with every lease that differs from the last.
	OnLease func(app.Lease)

	mu    sync.Mutex
	lease app.Lease
	read  time.Time // when lease was last read
	err   error     // of the last read
	peer  Health    // the last word of the peer
	asked bool      // the peer was asked once, whether or not it answered
}

const (
	interval = time.Second
	// trustLease is how long the last lease read counts when reading fails.
	trustLease = 5 * time.Second
)

// Run reads the lease, and asks the peer, each second until ctx ends.
func (w *Watcher) Run(ctx context.Context) {
	var wg sync.WaitGroup
	wg.Go(func() { repeat(ctx, w.readLease) })
	if w.PeerURL != "" {
		wg.Go(func() { repeat(ctx, w.askPeer) })
	}
	wg.Wait()
}

func repeat(ctx context.Context, f func(context.Context)) {
	tick := time.NewTicker(interval)
	defer tick.Stop()
	for {
		once, cancel := context.WithTimeout(ctx, 2*interval)
		f(once)
		cancel()
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

func (w *Watcher) readLease(ctx context.Context) {
	lease, err := w.Leases.Lease(ctx)
	if ctx.Err() != nil && err == nil {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.err = err; err != nil {
		return
	}
	if lease != w.lease {
		slog.Info("lease", "epoch", lease.Epoch, "writer", lease.Writer, "region", w.Region)
		if w.OnLease != nil {
			w.OnLease(lease)
		}
	}
	w.lease, w.read = lease, w.Now()
}

func (w *Watcher) askPeer(ctx context.Context) {
	peer, err := w.fetchPeer(ctx)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.asked = true
	if err != nil {
		return // a silent peer changes nothing: it may be dead, or the line is
	}
	before := w.fenced()
	w.peer = peer
	if now := w.fenced(); now != before {
		slog.Warn("fenced", "fenced", now, "epoch", w.lease.Epoch, "peer", peer.Region, "peer_epoch", peer.Epoch)
	}
}

func (w *Watcher) fetchPeer(ctx context.Context) (h Health, err error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, w.PeerURL, nil)
	if err != nil {
		return h, err
	}
	response, err := w.Client.Do(request)
	if err != nil {
		return h, err
	}
	defer response.Body.Close()
	// 503 has the same body: a fenced peer knows an epoch too.
	if err := json.NewDecoder(io.LimitReader(response.Body, 1<<16)).Decode(&h); err != nil {
		return h, fmt.Errorf("answer of %s: %w", w.PeerURL, err)
	}
	return h, nil
}

// fenced says that the peer writes under a higher epoch: our database is stale.
func (w *Watcher) fenced() bool { return w.peer.Writing && w.peer.Epoch > w.lease.Epoch }

// known says whether the lease counts: it was read lately, and the peer, who may
// write under a higher one, was asked before the first write.
func (w *Watcher) known() bool {
	return !w.read.IsZero() && w.Now().Sub(w.read) <= trustLease && (w.asked || w.PeerURL == "")
}

// Writable returns nil when this region takes writes, else the error for the client.
func (w *Watcher) Writable() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	switch {
	case !w.known():
		return app.Unavailable(errors.Join(errors.New("the lease is not known yet, or could not be read"), w.err))
	case w.fenced():
		return app.Fenced(w.peer.Writer)
	case w.lease.Writer != w.Region && !w.Forward:
		return app.Fenced(w.lease.Writer)
	}
	return nil
}

// Fed says whether new stories reach this region's cached feeds, and under which
// epoch feeds that are built now count.
func (w *Watcher) Fed() (epoch int64, fed bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.lease.Epoch, w.lease.Writer == w.Region && !w.fenced()
}

// Health is the region's own account of itself.
func (w *Watcher) Health() Health {
	w.mu.Lock()
	defer w.mu.Unlock()
	h := Health{Region: w.Region, Writer: w.lease.Writer, Epoch: w.lease.Epoch, OK: true}
	switch {
	case !w.known():
		h.OK, h.Reason = false, "the lease is not known yet, or could not be read"
	case w.fenced():
		h.OK, h.Reason = false, fmt.Sprintf("stale: %s writes under epoch %d", w.peer.Region, w.peer.Epoch)
	default:
		h.Writing = w.lease.Writer == w.Region
	}
	return h
}
