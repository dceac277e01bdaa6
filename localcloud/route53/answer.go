package route53

import (
	"math/rand/v2"
	"slices"

	"github.com/miekg/dns"
)

// depth is how many aliases and CNAMEs are followed.
const depth = 8

// resolve returns the answer to a question, by the rules of each record's
// routing policy, with the records it comes from. s.mu is held.
func (s *Service) resolve(name string, kind uint16, left int) (rrs []dns.RR, from []*record) {
	if left == 0 {
		return nil, nil
	}
	if from = s.choose(s.find(name, kind), left); len(from) == 0 && kind != dns.TypeCNAME {
		cname, chosen := s.resolve(name, dns.TypeCNAME, left)
		if len(cname) == 0 {
			return nil, nil
		}
		target := dns.CanonicalName(cname[0].(*dns.CNAME).Target)
		further, _ := s.resolve(target, kind, left-1)
		return append(cname, further...), chosen
	}
	for _, r := range from {
		rrs = append(rrs, s.values(r, left)...)
	}
	return rrs, from
}

// values returns what one record stands for, under its own name.
func (s *Service) values(r *record, left int) []dns.RR {
	if r.alias == "" {
		return slices.Clone(r.rrs)
	}
	var out []dns.RR
	if addrs := s.balancers.Addresses(r.alias); len(addrs) > 0 {
		for _, addr := range addrs {
			if r.kind == dns.TypeA {
				out = append(out, &dns.A{Hdr: header(r.name, r.kind, aliasTTL), A: addr.AsSlice()})
			}
		}
		// As Route 53 does, so that clients spread.
		rand.Shuffle(len(out), func(i, j int) { out[i], out[j] = out[j], out[i] })
		return out
	}
	rrs, _ := s.resolve(r.alias, r.kind, left-1)
	for _, rr := range rrs {
		if rr.Header().Rrtype != r.kind {
			continue
		}
		rr = dns.Copy(rr)
		rr.Header().Name = r.name
		out = append(out, rr)
	}
	return out
}

// choose returns the records that are answered out of those of one name and
// type.
func (s *Service) choose(all []*record, left int) []*record {
	if len(all) == 0 {
		return nil
	}
	healthy := slices.DeleteFunc(slices.Clone(all), func(r *record) bool { return !s.healthy(r, left) })
	switch first := all[0]; {
	case first.failover != "":
		return failover(all, healthy)
	case len(healthy) == 0:
		healthy = all // when nothing is healthy, all is answered as if everything were
	}
	switch {
	case all[0].latency != "":
		return s.nearest(healthy)
	case all[0].weight != nil:
		return weighted(healthy)
	case all[0].multivalue:
		const most = 8
		return healthy[:min(len(healthy), most)]
	}
	return all[len(all)-1:]
}

// failover answers the primary while it is healthy, and also when the
// secondary isn't either.
func failover(all, healthy []*record) []*record {
	for _, candidates := range [][]*record{healthy, all} {
		for _, role := range []string{"PRIMARY", "SECONDARY"} {
			for _, r := range candidates {
				if r.failover == role {
					return []*record{r}
				}
			}
		}
	}
	return nil
}

// nearest takes the client's own region; between others AWS would measure, and
// here the names decide.
func (s *Service) nearest(healthy []*record) []*record {
	best := healthy[0]
	for _, r := range healthy[1:] {
		mine, bestIs := r.latency == s.clientRegion, best.latency == s.clientRegion
		if mine && !bestIs || mine == bestIs && r.latency < best.latency {
			best = r
		}
	}
	return []*record{best}
}

func weighted(healthy []*record) []*record {
	total := 0
	for _, r := range healthy {
		total += *r.weight
	}
	if total == 0 {
		return []*record{healthy[rand.IntN(len(healthy))]}
	}
	at := rand.IntN(total)
	for _, r := range healthy {
		if at -= *r.weight; at < 0 {
			return []*record{r}
		}
	}
	return nil
}

// healthy says whether a record's health check passes and, where its target's
// health is to be evaluated, whether that is healthy too.
func (s *Service) healthy(r *record, left int) bool {
	if r.healthCheck != "" && !s.checkHealthy(r.healthCheck, depth) {
		return false
	}
	if r.alias == "" || !r.evaluateTarget || left == 0 {
		return true
	}
	behind := s.find(r.alias, r.kind)
	if len(behind) == 0 {
		return s.balancers.HealthyBehind(r.alias)
	}
	return slices.ContainsFunc(behind, func(b *record) bool { return s.healthy(b, left-1) })
}

func header(name string, kind uint16, ttl uint32) dns.RR_Header {
	return dns.RR_Header{Name: name, Rrtype: kind, Class: dns.ClassINET, Ttl: ttl}
}
