package frontdoor

import (
	"bufio"
	"context"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"newsfeed/localcloud/acm"
	"newsfeed/localcloud/cloud"
	"newsfeed/localcloud/elb"
	"newsfeed/localcloud/route53"
)

const (
	domain    = "newsfeed.test"
	port      = 8443
	seoul     = "ap-northeast-2"
	tokyo     = "ap-northeast-1"
	otherName = "other.test"
)

type props = map[string]any

// world is two regions with a balancer each, DNS that fails over between
// them, and a front door.
type world struct {
	*testing.T
	*Door
	dns    *route53.Service
	elb    *elb.Service
	ca     *acm.Authority
	bodies map[string]cloud.Body
	client *http.Client
}

func noError(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func newWorld(t *testing.T, maxTTL time.Duration) *world {
	t.Helper()
	t.Parallel()
	dir := t.TempDir()
	store, err := cloud.OpenStore(dir + "/store")
	noError(t, err)
	addresses, err := cloud.OpenAddresses(dir, store)
	noError(t, err)
	w := &world{T: t}
	w.ca, err = acm.Open(dir + "/ca")
	noError(t, err)
	second, third := 60+rand.IntN(190), rand.IntN(256)
	for region, cidr := range map[string]string{seoul: "0/25", tokyo: "128/25"} {
		noError(t, store.Put(&cloud.Resource{Type: "aws:ec2/subnet:Subnet", ID: "subnet", Region: region,
			Outputs: props{"cidrBlock": fmt.Sprintf("10.%d.%d.%s", second, third, cidr)}}))
		noError(t, store.Put(&cloud.Resource{Type: "aws:acm/certificate:Certificate", ID: region, Region: region,
			Outputs: props{"arn": "cert-" + region, "domainName": domain}}))
	}
	noError(t, store.Put(&cloud.Resource{Type: "aws:acm/certificate:Certificate", ID: "other", Region: seoul,
		Outputs: props{"arn": "cert-other", "domainName": otherName}}))
	w.elb = elb.New(store, addresses, w.ca, dir+"/certificates")
	t.Cleanup(w.elb.Close)
	at := netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, byte(second), byte(third), 5}), 0)
	w.dns, err = route53.Start(store, w.elb, at, "")
	noError(t, err)
	t.Cleanup(w.dns.Close)
	w.bodies = w.elb.Bodies()
	for typ, body := range w.dns.Bodies() {
		w.bodies[typ] = body
	}
	w.Door, err = Open(Config{Listen: "127.0.0.1:0", Domain: domain, Lookup: w.dns.Resolver(), Trust: w.ca.Pool(), Port: port, MaxTTL: maxTTL})
	noError(t, err)
	t.Cleanup(w.Door.Close)
	transport := &http.Transport{MaxIdleConnsPerHost: 64}
	t.Cleanup(transport.CloseIdleConnections)
	w.client = &http.Client{Transport: transport, Timeout: 10 * time.Second,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	return w
}

func (w *world) apply(typ, id, region string, outputs props) {
	w.Helper()
	outputs["arn"] = id
	noError(w.T, w.bodies[typ].Apply(w.Context(), &cloud.Resource{Type: typ, ID: id, Region: region, Outputs: outputs}, nil))
}

// region brings up a balancer in front of an app, and its failover record.
func (w *world) region(name, role string, app http.Handler) *httptest.Server {
	w.Helper()
	w.apply("aws:lb/loadBalancer:LoadBalancer", "lb-"+name, name, props{"dnsName": "lb." + name, "subnets": []any{"subnet"}})
	w.apply("aws:lb/targetGroup:TargetGroup", "tg-"+name, name, props{"healthCheck": props{"interval": 0.02, "timeout": 1.0, "unhealthyThreshold": 2.0, "matcher": "200-399"}})
	w.listener(name, "cert-"+name)
	w.apply("aws:route53/record:Record", "r-"+name, name, props{
		"zoneId": w.dns.ZoneID(domain), "name": domain, "type": "A", "setIdentifier": name,
		"failoverRoutingPolicies": []any{props{"type": role}},
		"aliases":                 []any{props{"name": "lb." + name, "evaluateTargetHealth": true}}})
	server := httptest.NewServer(app)
	w.Cleanup(server.Close)
	noError(w.T, w.elb.Register("tg-"+name, elb.Target{ID: "i-1", Addr: server.Listener.Addr().(*net.TCPAddr).AddrPort()}))
	noError(w.T, w.elb.WaitHealthy(w.Context(), "tg-"+name, 1))
	return server
}

func (w *world) listener(name, certificate string) {
	w.Helper()
	w.apply("aws:lb/listener:Listener", "listener-"+name, name, props{"loadBalancerArn": "lb-" + name, "port": float64(port), "protocol": "HTTPS",
		"certificateArn": certificate, "defaultActions": []any{props{"type": "forward", "targetGroupArn": "tg-" + name}}})
}

func says(text string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, text) })
}

