package route53

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"net"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/miekg/dns"

	"newsfeed/localcloud/cloud"
)

const (
	domain  = "newsfeed.test"
	seoulLB = "seoul.elb.amazonaws.com"
	tokyoLB = "tokyo.elb.amazonaws.com"
)

type props = map[string]any

// fakeBalancers has two balancers, each at one address.
type fakeBalancers struct {
	mu      sync.Mutex
	addrs   map[string][]netip.Addr
	healthy map[string]bool
}

func (f *fakeBalancers) Addresses(name string) []netip.Addr {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.addrs[strings.TrimPrefix(strings.TrimSuffix(name, "."), "dualstack.")]
}

func (f *fakeBalancers) HealthyBehind(name string) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.healthy[strings.TrimSuffix(name, ".")]
}

func (f *fakeBalancers) set(name string, healthy bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.healthy[name] = healthy
}

// world is a Route 53 of its own on an address block of its own.
type world struct {
	*testing.T
	*Service
	balancers    *fakeBalancers
	seoul, tokyo netip.Addr
	zone         string
}

func newWorld(t *testing.T) *world {
	t.Helper()
	t.Parallel()
	store, err := cloud.OpenStore(t.TempDir())
	noError(t, err)
	block := []byte{127, byte(60 + rand.IntN(190)), byte(rand.IntN(256)), 0}
	addr := func(n byte) netip.Addr { return netip.AddrFrom4([4]byte{block[0], block[1], block[2], n}) }
	w := &world{T: t, seoul: addr(10), tokyo: addr(20)}
	w.balancers = &fakeBalancers{
		addrs:   map[string][]netip.Addr{seoulLB: {w.seoul}, tokyoLB: {w.tokyo}},
		healthy: map[string]bool{seoulLB: true, tokyoLB: true},
	}
	w.Service, err = Start(store, w.balancers, netip.AddrPortFrom(addr(53), 0), "")
	noError(t, err)
	t.Cleanup(w.Close)
	w.zone = w.ZoneID(domain)
	return w
}

func noError(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func (w *world) record(name, typ string, outputs props) *cloud.Resource {
	all := props{"zoneId": w.zone, "name": name, "type": typ}
	maps.Copy(all, outputs)
	set, _ := all["setIdentifier"].(string)
	return &cloud.Resource{Type: recordType, ID: w.zone + "_" + name + "_" + typ + "_" + set, Region: "ap-northeast-2", Outputs: all}
}

func plain(ttl int, values ...any) props { return props{"ttl": float64(ttl), "records": values} }

func alias(target string, evaluate bool) props {
	return props{"aliases": []any{props{"name": target, "zoneId": "Z", "evaluateTargetHealth": evaluate}}}
}

func with(base props, more props) props {
	all := maps.Clone(base)
	maps.Copy(all, more)
	return all
}

func failoverRole(role, check string) props {
	return props{"setIdentifier": strings.ToLower(role), "healthCheckId": check, "failoverRoutingPolicies": []any{props{"type": role}}}
}

func (w *world) apply(resources ...*cloud.Resource) {
	w.Helper()
	for _, r := range resources {
		noError(w.T, w.Bodies()[r.Type].Apply(w.Context(), r, nil))
	}
}

// ask queries over UDP and TCP, which must agree, and returns code, TTL and
// sorted values.
func (w *world) ask(name string, kind uint16) string {
	w.Helper()
	var answers []string
	for _, network := range []string{"udp", "tcp"} {
		client := &dns.Client{Net: network}
		reply, _, err := client.Exchange(new(dns.Msg).SetQuestion(dns.Fqdn(name), kind), w.Address().String())
		noError(w.T, err)
		answers = append(answers, show(reply))
	}
	if answers[0] != answers[1] {
		w.Errorf("UDP says %s, TCP says %s", answers[0], answers[1])
	}
	return answers[0]
}

func show(reply *dns.Msg) string {
	out := []string{}
	for _, rr := range reply.Answer {
		out = append(out, strings.Join(strings.Fields(rr.String())[1:], " "))
	}
	slices.Sort(out)
	text := strings.TrimSpace(dns.RcodeToString[reply.Rcode] + " " + strings.Join(out, ", "))
	if reply.Authoritative && len(reply.Ns) == 1 {
		text += " SOA " + reply.Ns[0].Header().Name
	}
	return text
}

// until polls a condition that no channel tells about.
func (w *world) until(what string, holds func() bool) {
	w.Helper()
	deadline := time.After(10 * time.Second)
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for !holds() {
		select {
		case <-tick.C:
		case <-deadline:
			w.Fatalf("never: %s; %+v", what, w.Status())
		}
	}
}

func a(addr netip.Addr, ttl int) string { return fmt.Sprintf("NOERROR %d IN A %s", ttl, addr) }

func addrPort(l net.Listener) netip.AddrPort { return l.Addr().(*net.TCPAddr).AddrPort() }
