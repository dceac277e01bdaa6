package route53

import (
	"strings"
	"testing"

	"github.com/miekg/dns"
)

// TestRoutingPolicies keeps records of different routing apart, as AWS does,
// and changes between them by an alias.
func TestRoutingPolicies(t *testing.T) {
	w := newWorld(t)
	latency := func(region string) props {
		return props{"setIdentifier": region, "latencyRoutingPolicies": []any{props{"region": region}}}
	}
	w.apply(
		w.record("failover", "A", with(alias(seoulLB, true), failoverRole("PRIMARY", ""))),
		w.record("failover", "A", with(alias(tokyoLB, true), failoverRole("SECONDARY", ""))),
		w.record("latency", "A", with(alias(seoulLB, true), latency("ap-northeast-2"))),
		w.record("latency", "A", with(alias(tokyoLB, true), latency("ap-northeast-1"))),
		w.record(domain, "A", alias("failover."+domain, true)),
	)
	w.balancers.set(seoulLB, false)
	if got := w.ask(domain, dns.TypeA); got != a(w.tokyo, 60) {
		t.Errorf("by failover: %s", got)
	}
	from := func() string {
		for _, n := range w.Status().Names {
			if n.Name == domain {
				return n.From
			}
		}
		return "no such name"
	}
	if got := from(); got != "secondary SECONDARY" {
		t.Errorf("the status tells that %q answers", got)
	}
	w.balancers.set(seoulLB, true)
	w.apply(w.record(domain, "A", alias("latency."+domain, true)))
	if got := w.ask(domain, dns.TypeA); got != a(w.seoul, 60) || from() != "ap-northeast-2" {
		t.Errorf("by latency: %s from %q", got, from())
	}
	for sentence, mixed := range map[string]props{
		"latency beside failover":    latency("ap-northeast-1"),
		"a simple one beside others": {},
	} {
		err := w.Bodies()[recordType].Apply(t.Context(), w.record("failover", "A", with(alias(tokyoLB, true), mixed)), nil)
		if err == nil || !strings.Contains(err.Error(), "other RRSets exist with the same name and type") {
			t.Errorf("%s: error %v", sentence, err)
		}
	}
}
