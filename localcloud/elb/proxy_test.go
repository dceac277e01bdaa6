package elb

import (
	"bufio"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

func TestTargetSeesTheClient(t *testing.T) {
	w := newWorld(t)
	w.web()
	w.apply(listenerResource(tlsARN, tlsPort, forwardTo(tgARN)))
	w.instance("i-1", func(rw http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(rw, "%s %s %s %s %s %s", r.Host, r.URL, r.Header.Get("X-Forwarded-For"), r.Header.Get("X-Forwarded-Proto"), r.Header.Get("X-Forwarded-Port"), r.Proto)
	})
	for _, addr := range w.Addresses(dnsName) {
		for _, http2 := range []bool{false, true} {
			transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: w.authority.Pool()}, ForceAttemptHTTP2: http2,
				DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
					return new(net.Dialer).DialContext(ctx, "tcp", fmt.Sprintf("%s:%d", addr, tlsPort))
				}}
			req, err := http.NewRequest(http.MethodGet, "https://seoul."+domain+"/a%2Fb//c?x=1;y=%20", nil)
			noError(t, err)
			req.Header.Set("X-Forwarded-For", "203.0.113.9")
			resp, err := transport.RoundTrip(req)
			noError(t, err)
			body, _ := io.ReadAll(resp.Body)
			resp.Body.Close()
			transport.CloseIdleConnections()
			want := "seoul." + domain + " /a%2Fb//c?x=1;y=%20 203.0.113.9, 127.0.0.1 https 8443 HTTP/1.1"
			if got := string(body); got != want {
				t.Errorf("target saw %s, want %s", got, want)
			}
			if (resp.ProtoMajor == 2) != http2 {
				t.Errorf("client spoke %s", resp.Proto)
			}
		}
	}
}

func TestErrorsOfTargets(t *testing.T) {
	w := newWorld(t)
	w.web()
	client := visitor(t)
	server := w.instance("i-1", func(rw http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/hang":
			<-r.Context().Done()
		case "/broken":
			rw.WriteHeader(500)
		}
	})
	if code, _ := get(t, client, w.url("/broken")); code != 500 {
		t.Errorf("a target's 500 became %d", code)
	}
	w.apply(balancerResource(props{"idleTimeout": 0.05}))
	if code, _ := get(t, client, w.url("/hang")); code != 504 {
		t.Errorf("a hanging target gives %d, want 504", code)
	}
	w.apply(balancerResource(nil))
	server.Close()
	if code, body := get(t, client, w.url("/")); code != 502 || !strings.Contains(body, "502 Bad Gateway") {
		t.Errorf("a dead target gives %d %s, want 502", code, body)
	}
	w.Drop(tgARN, "i-1")
	if code, _ := get(t, client, w.url("/")); code != 503 {
		t.Errorf("no target gives %d, want 503", code)
	}
	c := w.Counts(tgARN)
	if c.Requests != 3 || c.ELB5xx != 3 || c.Target5xx != 1 || c.Refused != 1 || c.Latency <= 0 {
		t.Errorf("counted %+v", c)
	}
}

func TestAPostIsSentOnce(t *testing.T) {
	w := newWorld(t)
	w.web()
	var posts atomic.Int64
	w.instance("i-1", func(rw http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost {
			posts.Add(1)
			io.Copy(io.Discard, r.Body)
			panic(http.ErrAbortHandler) // the connection breaks without an answer
		}
	})
	client := visitor(t)
	get(t, client, w.url("/")) // so that a kept connection is there
	resp, err := client.Post(w.url("/v1/stories"), "application/json", strings.NewReader("{}"))
	noError(t, err)
	resp.Body.Close()
	if resp.StatusCode != 502 || posts.Load() != 1 {
		t.Errorf("status %d after %d posts, want 502 after 1", resp.StatusCode, posts.Load())
	}
}

