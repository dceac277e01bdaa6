package region_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"newsfeed/app"
	"newsfeed/app/region"
)

// lease is a region's own database.
type lease struct {
	mu  sync.Mutex
	row app.Lease
	err error
}

func (l *lease) Lease(context.Context) (app.Lease, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.row, l.err
}

func (l *lease) set(row app.Lease, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.row, l.err = row, err
}

// peer answers for the other region, without a network.
type peer struct {
	mu     sync.Mutex
	health *region.Health // nil: it doesn't answer
	media  string
}

func (p *peer) RoundTrip(*http.Request) (*http.Response, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.health == nil {
		return nil, errors.New("connection refused")
	}
	w := httptest.NewRecorder()
	w.Header().Set(region.MediaHeader, p.media)
	json.NewEncoder(w).Encode(p.health)
	return w.Result(), nil
}

func (p *peer) set(h *region.Health) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.health = h
}

const here, there = "ap-northeast-2", "ap-northeast-1"

func TestWhoMayWrite(t *testing.T) {
	t.Parallel()
	ours, theirs := app.Lease{Epoch: 3, Writer: here}, app.Lease{Epoch: 3, Writer: there}
	for name, c := range map[string]struct {
		lease    app.Lease
		err      error
		peer     *region.Health
		code     app.Code // "": writable
		ok, fed  bool
		announce bool
		// elsewhere: the peer is to serve what writes
		elsewhere bool
	}{
		"the lease is ours":                            {lease: ours, ok: true, fed: true, announce: true},
		"the lease is ours and the peer agrees":        {lease: ours, peer: &region.Health{Epoch: 3, Writer: here}, ok: true, fed: true, announce: true},
		"the peer is stale":                            {lease: ours, peer: &region.Health{Epoch: 2, Writer: there, Writing: true}, ok: true, fed: true, announce: true},
		"the peer knows a higher epoch, doesn't write": {lease: ours, peer: &region.Health{Epoch: 4, Writer: there}, ok: true, fed: true, announce: true},
		"the peer writes under a higher epoch":         {lease: ours, peer: &region.Health{Region: there, Epoch: 4, Writer: there, Writing: true}, code: app.CodeFenced},
		"the lease is the peer's":                      {lease: theirs, code: app.CodeFenced, elsewhere: true, ok: true},
		"the lease is the peer's, but we are stale":    {lease: theirs, peer: &region.Health{Epoch: 4, Writer: there, Writing: true}, code: app.CodeFenced},
		"the database doesn't answer":                  {err: errors.New("down"), code: app.CodeDependency},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				l, p := &lease{row: c.lease, err: c.err}, &peer{health: c.peer}
				w := &region.Watcher{Region: here, Leases: l, PeerURL: "https://peer", Now: time.Now, Client: &http.Client{Transport: p}}
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				go w.Run(ctx)
				time.Sleep(1500 * time.Millisecond) // of the bubble's clock
				var e *app.Error
				if err := w.Writable(); errors.As(err, &e) != (c.code != "") || (e != nil && e.Code != c.code) {
					t.Errorf("writable: %v, want %q", err, c.code)
				}
				h := w.Health()
				_, fed := w.Fed()
				if h.OK != c.ok || h.Writing != c.announce || fed != c.fed {
					t.Errorf("health %+v, fed %v", h, fed)
				}
				if w.Elsewhere() != c.elsewhere {
					t.Errorf("elsewhere: %v", w.Elsewhere())
				}
			})
		})
	}
}

