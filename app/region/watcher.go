package region

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
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
	Leases  LeaseReader
	PeerURL string // where the other region answers; empty: no peer
	Client  *http.Client
	Now     func() time.Time
	// OnLease, when set, is called with every lease that differs from the last.
	OnLease func(app.Lease)

	mu    sync.Mutex
	lease app.Lease
	read  time.Time // when lease was last read
	err   error     // of the last read
	peer  Health    // the last word of the peer
	media string    // where the peer says that its files are
	asked bool      // the peer was asked once, whether or not it answered
}

const (
	// HealthPath is where a region gives its own account of itself.
	HealthPath = "/healthz/region"
	// MediaHeader of that answer says where uploads to the region go, as an origin.
	MediaHeader = "Newsfeed-Media-Origin"
)

const (
	interval = time.Second
	eager    = interval / 10
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

// repeat calls f each interval, and more often until it has an answer.
func repeat(ctx context.Context, f func(context.Context) (answered bool)) {
	for wait := eager; ; {
		once, cancel := context.WithTimeout(ctx, 2*interval)
		if f(once) {
			wait = interval
		}
		cancel()
		pause := time.NewTimer(wait)
		select {
		case <-ctx.Done():
			pause.Stop()
			return
		case <-pause.C:
		}
	}
}

func (w *Watcher) readLease(ctx context.Context) (answered bool) {
	lease, err := w.Leases.Lease(ctx)
	if ctx.Err() != nil && err == nil {
		return false
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.err = err; err != nil {
		return false
	}
	if lease.Epoch < w.lease.Epoch {
		lease = w.lease // a reader told, and is behind
	}
	if lease != w.lease {
		slog.Info("lease", "epoch", lease.Epoch, "writer", lease.Writer, "region", w.Region)
		if w.OnLease != nil {
			w.OnLease(lease)
		}
	}
	w.lease, w.read = lease, w.Now()
	return true
}

func (w *Watcher) askPeer(ctx context.Context) (answered bool) {
	peer, media, err := w.fetchPeer(ctx)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.asked = true
	if err != nil {
		return true // a silent peer changes nothing: it may be dead, or the line is
	}
	before := w.fenced()
	w.peer, w.media = peer, media
	if now := w.fenced(); now != before {
		slog.Warn("fenced", "fenced", now, "epoch", w.lease.Epoch, "peer", peer.Region, "peer_epoch", peer.Epoch)
	}
	return true
}

func (w *Watcher) fetchPeer(ctx context.Context) (h Health, media string, err error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, w.PeerURL+HealthPath, nil)
	if err != nil {
		return h, "", err
	}
	response, err := w.Client.Do(request)
	if err != nil {
		return h, "", err
	}
	defer response.Body.Close()
	// 503 has the same body: a fenced peer knows an epoch too.
	if err := json.NewDecoder(io.LimitReader(response.Body, 1<<16)).Decode(&h); err != nil {
		return h, "", fmt.Errorf("answer of %s: %w", w.PeerURL, err)
	}
	return h, origin(response.Header.Get(MediaHeader)), nil
}

// origin returns text if that is scheme and host and nothing else.
func origin(text string) string {
	if u, err := url.Parse(text); err != nil || u.Host == "" || u.Scheme+"://"+u.Host != text || strings.ContainsAny(text, " ;,'\"") {
		return ""
	}
	return text
}

// PeerMedia is where files go that are uploaded by way of the peer; empty: nowhere
// yet.
func (w *Watcher) PeerMedia() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.media
}

// fenced says that the peer writes under a higher epoch: our database is stale.
func (w *Watcher) fenced() bool { return w.peer.Writing && w.peer.Epoch > w.lease.Epoch }

// known says whether the lease counts: it was read lately, and the peer, who may
// write under a higher one, was asked before the first write.
func (w *Watcher) known() bool {
	return !w.read.IsZero() && w.Now().Sub(w.read) <= trustLease && (w.asked || w.PeerURL == "")
}

// Known says why it is not known who writes, or nil.
func (w *Watcher) Known(context.Context) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.known() {
		return errors.Join(errUnknown, w.err)
	}
	return nil
}

var errUnknown = errors.New("the lease is not known yet, or could not be read")

// Writable returns nil when this region takes writes, else the error for the client.
func (w *Watcher) Writable() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	switch {
	case !w.known():
		return app.Dependency(errors.Join(errUnknown, w.err))
	case w.fenced():
		return app.Fenced(w.peer.Writer)
	case w.lease.Writer != w.Region:
		return app.Fenced(w.lease.Writer)
	}
	return nil
}

// Elsewhere says that the lease names another region: requests that write are
// its to serve.
func (w *Watcher) Elsewhere() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.known() && !w.fenced() && w.lease.Writer != w.Region
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
		h.OK, h.Reason = false, errUnknown.Error()
	case w.fenced():
		h.OK, h.Reason = false, fmt.Sprintf("stale: %s writes under epoch %d", w.peer.Region, w.peer.Epoch)
	default:
		h.Writing = w.lease.Writer == w.Region
	}
	return h
}