func TestStreamsPassAsTheyCome(t *testing.T) {
	w := newWorld(t)
	w.web()
	w.apply(balancerResource(props{"idleTimeout": 0.8}))
	next := make(chan string)
	w.instance("i-1", func(rw http.ResponseWriter, r *http.Request) {
		for line := range next {
			fmt.Fprintln(rw, line)
			rw.(http.Flusher).Flush()
		}
	})
	resp, err := visitor(t).Get(w.urlAfter(next, "0"))
	noError(t, err)
	defer resp.Body.Close()
	lines := bufio.NewScanner(resp.Body)
	began := time.Now()
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for i := 0; time.Since(began) < time.Second; i++ { // beyond the idle timeout
		if !lines.Scan() || lines.Text() != fmt.Sprint(i) {
			t.Fatalf("line %d: %q %v", i, lines.Text(), lines.Err())
		}
		<-tick.C
		next <- fmt.Sprint(i + 1)
	}
	close(next)
}

// urlAfter has the first line sent as soon as the request arrives.
func (w *world) urlAfter(next chan<- string, line string) string {
	go func() { next <- line }()
	return w.url("/")
}

func TestDeregistrationDrains(t *testing.T) {
	w := newWorld(t)
	w.web()
	arrived, answer := make(chan struct{}), make(chan struct{})
	w.instance("i-old", func(rw http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/slow" {
			close(arrived)
			<-answer
		}
		says("old")(rw, r)
	})
	client, slow := visitor(t), make(chan string, 1)
	go func() {
		_, body := get(t, client, w.url("/slow"))
		slow <- body
	}()
	<-arrived
	w.instance("i-new", says("new"))
	gone := make(chan error, 1)
	go func() { gone <- w.Deregister(t.Context(), tgARN, "i-old") }()
	w.await("i-old", Draining)
	for range 5 {
		if _, body := get(t, client, w.url("/")); body != "new" {
			t.Errorf("a draining target got a request: %q", body)
		}
	}
	select {
	case err := <-gone:
		t.Fatalf("Deregister returned (%v) while a request was in flight", err)
	default:
	}
	close(answer)
	noError(t, <-gone)
	if body := <-slow; body != "old" {
		t.Errorf("the request in flight got %q", body)
	}
	if all := w.Health(tgARN); len(all) != 1 {
		t.Errorf("targets left: %+v", all)
	}
	noError(t, w.Deregister(t.Context(), tgARN, "i-unknown"))
}

func TestDeregistrationEndsAtTheDelay(t *testing.T) {
	w := newWorld(t)
	w.web()
	w.apply(groupResource(props{"deregistrationDelay": 0.05}))
	arrived := make(chan struct{}, 2)
	hang := func(_ http.ResponseWriter, r *http.Request) {
		arrived <- struct{}{}
		<-r.Context().Done()
	}
	server := w.instance("i-1", hang)
	client := visitor(t)
	ctx, cancel := context.WithCancel(t.Context())
	var requests sync.WaitGroup
	send := func() {
		requests.Go(func() {
			req, _ := http.NewRequestWithContext(ctx, http.MethodGet, w.url("/"), nil)
			if resp, err := client.Do(req); err == nil {
				resp.Body.Close()
			}
		})
		<-arrived
	}
	defer requests.Wait()
	defer cancel()
	send()
	noError(t, w.Deregister(t.Context(), tgARN, "i-1"))
	w.apply(groupResource(nil))
	noError(t, w.Register(tgARN, target0("i-1", server)))
	w.await("i-1", Healthy)
	send()
	ended, end := context.WithCancel(t.Context())
	end()
	if err := w.Deregister(ended, tgARN, "i-1"); err == nil || len(w.Health(tgARN)) != 0 {
		t.Errorf("an ended context gave %v and left %+v", err, w.Health(tgARN))
	}
}

// A rolling replacement under load: instances come and go by the book and no
// request fails.
func TestNoRequestFailsWhileTargetsAreReplaced(t *testing.T) {
	w := newWorld(t)
	w.web()
	w.instance("i-0", says("ok"))
	client := visitor(t)
	ctx, stop := context.WithCancel(t.Context())
	var sent atomic.Int64
	var clients sync.WaitGroup
	for range 8 {
		clients.Go(func() {
			for ctx.Err() == nil {
				if code, body := get(t, client, w.url("/")); code != 200 || body != "ok" {
					t.Errorf("status %d %q", code, body)
					return
				}
				sent.Add(1)
			}
		})
	}
	servers := []*httptest.Server{}
	for i := range 20 {
		servers = append(servers, w.instance(fmt.Sprintf("i-%d", i+1), says("ok")))
		noError(t, w.Deregister(t.Context(), tgARN, fmt.Sprintf("i-%d", i)))
		if i > 0 {
			servers[i-1].Close()
		}
	}
	stop()
	clients.Wait()
	t.Logf("%d requests", sent.Load())
}

