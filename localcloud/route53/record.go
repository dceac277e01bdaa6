package route53

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/miekg/dns"

	"newsfeed/localcloud/cloud"
)

// aliasTTL is what Route 53 answers for aliases to balancers, in seconds.
const aliasTTL = 60

// record is a resource record set.
type record struct {
	id, region string
	zone, name string // canonical
	kind       uint16 // dns.TypeA and so on
	rrs        []dns.RR
	order      int // in which it was applied

	alias          string // canonical; "" when it has values of its own
	evaluateTarget bool

	healthCheck string
	set         string // setIdentifier
	failover    string // PRIMARY or SECONDARY
	latency     string // an AWS region
	weight      *int
	multivalue  bool
}

// policy is how the record is chosen among others of its name and type, which
// must all be chosen the same way.
func (rec *record) policy() string {
	switch {
	case rec.failover != "":
		return "failover"
	case rec.latency != "":
		return "latency"
	case rec.weight != nil:
		return "weight"
	case rec.multivalue:
		return "multivalue"
	}
	return "nothing"
}

// records is the body of aws:route53/record:Record.
type records struct{ *Service }

func (s records) Apply(_ context.Context, r, _ *cloud.Resource) error {
	rec, err := s.parse(r)
	if err != nil {
		return fmt.Errorf("record %s %s: %w", r.String("name"), r.String("type"), err)
	}
	r.Outputs["fqdn"] = strings.TrimSuffix(rec.name, ".")
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, other := range s.find(rec.name, rec.kind) {
		if other.id != rec.id && other.policy() != rec.policy() {
			return fmt.Errorf("InvalidChangeBatch: RRSet with DNS name %s, type %s, SetIdentifier %s cannot be created "+
				"as other RRSets exist with the same name and type: %q is routed by %s, this one by %s",
				rec.name, r.String("type"), rec.set, other.set, other.policy(), rec.policy())
		}
	}
	s.applied++
	rec.order = s.applied
	s.records[r.Region+" "+r.ID] = rec
	return nil
}

func (s records) Remove(_ context.Context, r *cloud.Resource) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.records, r.Region+" "+r.ID)
	return nil
}

func (s records) parse(r *cloud.Resource) (*record, error) {
	rec := &record{
		id: r.ID, region: r.Region, zone: s.zoneName(r.String("zoneId")), kind: dns.StringToType[r.String("type")],
		healthCheck: r.String("healthCheckId"), set: r.String("setIdentifier"), multivalue: r.Bool("multivalueAnswerRoutingPolicy"),
	}
	if rec.zone == "" {
		return nil, fmt.Errorf("zone %s: it is neither declared nor looked up by name", r.String("zoneId"))
	}
	if rec.kind == dns.TypeNone {
		return nil, fmt.Errorf("type %q: it is no DNS record type", r.String("type"))
	}
	// As the official provider does: a name within the zone may leave the zone out.
	if rec.name = dns.CanonicalName(r.String("name")); r.String("name") == "" {
		rec.name = rec.zone
	} else if !dns.IsSubDomain(rec.zone, rec.name) {
		rec.name += rec.zone
	}
	if err := rec.parsePolicies(r); err != nil {
		return nil, err
	}
	if rec.alias != "" {
		return rec, nil
	}
	for _, value := range r.Strings("records") {
		if rec.kind == dns.TypeTXT && !strings.HasPrefix(value, `"`) {
			value = `"` + value + `"`
		}
		rr, err := dns.NewRR(fmt.Sprintf("%s %d IN %s %s", rec.name, r.Int("ttl", 300), r.String("type"), value))
		if err != nil || rr == nil {
			return nil, fmt.Errorf("value %q: %v", value, err)
		}
		rec.rrs = append(rec.rrs, rr)
	}
	if len(rec.rrs) == 0 {
		return nil, fmt.Errorf("it has neither records nor an alias")
	}
	return rec, nil
}

func (rec *record) parsePolicies(r *cloud.Resource) error {
	for _, kind := range []string{"geolocationRoutingPolicies", "geoproximityRoutingPolicy", "cidrRoutingPolicy"} {
		if list, isList := r.Outputs[kind].([]any); r.Outputs[kind] != nil && (!isList || len(list) > 0) {
			return fmt.Errorf("%s: the local cloud knows failover, latency, weighted and multivalue routing", kind)
		}
	}
	var aliases []struct {
		Name                 string
		EvaluateTargetHealth bool
	}
	var failover []struct{ Type string }
	var latency []struct{ Region string }
	var weighted []struct{ Weight int }
	for key, dst := range map[string]any{
		"aliases": &aliases, "failoverRoutingPolicies": &failover,
		"latencyRoutingPolicies": &latency, "weightedRoutingPolicies": &weighted,
	} {
		if err := r.Decode(key, dst); err != nil {
			return fmt.Errorf("%s: %w", key, err)
		}
	}
	if len(aliases) > 0 {
		rec.alias, rec.evaluateTarget = dns.CanonicalName(aliases[0].Name), aliases[0].EvaluateTargetHealth
	}
	if len(failover) > 0 {
		rec.failover = failover[0].Type
	}
	if len(latency) > 0 {
		rec.latency = latency[0].Region
	}
	if len(weighted) > 0 {
		rec.weight = &weighted[0].Weight
	}
	if routed := rec.failover != "" || rec.latency != "" || rec.weight != nil || rec.multivalue; routed && rec.set == "" {
		return fmt.Errorf("setIdentifier: a record with a routing policy needs one")
	}
	return nil
}

// find returns the records of that name and type in the order they were
// applied. Two stacks may declare the same one (a certificate's validation,
// say): the later stands for both. s.mu is held.
func (s *Service) find(name string, kind uint16) []*record {
	var found []*record
	for _, r := range s.records {
		if r.name == name && r.kind == kind {
			found = append(found, r)
		}
	}
	slices.SortFunc(found, func(a, b *record) int { return a.order - b.order })
	return slices.DeleteFunc(found, func(r *record) bool {
		last := found[len(found)-1]
		return r.id == last.id && r != last
	})
}