func TestALeaseThatCannotBeReadIsTrustedForFiveSeconds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := &lease{row: app.Lease{Epoch: 1, Writer: here}}
		w := &region.Watcher{Region: here, Leases: l, Now: time.Now}
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		go w.Run(ctx)
		time.Sleep(time.Second)
		l.set(app.Lease{}, errors.New("down"))
		time.Sleep(4 * time.Second)
		if err := w.Writable(); err != nil {
			t.Errorf("after 4 s: %v", err)
		}
		time.Sleep(3 * time.Second)
		if err := w.Writable(); !errors.Is(err, app.ErrDependency) || w.Health().OK {
			t.Errorf("after 7 s: %v, %+v", err, w.Health())
		}
		l.set(app.Lease{Epoch: 2, Writer: there}, nil)
		time.Sleep(1100 * time.Millisecond)
		if err := w.Writable(); !errors.Is(err, app.ErrFenced) {
			t.Errorf("after the lease moved: %v", err)
		}
	})
}

func TestAFencedRegionStaysFencedWhenThePeerFallsSilent(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l, p := &lease{row: app.Lease{Epoch: 1, Writer: here}}, &peer{}
		w := &region.Watcher{Region: here, Leases: l, PeerURL: "https://peer", Now: time.Now, Client: &http.Client{Transport: p}}
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		go w.Run(ctx)
		p.set(&region.Health{Region: there, Writer: there, Epoch: 2, Writing: true})
		time.Sleep(2 * time.Second)
		p.set(nil)
		time.Sleep(time.Minute)
		if err := w.Writable(); !errors.Is(err, app.ErrFenced) {
			t.Errorf("writable: %v", err)
		}
		l.set(app.Lease{Epoch: 3, Writer: here}, nil) // ours again, by a switchover
		time.Sleep(1100 * time.Millisecond)
		if err := w.Writable(); err != nil {
			t.Errorf("under a higher epoch: %v", err)
		}
	})
}

// mute is a peer that takes a request and says nothing.
type mute struct{}

func (mute) RoundTrip(r *http.Request) (*http.Response, error) {
	<-r.Context().Done()
	return nil, r.Context().Err()
}

func TestAStartingInstanceAsksThePeerBeforeItsFirstWrite(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := &region.Watcher{Region: here, Leases: &lease{row: app.Lease{Epoch: 3, Writer: here}}, PeerURL: "https://peer",
			Now: time.Now, Client: &http.Client{Transport: mute{}}}
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		go w.Run(ctx)
		time.Sleep(time.Second)
		synctest.Wait()
		if w.Writable() == nil {
			t.Error("it writes before it knows whether the peer does")
		}
		time.Sleep(2 * time.Second)
		synctest.Wait()
		if err := w.Writable(); err != nil {
			t.Errorf("a peer that does not answer stops all writes: %v", err)
		}
	})
}

func TestAReaderThatIsBehindTakesNoLeaseBack(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := &lease{row: app.Lease{Epoch: 3, Writer: there}}
		w := &region.Watcher{Region: here, Leases: l, Now: time.Now}
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		go w.Run(ctx)
		time.Sleep(time.Second)
		l.set(app.Lease{Epoch: 2, Writer: here}, nil)
		time.Sleep(1100 * time.Millisecond)
		if err := w.Writable(); !errors.Is(err, app.ErrFenced) {
			t.Errorf("writable: %v", err)
		}
	})
}

func TestWhereThePeersFilesAreIsAnOriginOrNothing(t *testing.T) {
	t.Parallel()
	for told, want := range map[string]string{
		"https://media.s3.ap-northeast-1.amazonaws.com": "https://media.s3.ap-northeast-1.amazonaws.com",
		"https://media.example/path":                    "",
		"https://media.example;script-src":              "",
		"https://media.example https://evil.example":    "",
		"": "",
	} {
		synctest.Test(t, func(t *testing.T) {
			p := &peer{health: &region.Health{}, media: told}
			w := &region.Watcher{Region: here, Leases: &lease{}, PeerURL: "https://peer", Now: time.Now, Client: &http.Client{Transport: p}}
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			go w.Run(ctx)
			synctest.Wait()
			if got := w.PeerMedia(); got != want {
				t.Errorf("%q: %q, want %q", told, got, want)
			}
		})
	}
}
