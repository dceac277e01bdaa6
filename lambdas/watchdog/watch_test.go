package main

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// line is what a look writes.
type line struct {
	Aws struct {
		Timestamp         int64
		CloudWatchMetrics []struct {
			Namespace  string
			Dimensions [][]string
			Metrics    []struct{ Name, Unit string }
		}
	} `json:"_aws"`
	Region                                                            string
	PeerReachable, PeerHealthy, PeerLatency, SiteHealthy, SiteLatency *float64
	PeerAnswer, SiteAnswer                                            string
}

func TestLook(t *testing.T) {
	t.Parallel()
	hanging := func(w http.ResponseWriter, r *http.Request) { <-r.Context().Done() }
	status := func(code int) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(code) }
	}
	for sentence, c := range map[string]struct {
		peer, site               http.HandlerFunc // nil: nothing listens
		reachable, healthy, page float64
		says                     string // of the peer, in the log
	}{
		"all is well": {status(200), status(200), 1, 1, 1, "OK"},
		"a fenced peer is reachable, not healthy":  {status(503), status(200), 1, 0, 1, "Service Unavailable"},
		"a peer that is gone is neither":           {nil, status(200), 0, 0, 1, "refused"},
		"a peer that never answers is neither":     {hanging, status(200), 0, 0, 1, "deadline"},
		"a peer that redirects to an error is not": {func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/", http.StatusFound) }, status(200), 0, 0, 1, "redirects"},
		"users get an error":                       {status(200), status(502), 1, 1, 0, "OK"},
		"users get nothing, nor does the watchdog": {nil, nil, 0, 0, 0, "refused"},
	} {
		t.Run(sentence, func(t *testing.T) {
			t.Parallel()
			var out bytes.Buffer
			w := &watch{region: "ap-northeast-2", peer: serve(t, c.peer) + "/healthz/region", site: serve(t, c.site), client: newClient(), out: &out, now: time.Now}
			w.client.Timeout = 300 * time.Millisecond
			if err := w.look(t.Context()); err != nil {
				t.Fatal(err)
			}
			var got line
			if err := json.Unmarshal(out.Bytes(), &got); err != nil || strings.Count(out.String(), "\n") != 1 {
				t.Fatalf("%v: %s", err, out.String())
			}
			if *got.PeerReachable != c.reachable || *got.PeerHealthy != c.healthy || *got.SiteHealthy != c.page {
				t.Errorf("reachable %v, healthy %v, page %v; want %v, %v, %v", *got.PeerReachable, *got.PeerHealthy, *got.SiteHealthy, c.reachable, c.healthy, c.page)
			}
			if !strings.Contains(strings.ToLower(got.PeerAnswer), strings.ToLower(c.says)) {
				t.Errorf("the log says %q of the peer, want %q", got.PeerAnswer, c.says)
			}
			if got.PeerLatency == nil || got.SiteLatency == nil || *got.PeerLatency <= 0 {
				t.Errorf("latencies are missing: %s", out.String())
			}
		})
	}
}

// serve returns the address of a server, or of a port where there is none.
func serve(t *testing.T, handler http.HandlerFunc) string {
	t.Helper()
	server := httptest.NewServer(handler)
	if handler == nil {
		server.Close()
		return server.URL
	}
	t.Cleanup(server.Close)
	return server.URL
}

func TestALookIsOneLineOfMetrics(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	w := &watch{region: "ap-northeast-2", out: &out, now: func() time.Time { return time.UnixMilli(5) }}
	if err := w.write(map[metric]float64{peerHealthy: 1, siteLatency: 12.5}, answer{status: 200}, answer{status: 200}); err != nil {
		t.Fatal(err)
	}
	want := `{"Region":"ap-northeast-2","PeerHealthy":1,"SiteLatency":12.5,"_aws":{"CloudWatchMetrics":[{"Dimensions":[["Region"]],` +
		`"Metrics":[{"Name":"PeerHealthy","Unit":"None"},{"Name":"SiteLatency","Unit":"Milliseconds"}],"Namespace":"NewsFeed"}],"Timestamp":5},`
	var got, wanted map[string]any
	if err := json.Unmarshal(out.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal([]byte(want+`"peer":"","peerAnswer":"OK","site":"","siteAnswer":"OK"}`), &wanted); err != nil {
		t.Fatal(err)
	}
	a, _ := json.Marshal(got)
	b, _ := json.Marshal(wanted)
	if !bytes.Equal(a, b) {
		t.Errorf("wrote\n%s\nwant\n%s", a, b)
	}
}

// Each look must ask DNS anew.
func TestNoConnectionIsKept(t *testing.T) {
	t.Parallel()
	var connections []string
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { connections = append(connections, r.RemoteAddr) }))
	t.Cleanup(server.Close)
	w := &watch{client: newClient(), now: time.Now}
	for range 2 {
		if a := w.probe(context.Background(), server.URL); !a.ok() {
			t.Fatal(a.why())
		}
	}
	if connections[0] == connections[1] {
		t.Error("the second probe used the connection of the first")
	}
}

func TestTheEnvironmentIsComplete(t *testing.T) {
	t.Parallel()
	for sentence, c := range map[string]struct {
		watch watch
		want  string
	}{
		"all there":     {watch{region: "r", peer: "p", site: "s"}, ""},
		"no peer":       {watch{region: "r", site: "s"}, "NEWSFEED_PEER_HEALTH_URL is not set"},
		"no page":       {watch{region: "r", peer: "p"}, "NEWSFEED_SITE_URL is not set"},
		"no region set": {watch{peer: "p", site: "s"}, "NEWSFEED_REGION is not set"},
	} {
		if err := c.watch.complete(); (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error is %v", sentence, err)
		}
	}
}
