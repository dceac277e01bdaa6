package route53

import (
	"errors"
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/miekg/dns"

	"newsfeed/localcloud/cloud"
)

func TestPlainRecords(t *testing.T) {
	w := newWorld(t)
	w.apply(
		w.record(domain, "A", plain(300, "127.0.0.5", "127.0.0.6")),
		w.record("v6", "AAAA", plain(30, "::1")),
		w.record("www", "CNAME", plain(60, domain)),
		w.record("away", "CNAME", plain(60, "example.com")),
		w.record("", "TXT", plain(60, "v=spf1 -all")),
		w.record(domain+".", "MX", plain(60, "10 mail."+domain)),
		w.record("a.deep.Name."+domain, "A", plain(60, "127.0.0.7")),
	)
	for _, c := range []struct {
		sentence, name string
		kind           uint16
		want           string
	}{
		{"several values", domain, dns.TypeA, "NOERROR 300 IN A 127.0.0.5, 300 IN A 127.0.0.6"},
		{"names don't mind case", "NewsFeed.TEST", dns.TypeMX, "NOERROR 60 IN MX 10 mail.newsfeed.test."},
		{"AAAA of a name that has A only is NODATA", domain, dns.TypeAAAA, "NOERROR SOA newsfeed.test."},
		{"AAAA", "v6." + domain, dns.TypeAAAA, "NOERROR 30 IN AAAA ::1"},
		{"a CNAME is followed", "www." + domain, dns.TypeA, "NOERROR 300 IN A 127.0.0.5, 300 IN A 127.0.0.6, 60 IN CNAME newsfeed.test."},
		{"a CNAME is answered", "www." + domain, dns.TypeCNAME, "NOERROR 60 IN CNAME newsfeed.test."},
		{"a CNAME may lead out of the zone", "away." + domain, dns.TypeA, "NOERROR 60 IN CNAME example.com."},
		{"text is quoted", domain, dns.TypeTXT, `NOERROR 60 IN TXT "v=spf1 -all"`},
		{"an unknown name", "x." + domain, dns.TypeA, "NXDOMAIN SOA newsfeed.test."},
		{"a name between two others exists", "deep.name." + domain, dns.TypeA, "NOERROR SOA newsfeed.test."},
		{"a name below a relative one", "a.deep.name." + domain, dns.TypeA, "NOERROR 60 IN A 127.0.0.7"},
		{"another's zone", "example.com", dns.TypeA, "REFUSED"},
		{"name servers", domain, dns.TypeNS, "NOERROR 172800 IN NS ns-1.awsdns-local.net., 172800 IN NS ns-2.awsdns-local.org."},
		{"start of authority", domain, dns.TypeSOA, "NOERROR 900 IN SOA ns-1.awsdns-local.net. awsdns-hostmaster.amazon.com. 1 7200 900 1209600 86400"},
	} {
		if got := w.ask(c.name, c.kind); got != c.want {
			t.Errorf("%s: %s, want %s", c.sentence, got, c.want)
		}
	}
}

