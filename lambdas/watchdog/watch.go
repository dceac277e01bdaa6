package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"sync"
	"time"
)

// patience is how long an answer may take: the two probes together stay well
// below the function's own limit.
const patience = 5 * time.Second

// watch is one region's look at the rest of the world.
type watch struct {
	region string
	peer   string // URL of the peer's /healthz/region
	site   string // URL of the page that users open
	client *http.Client
	out    io.Writer // gets one line per look
	now    func() time.Time
}

// complete says what the environment lacks.
func (w *watch) complete() error {
	for key, value := range map[string]string{"REGION": w.region, "PEER_HEALTH_URL": w.peer, "SITE_URL": w.site} {
		if value == "" {
			return fmt.Errorf("NEWSFEED_%s is not set: infra/watchdog.go sets it", key)
		}
	}
	return nil
}

// newClient looks each name up anew: a connection that was kept would go on
// seeing the region that DNS has left.
func newClient() *http.Client {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.DisableKeepAlives = true
	return &http.Client{Transport: transport, Timeout: patience}
}

// look probes both and writes what it saw. That nothing answers is no error but
// what it was made to find out.
func (w *watch) look(ctx context.Context) error {
	var peer, site answer
	var both sync.WaitGroup
	both.Go(func() { peer = w.probe(ctx, w.peer) })
	both.Go(func() { site = w.probe(ctx, w.site) })
	both.Wait()
	return w.write(map[metric]float64{
		peerReachable: number(peer.status != 0), peerHealthy: number(peer.ok()), peerLatency: peer.milliseconds(),
		siteHealthy: number(site.ok()), siteLatency: site.milliseconds(),
	}, peer, site)
}

// answer is what came of a request.
type answer struct {
	status int // 0: there was no answer
	took   time.Duration
	err    error
}

func (a answer) ok() bool { return a.status == http.StatusOK }

func (a answer) milliseconds() float64 { return float64(a.took.Microseconds()) / 1000 }

// why is what a person reads about the answer in the log.
func (a answer) why() string {
	if a.err != nil {
		return a.err.Error()
	}
	return http.StatusText(a.status)
}

func (w *watch) probe(ctx context.Context, url string) answer {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	begun := w.now()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return answer{err: err}
	}
	request.Header.Set("User-Agent", "newsfeed-watchdog")
	response, err := w.client.Do(request)
	if err != nil {
		return answer{took: w.now().Sub(begun), err: err}
	}
	defer response.Body.Close()
	_, err = io.Copy(io.Discard, io.LimitReader(response.Body, 1<<20))
	return answer{status: response.StatusCode, took: w.now().Sub(begun), err: err}
}

func number(yes bool) float64 {
	if yes {
		return 1
	}
	return 0
}