// get sends a request with the given headers, and returns the answer and body.
func (w *world) get(path string, headers ...string) (*http.Response, string) {
	w.Helper()
	req, err := http.NewRequestWithContext(w.Context(), http.MethodGet, w.URL()+path, nil)
	noError(w.T, err)
	for i := 0; i < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
		if headers[i] == "Host" {
			req.Host = headers[i+1]
		}
	}
	resp, err := w.client.Do(req)
	noError(w.T, err)
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	noError(w.T, err)
	return resp, string(body)
}

func TestTheAppSeesTheDomain(t *testing.T) {
	w := newWorld(t, 0)
	w.region(seoul, "PRIMARY", http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(rw, "%s %s %s %s", r.Host, r.Header.Get("X-Forwarded-Proto"), r.Header.Get("Origin"), r.Header.Get("Referer"))
	}))
	here := w.URL()
	for _, c := range []struct {
		sentence, host, origin, referer, want string
	}{
		{"the page's own origin", "", here, here + "/feed", "https://newsfeed.test https://newsfeed.test/feed"},
		{"localhost is here too", "localhost:8080", "http://localhost:8080", "http://localhost:8080/", "https://newsfeed.test https://newsfeed.test/"},
		{"another site's origin stays", "", "https://evil.example", "https://evil.example/", "https://evil.example https://evil.example/"},
		{"a port that only begins alike stays", "127.0.0.1:80", "http://127.0.0.1:8080", "", "http://127.0.0.1:8080 "},
		{"a name that an attacker points here isn't ours", "evil.example:8080", "http://evil.example:8080", "", "http://evil.example:8080 "},
	} {
		headers := []string{"Origin", c.origin, "Referer", c.referer}
		if c.host != "" {
			headers = append(headers, "Host", c.host)
		}
		if _, got := w.get("/", headers...); got != "newsfeed.test https "+c.want {
			t.Errorf("%s: the app saw %q", c.sentence, got)
		}
	}
}

func TestTheUserSeesTheFrontDoor(t *testing.T) {
	w := newWorld(t, 0)
	w.region(seoul, "PRIMARY", http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		h := rw.Header()
		h["Set-Cookie"] = r.Header["Cookies"]
		h.Set("Location", r.Header.Get("To"))
		h.Set("Strict-Transport-Security", "max-age=1")
		rw.WriteHeader(302)
	}))
	for sent, want := range map[string]string{
		"https://newsfeed.test/feed?a=b": "/feed?a=b", "https://newsfeed.test": "/", "https://newsfeed.test:443/x#y": "/x#y",
		"/feed": "/feed", "https://example.com/": "https://example.com/",
	} {
		if resp, _ := w.get("/", "To", sent); resp.Header.Get("Location") != want || resp.Header.Get("Strict-Transport-Security") != "" {
			t.Errorf("Location %s became %q", sent, resp.Header.Get("Location"))
		}
	}
	for sent, want := range map[string]string{
		"session=t; Path=/; HttpOnly; Secure; SameSite=Lax": "session=t; Path=/; HttpOnly; SameSite=Lax",
		"a=secure; Domain=newsfeed.test; secure":            "a=secure",
		"__Host-a=b; Secure; Path=/":                        "__Host-a=b; Secure; Path=/",
		"a=b; SameSite=None; Secure":                        "a=b; SameSite=None; Secure",
	} {
		if resp, _ := w.get("/", "Cookies", sent); resp.Header.Get("Set-Cookie") != want {
			t.Errorf("cookie %s became %q", sent, resp.Header.Get("Set-Cookie"))
		}
	}
}

func TestTheUserFollowsAFailover(t *testing.T) {
	w := newWorld(t, 50*time.Millisecond)
	primary := w.region(seoul, "PRIMARY", says("seoul"))
	w.region(tokyo, "SECONDARY", says("tokyo"))
	if _, body := w.get("/"); body != "seoul" {
		t.Fatalf("at first %q", body)
	}
	primary.Close()
	deadline := time.Now().Add(10 * time.Second)
	for {
		resp, body := w.get("/")
		if body == "tokyo" {
			break
		}
		if resp.StatusCode != http.StatusBadGateway || time.Now().After(deadline) {
			t.Fatalf("on the way to tokyo: %d %q", resp.StatusCode, body)
		}
	}
}