func TestAliases(t *testing.T) {
	w := newWorld(t)
	w.apply(
		w.record("seoul", "A", alias("dualstack."+seoulLB, true)),
		w.record("www", "A", alias("tokyo."+domain, true)),
		w.record("gone", "A", alias("gone.elb.amazonaws.com", true)),
		w.record("loop", "A", alias("loop."+domain, true)),
		w.record("tokyo", "A", alias(tokyoLB, true)),
		w.record("tokyo", "AAAA", alias(tokyoLB, true)),
	)
	for name, want := range map[string]string{
		"seoul": a(w.seoul, 60), "www": a(w.tokyo, 60), "tokyo": a(w.tokyo, 60),
		"gone": "NOERROR SOA newsfeed.test.", "loop": "NOERROR SOA newsfeed.test.",
	} {
		if got := w.ask(name+"."+domain, dns.TypeA); got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
	if got := w.ask("tokyo."+domain, dns.TypeAAAA); got != "NOERROR SOA newsfeed.test." {
		t.Errorf("AAAA of a balancer with IPv4: %s", got)
	}
}

func TestFailoverByTargetHealth(t *testing.T) {
	w := newWorld(t)
	w.apply(
		w.record(domain, "A", with(alias(seoulLB, true), failoverRole("PRIMARY", ""))),
		w.record(domain, "A", with(alias(tokyoLB, true), failoverRole("SECONDARY", ""))),
	)
	for _, c := range []struct {
		seoul, tokyo bool
		want         netip.Addr
	}{
		{true, true, w.seoul}, {true, false, w.seoul}, {false, true, w.tokyo}, {false, false, w.seoul},
	} {
		w.balancers.set(seoulLB, c.seoul)
		w.balancers.set(tokyoLB, c.tokyo)
		if got := w.ask(domain, dns.TypeA); got != a(c.want, 60) {
			t.Errorf("seoul healthy %v, tokyo healthy %v: %s", c.seoul, c.tokyo, got)
		}
	}
}

func TestLatencyRecords(t *testing.T) {
	w := newWorld(t)
	region := func(name string) props {
		return props{"setIdentifier": name, "latencyRoutingPolicies": []any{props{"region": name}}}
	}
	w.apply(
		w.record(domain, "A", with(alias(tokyoLB, true), region("ap-northeast-1"))),
		w.record(domain, "A", with(alias(seoulLB, true), region("ap-northeast-2"))),
	)
	for _, c := range []struct {
		seoul, tokyo bool
		want         netip.Addr
	}{
		{true, true, w.seoul}, {false, true, w.tokyo}, {false, false, w.seoul},
	} {
		w.balancers.set(seoulLB, c.seoul)
		w.balancers.set(tokyoLB, c.tokyo)
		if got := w.ask(domain, dns.TypeA); got != a(c.want, 60) {
			t.Errorf("seoul healthy %v, tokyo healthy %v: %s", c.seoul, c.tokyo, got)
		}
	}
}

func TestWeightedRecords(t *testing.T) {
	w := newWorld(t)
	weight := func(set string, n int) props {
		return props{"setIdentifier": set, "weightedRoutingPolicies": []any{props{"weight": float64(n)}}}
	}
	w.apply(
		w.record(domain, "A", with(plain(0, "127.0.0.1"), weight("a", 3))),
		w.record(domain, "A", with(plain(0, "127.0.0.2"), weight("b", 1))),
		w.record(domain, "A", with(plain(0, "127.0.0.3"), weight("c", 0))),
	)
	lookup, seen := w.Resolver(), map[string]int{}
	for range 400 {
		addrs, _, err := lookup(t.Context(), domain)
		noError(t, err)
		seen[addrs[0].String()]++
	}
	if n := seen["127.0.0.1"]; n < 250 || n > 350 || seen["127.0.0.3"] != 0 {
		t.Errorf("weights 3:1:0 gave %v", seen)
	}
}

// Both regions' certificates ask for the same validation record.
func TestTheSameRecordOfTwoStacks(t *testing.T) {
	w := newWorld(t)
	seoul := w.record("_acm", "CNAME", plain(60, "one.acm.aws"))
	tokyo := w.record("_acm", "CNAME", plain(60, "two.acm.aws"))
	tokyo.Region = "ap-northeast-1"
	w.apply(seoul, tokyo)
	if got := w.ask("_acm."+domain, dns.TypeCNAME); got != "NOERROR 60 IN CNAME two.acm.aws." {
		t.Errorf("both: %s", got)
	}
	noError(t, w.Bodies()[recordType].Remove(t.Context(), tokyo))
	if got := w.ask("_acm."+domain, dns.TypeCNAME); got != "NOERROR 60 IN CNAME one.acm.aws." {
		t.Errorf("after one was removed: %s", got)
	}
	noError(t, w.Bodies()[recordType].Remove(t.Context(), seoul))
	if got := w.ask("_acm."+domain, dns.TypeCNAME); got != "REFUSED" {
		t.Errorf("after both were removed: %s", got)
	}
}

func TestZones(t *testing.T) {
	w := newWorld(t)
	if w.ZoneID("NewsFeed.test.") != w.zone || w.ZoneID("other.test") == w.zone || w.zone[0] != 'Z' {
		t.Errorf("zone ids aren't stable: %s", w.zone)
	}
	zone := &cloud.Resource{Type: zoneType, ID: "ZDECLARED", Region: "ap-northeast-2", Outputs: props{"name": "sub." + domain}}
	noError(t, w.store.Put(zone))
	if id := w.ZoneID("sub." + domain); id != "ZDECLARED" {
		t.Errorf("the id of a declared zone is %s", id)
	}
	inside := w.record("x", "A", plain(60, "127.0.0.9"))
	inside.Outputs["zoneId"] = "ZDECLARED"
	w.apply(inside, zone) // the record first, as may be after a restart
	if got := w.ask("x.sub."+domain, dns.TypeA); got != "NOERROR 60 IN A 127.0.0.9" || inside.String("fqdn") != "x.sub."+domain {
		t.Errorf("in a declared zone: %s, fqdn %s", got, inside.String("fqdn"))
	}
	noError(t, w.Bodies()[zoneType].Remove(t.Context(), zone))
}

func TestLargeAnswersGoByTCP(t *testing.T) {
	w := newWorld(t)
	values := []any{}
	for i := range 60 {
		values = append(values, netip.AddrFrom4([4]byte{127, 1, 1, byte(i)}).String())
	}
	w.apply(w.record(domain, "A", plain(60, values...)))
	query := new(dns.Msg).SetQuestion(domain+".", dns.TypeA)
	reply, _, err := new(dns.Client).Exchange(query, w.Address().String())
	noError(t, err)
	if !reply.Truncated || len(reply.Answer) >= 60 {
		t.Errorf("UDP: truncated %v, %d answers", reply.Truncated, len(reply.Answer))
	}
	for _, client := range []*dns.Client{{Net: "tcp"}, {UDPSize: 4096}} {
		if client.UDPSize > 0 {
			query.SetEdns0(client.UDPSize, false)
		}
		reply, _, err = client.Exchange(query, w.Address().String())
		noError(t, err)
		if len(reply.Answer) != 60 {
			t.Errorf("%q: %d answers", client.Net, len(reply.Answer))
		}
	}
}

func TestResolver(t *testing.T) {
	w := newWorld(t)
	w.apply(w.record(domain, "A", plain(300, "127.0.0.5")), w.record("www", "CNAME", plain(60, domain)), w.record("t", "TXT", plain(60, "x")))
	addrs, ttl, err := w.Resolver()(t.Context(), "www."+domain)
	if err != nil || len(addrs) != 1 || addrs[0].String() != "127.0.0.5" || ttl != time.Minute {
		t.Errorf("%v %v %v: the shortest TTL of the chain counts", addrs, ttl, err)
	}
	if _, _, err := w.Resolver()(t.Context(), "x."+domain); !errors.Is(err, ErrNoName) {
		t.Errorf("an unknown name: %v", err)
	}
	if _, _, err := w.Resolver()(t.Context(), "t."+domain); !errors.Is(err, ErrNoAddress) {
		t.Errorf("a name without address: %v", err)
	}
}

func TestRefusals(t *testing.T) {
	w := newWorld(t)
	for _, c := range []struct {
		sentence string
		outputs  props
		want     string
	}{
		{"a value that is none", plain(60, "not an address"), "not an address"},
		{"nothing to answer", plain(60), "neither records nor an alias"},
		{"an unknown type", with(plain(60, "x"), props{"type": "NOPE"}), "NOPE"},
		{"an unknown zone", with(plain(60, "127.0.0.1"), props{"zoneId": "Z!"}), "zone Z!"},
		{"a policy without a set identifier", with(plain(60, "127.0.0.1"), props{"weightedRoutingPolicies": []any{props{"weight": 1.0}}}), "setIdentifier"},
		{"geolocation", with(plain(60, "127.0.0.1"), props{"geolocationRoutingPolicies": []any{props{"country": "KR"}}}), "geolocation"},
	} {
		err := w.Bodies()[recordType].Apply(t.Context(), w.record(domain, "A", c.outputs), nil)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v, want one with %q", c.sentence, err, c.want)
		}
	}
	if _, err := Start(w.store, w.balancers, w.Address(), ""); err == nil || !strings.Contains(err.Error(), "in use by route53.test") {
		t.Errorf("an address in use: %v", err)
	}
	w.Close()
	free, err := net.Listen("tcp", w.Address().String())
	noError(t, err)
	free.Close()
}
