package elb

import (
	"context"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"testing"
	"time"

	"newsfeed/localcloud/acm"
	"newsfeed/localcloud/cloud"
)

const (
	region   = "ap-northeast-2"
	domain   = "newsfeed.test"
	dnsName  = "web-1.ap-northeast-2.elb.amazonaws.com"
	lbARN    = "arn:aws:elasticloadbalancing:ap-northeast-2:000000000000:loadbalancer/app/web/1"
	tgARN    = "arn:aws:elasticloadbalancing:ap-northeast-2:000000000000:targetgroup/web/2"
	httpARN  = lbARN + "/http"
	tlsARN   = lbARN + "/https"
	certARN  = "arn:aws:acm:ap-northeast-2:000000000000:certificate/3"
	httpPort = 8080
	tlsPort  = 8443
)

type props = map[string]any

// world is a service over a record of its own, in an address block of its own.
type world struct {
	*testing.T
	*Service
	authority *acm.Authority
	addresses *cloud.Addresses
	dir       string
}

func newWorld(t *testing.T) *world {
	t.Helper()
	t.Parallel()
	dir := t.TempDir()
	store, err := cloud.OpenStore(dir + "/store")
	noError(t, err)
	authority, err := acm.Open(dir + "/ca")
	noError(t, err)
	block := fmt.Sprintf("10.%d.%d", 60+rand.IntN(190), rand.IntN(256))
	for i, half := range []string{".0/25", ".128/25"} {
		id := fmt.Sprintf("subnet-%d", i)
		noError(t, store.Put(&cloud.Resource{Type: "aws:ec2/subnet:Subnet", ID: id, Region: region, Outputs: props{"cidrBlock": block + half}}))
	}
	noError(t, store.Put(&cloud.Resource{Type: certificateType, ID: certARN, Region: region, Outputs: props{
		"arn": certARN, "domainName": domain, "subjectAlternativeNames": []any{domain, "seoul." + domain}}}))
	addresses, err := cloud.OpenAddresses(dir, store)
	noError(t, err)
	w := &world{T: t, authority: authority, addresses: addresses, dir: dir}
	w.Service = New(store, addresses, authority, dir+"/certificates")
	t.Cleanup(func() { w.Service.Close() })
	return w
}

func noError(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func resource(typ, arn string, outputs props) *cloud.Resource {
	all := props{"arn": arn}
	maps.Copy(all, outputs)
	return &cloud.Resource{Type: typ, ID: arn, Region: region, Outputs: all}
}

func balancerResource(outputs props) *cloud.Resource {
	all := props{"name": "web", "dnsName": dnsName, "subnets": []any{"subnet-0", "subnet-1"}}
	maps.Copy(all, outputs)
	return resource(balancerType, lbARN, all)
}

// groupResource has health checks fast enough for a test.
func groupResource(outputs props) *cloud.Resource {
	all := props{"name": "web", "protocol": "HTTP", "deregistrationDelay": 20.0, "healthCheck": props{
		"path": "/ready", "interval": 0.02, "timeout": 2.0, "healthyThreshold": 2.0, "unhealthyThreshold": 2.0}}
	maps.Copy(all, outputs)
	return resource(groupType, tgARN, all)
}

func listenerResource(arn string, port int, action props) *cloud.Resource {
	out := resource(listenerType, arn, props{"loadBalancerArn": lbARN, "port": float64(port), "protocol": "HTTP", "defaultActions": []any{action}})
	if arn == tlsARN {
		maps.Copy(out.Outputs, props{"protocol": "HTTPS", "certificateArn": certARN, "sslPolicy": "ELBSecurityPolicy-TLS13-1-2-2021-06"})
	}
	return out
}

func forwardTo(arn string) props { return props{"type": "forward", "targetGroupArn": arn} }

func fixed(code, body string) props {
	return props{"type": "fixed-response", "fixedResponse": props{"contentType": "text/plain", "statusCode": code, "messageBody": body}}
}

func (w *world) apply(resources ...*cloud.Resource) {
	w.Helper()
	for _, r := range resources {
		noError(w.T, w.Bodies()[r.Type].Apply(w.Context(), r, nil))
	}
}

func (w *world) remove(r *cloud.Resource) {
	w.Helper()
	noError(w.T, w.Bodies()[r.Type].Remove(w.Context(), r))
}

// web brings up a balancer that forwards port 8080 to a group.
func (w *world) web() {
	w.Helper()
	w.apply(balancerResource(nil), groupResource(nil), listenerResource(httpARN, httpPort, forwardTo(tgARN)))
}

func (w *world) url(path string) string {
	return fmt.Sprintf("http://%s:%d%s", w.Addresses(dnsName)[0], httpPort, path)
}

// instance serves handler, and 200 on /ready, and is registered and healthy.
func (w *world) instance(id string, handler http.HandlerFunc) *httptest.Server {
	w.Helper()
	server := serve(w.T, handler)
	noError(w.T, w.Register(tgARN, target0(id, server)))
	w.await(id, Healthy)
	return server
}

func serve(t *testing.T, handler http.HandlerFunc) *httptest.Server {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/ready" {
			handler(w, r)
		}
	}))
	t.Cleanup(server.Close)
	return server
}

func target0(id string, server *httptest.Server) Target {
	return Target{ID: id, Addr: server.Listener.Addr().(*net.TCPAddr).AddrPort()}
}

// await returns when the target is in that state.
func (w *world) await(id string, state State) TargetHealth {
	w.Helper()
	deadline := time.After(10 * time.Second)
	for {
		changed := w.Changed(tgARN)
		all := w.Health(tgARN)
		for _, h := range all {
			if h.ID == id && h.State == state {
				return h
			}
		}
		select {
		case <-changed:
		case <-deadline:
			w.Fatalf("%s is not %s: %+v", id, state, all)
		}
	}
}

func says(text string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, text) }
}

// get returns status and body.
func get(t *testing.T, client *http.Client, url string) (int, string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	noError(t, err)
	resp, err := client.Do(req)
	noError(t, err)
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	noError(t, err)
	return resp.StatusCode, string(body)
}

// visitor has connections of its own, which end with the test, and follows no
// redirect.
func visitor(t *testing.T) *http.Client {
	transport := &http.Transport{MaxIdleConnsPerHost: 64}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

func listening(at netip.Addr, port int) bool {
	conn, err := net.Dial("tcp", netip.AddrPortFrom(at, uint16(port)).String())
	if err == nil {
		conn.Close()
	}
	return err == nil
}
