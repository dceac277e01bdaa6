package route53

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/miekg/dns"
)

// Status is what Route 53 answers and why, right now.
type Status struct {
	Server       string              `json:"server"`
	Names        []NameStatus        `json:"names"`
	HealthChecks []HealthCheckStatus `json:"health_checks"`
}

// NameStatus is one name and type. From tells which of several record sets
// answers, by its set identifier and failover role.
type NameStatus struct {
	Name    string   `json:"name"`
	Type    string   `json:"type"`
	From    string   `json:"from,omitempty"`
	Answers []string `json:"answers"`
}

// HealthCheckStatus is one health check. Problem is why the last probe failed,
// also while the check still counts as healthy.
type HealthCheckStatus struct {
	ID      string    `json:"id"`
	Name    string    `json:"name"`
	Type    string    `json:"type"`
	Healthy bool      `json:"healthy"`
	Since   time.Time `json:"since"`
	Problem string    `json:"problem,omitempty"`
}

// Status returns names and health checks, each by name.
func (s *Service) Status() Status {
	s.mu.RLock()
	defer s.mu.RUnlock()
	st := Status{Server: s.address.String()}
	seen := map[dns.Question]bool{}
	for _, r := range s.records {
		q := dns.Question{Name: r.name, Qtype: r.kind}
		if seen[q] {
			continue
		}
		seen[q] = true
		st.Names = append(st.Names, s.nameStatus(q))
	}
	slices.SortFunc(st.Names, func(a, b NameStatus) int {
		return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.Type, b.Type))
	})
	for _, c := range s.checks {
		st.HealthChecks = append(st.HealthChecks, HealthCheckStatus{c.id, c.name, c.kind, s.checkHealthy(c.id, depth), c.since, c.problem})
	}
	slices.SortFunc(st.HealthChecks, func(a, b HealthCheckStatus) int {
		return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.ID, b.ID))
	})
	return st
}

func (s *Service) nameStatus(q dns.Question) NameStatus {
	rrs, from := s.resolve(q.Name, q.Qtype, depth)
	n := NameStatus{Name: strings.TrimSuffix(q.Name, "."), Type: dns.TypeToString[q.Qtype]}
	for _, r := range s.chosen(from, depth) {
		n.From = strings.TrimSpace(n.From + " " + strings.TrimSpace(r.set+" "+r.failover))
	}
	for _, rr := range rrs {
		n.Answers = append(n.Answers, strings.TrimPrefix(rr.String(), rr.Header().String()))
	}
	slices.Sort(n.Answers)
	return n
}

// chosen follows aliases from records that answer to those that were chosen
// among several of a name.
func (s *Service) chosen(from []*record, left int) []*record {
	var out []*record
	for _, r := range from {
		behind := s.choose(s.find(r.alias, r.kind), left)
		if r.alias == "" || left == 0 || len(behind) == 0 {
			out = append(out, r)
			continue
		}
		out = append(out, s.chosen(behind, left-1)...)
	}
	return out
}