func TestAnswersAreKeptForTheirTTL(t *testing.T) {
	t.Parallel()
	var asked atomic.Int64
	answer := func(ttl time.Duration) Config {
		return Config{Lookup: func(_ context.Context, _ string) ([]netip.Addr, time.Duration, error) {
			asked.Add(1)
			return []netip.Addr{netip.MustParseAddr("127.0.0.1")}, ttl, nil
		}}
	}
	for _, c := range []struct {
		sentence string
		ttl, cap time.Duration
		want     int64
	}{
		{"kept for its TTL", time.Hour, 0, 1},
		{"kept no longer than the cap", time.Hour, time.Nanosecond, 3},
		{"a TTL of 0 is not kept", 0, time.Hour, 3},
	} {
		asked.Store(0)
		cfg := answer(c.ttl)
		cfg.MaxTTL = c.cap
		var names cache
		for range 3 {
			_, err := names.lookup(t.Context(), cfg)
			noError(t, err)
		}
		if asked.Load() != c.want {
			t.Errorf("%s: asked %d times, want %d", c.sentence, asked.Load(), c.want)
		}
	}
	var names cache
	broken := Config{Lookup: func(context.Context, string) ([]netip.Addr, time.Duration, error) { return nil, 0, errors.New("down") }}
	if _, err := names.lookup(t.Context(), broken); err == nil {
		t.Error("a failed lookup is no error")
	}
}

func TestFailuresAreExplained(t *testing.T) {
	w := newWorld(t, time.Nanosecond)
	title := func() (string, string) {
		resp, body := w.get("/v1/feed")
		var problem struct{ Title, Detail, Next string }
		if err := json.Unmarshal([]byte(body), &problem); err != nil || resp.StatusCode != 502 || resp.Header.Get("Content-Type") != "application/problem+json" {
			t.Errorf("%d %s: %s", resp.StatusCode, resp.Header.Get("Content-Type"), body)
		}
		return problem.Title, problem.Next
	}
	if got, next := title(); got != "newsfeed.test is not known" || next != "make up" {
		t.Errorf("before anything is up: %s, %s", got, next)
	}
	if resp, body := w.get("/", "Accept", "text/html,*/*"); resp.StatusCode != 502 || !strings.Contains(body, "<h1>newsfeed.test is not known</h1>") {
		t.Errorf("a browser sees %s", body)
	}
	w.region(seoul, "PRIMARY", says("seoul"))
	w.listener(seoul, "cert-other")
	if got, _ := title(); got != "The balancer's certificate is not valid for newsfeed.test" {
		t.Errorf("wrong certificate: %s", got)
	}
	noError(t, w.bodies["aws:lb/listener:Listener"].Remove(t.Context(), &cloud.Resource{Outputs: props{"arn": "listener-" + seoul}}))
	if got, _ := title(); got != "No balancer listens where DNS points" {
		t.Errorf("no listener: %s", got)
	}
	noError(t, w.bodies["aws:lb/loadBalancer:LoadBalancer"].Remove(t.Context(), &cloud.Resource{Outputs: props{"arn": "lb-" + seoul}}))
	if got, _ := title(); got != "newsfeed.test points to no balancer" {
		t.Errorf("no balancer: %s", got)
	}
}

func TestTheNextAddressIsTriedWhenOneRefuses(t *testing.T) {
	t.Parallel()
	ca, err := acm.Open(t.TempDir())
	noError(t, err)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	noError(t, err)
	defer listener.Close()
	alive := listener.Addr().(*net.TCPAddr).AddrPort()
	dead := netip.MustParseAddr(fmt.Sprintf("127.%d.%d.1", 60+rand.IntN(190), rand.IntN(256)))
	d, err := Open(Config{Listen: "127.0.0.1:0", Domain: domain, Trust: ca.Pool(), Port: alive.Port(),
		Lookup: func(context.Context, string) ([]netip.Addr, time.Duration, error) {
			return []netip.Addr{dead, alive.Addr()}, time.Hour, nil
		}})
	noError(t, err)
	defer d.Close()
	for range 2 {
		conn, err := d.dial(t.Context(), "tcp", netip.AddrPortFrom(dead, alive.Port()).String())
		noError(t, err)
		conn.Close()
	}
}

func TestStreamsPassThroughBoth(t *testing.T) {
	w := newWorld(t, 0)
	proceed := make(chan struct{})
	w.region(seoul, "PRIMARY", http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/events" {
			return
		}
		rw.Header().Set("Content-Type", "text/event-stream")
		io.WriteString(rw, "data: 1\n")
		rw.(http.Flusher).Flush()
		<-proceed
		io.WriteString(rw, "data: 2\n")
	}))
	resp, err := w.client.Get(w.URL() + "/events")
	noError(t, err)
	defer resp.Body.Close()
	lines := bufio.NewScanner(resp.Body)
	if !lines.Scan() || lines.Text() != "data: 1" {
		t.Errorf("first line %q", lines.Text())
	}
	close(proceed)
	if !lines.Scan() || lines.Text() != "data: 2" {
		t.Errorf("second line %q", lines.Text())
	}
}

func TestAnAddressInUseNamesItsHolder(t *testing.T) {
	w := newWorld(t, 0)
	_, err := Open(Config{Listen: strings.TrimPrefix(w.URL(), "http://"), Domain: domain, Lookup: w.dns.Resolver(), Trust: x509.NewCertPool()})
	if err == nil || !strings.Contains(err.Error(), "in use by frontdoor.test") {
		t.Errorf("error %v", err)
	}
}