func BenchmarkProxy(b *testing.B) {
	g := &group{targets: map[string]*target{}, changed: make(chan struct{}), settings: settings{protocol: "HTTP"}}
	backend := httptest.NewServer(says(strings.Repeat("x", 1024)))
	defer backend.Close()
	at := target0("i-1", backend)
	added := &target{Target: at, state: Healthy}
	added.transport, added.proxy = g.newProxy(at.Addr)
	g.targets["i-1"] = added
	g.announce()
	front := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { g.forward(w, r, defaultIdle) }))
	defer front.Close()
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 256}}
	b.SetParallelism(16)
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			resp, err := client.Get(front.URL)
			if err != nil {
				b.Fatal(err)
			}
			io.Copy(io.Discard, resp.Body)
			resp.Body.Close()
		}
	})
}

func TestConnectionsMayBeUpgraded(t *testing.T) {
	w := newWorld(t)
	w.web()
	w.apply(balancerResource(props{"idleTimeout": 0.3}))
	w.instance("i-1", func(rw http.ResponseWriter, r *http.Request) {
		conn, both, err := http.NewResponseController(rw).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		defer conn.Close()
		fmt.Fprint(conn, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n")
		io.Copy(conn, both)
	})
	conn, err := net.Dial("tcp", strings.TrimPrefix(w.url(""), "http://"))
	noError(t, err)
	defer conn.Close()
	fmt.Fprint(conn, "GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n")
	answer := bufio.NewReader(conn)
	noError(t, conn.SetDeadline(time.Now().Add(10*time.Second)))
	resp, err := http.ReadResponse(answer, nil)
	noError(t, err)
	fmt.Fprint(conn, "ping")
	echo := make([]byte, 4)
	if _, err := io.ReadFull(answer, echo); err != nil || resp.StatusCode != 101 || string(echo) != "ping" {
		t.Errorf("%s, %q, %v", resp.Status, echo, err)
	}
}

func TestLeastOutstandingRequestsAvoidsTheBusy(t *testing.T) {
	w := newWorld(t)
	w.web()
	w.apply(groupResource(props{"loadBalancingAlgorithmType": "least_outstanding_requests"}))
	arrived, answer := make(chan struct{}), make(chan struct{})
	app := func(id string) http.HandlerFunc {
		return func(rw http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/slow" {
				close(arrived)
				<-answer
			}
			says(id)(rw, r)
		}
	}
	w.instance("i-1", app("i-1"))
	w.instance("i-2", app("i-2"))
	client, slow := visitor(t), make(chan string, 1)
	go func() {
		_, body := get(t, client, w.url("/slow"))
		slow <- body
	}()
	<-arrived
	seen := map[string]bool{}
	for range 6 {
		_, body := get(t, client, w.url("/"))
		seen[body] = true
	}
	close(answer)
	if busy := <-slow; seen[busy] || len(seen) != 1 {
		t.Errorf("%s was busy, requests went to %v", busy, seen)
	}
}

func TestAClientThatLeavesIsNobodysError(t *testing.T) {
	w := newWorld(t)
	w.web()
	arrived := make(chan struct{})
	w.instance("i-1", func(_ http.ResponseWriter, r *http.Request) {
		close(arrived)
		<-r.Context().Done()
	})
	ctx, leave := context.WithCancel(t.Context())
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, w.url("/"), nil)
	noError(t, err)
	go func() {
		<-arrived
		leave()
	}()
	if resp, err := visitor(t).Do(req); err == nil {
		resp.Body.Close()
		t.Fatalf("the client that left got %s", resp.Status)
	}
	noError(t, w.Deregister(t.Context(), tgARN, "i-1")) // the request has ended
	if c := w.Counts(tgARN); c.Requests != 1 || c.ELB5xx != 0 {
		t.Errorf("counted %+v", c)
	}
}
