package route53

import (
	"context"
	"encoding/base32"
	"strings"

	"github.com/miekg/dns"

	"newsfeed/localcloud/cloud"
)

// nameServers are given to every zone.
var nameServers = []string{"ns-1.awsdns-local.net", "ns-2.awsdns-local.org"}

var zoneEncoding = base32.HexEncoding.WithPadding(base32.NoPadding)

// zones is the body of aws:route53/zone:Zone.
type zones struct{ *Service }

func (s zones) Apply(_ context.Context, r, _ *cloud.Resource) error {
	r.Outputs["zoneId"] = r.ID
	r.Outputs["nameServers"] = []any{nameServers[0], nameServers[1]}
	r.Outputs["primaryNameServer"] = nameServers[0]
	s.mu.Lock()
	defer s.mu.Unlock()
	s.zones[r.ID] = dns.CanonicalName(r.String("name"))
	return nil
}

func (s zones) Remove(_ context.Context, r *cloud.Resource) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.zones, r.ID)
	return nil
}

// Host has a zone exist outside of the program, which knows it by its id.
func (s *Service) Host(id, name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.zones[id] = dns.CanonicalName(name)
}

// ZoneID returns the id of the public zone of that name: of the declared one,
// else one that stands for the name itself, so that a zone which exists outside
// of the program can be looked up and needs no record of its own.
func (s *Service) ZoneID(name string) string {
	name = dns.CanonicalName(name)
	for _, z := range s.store.List(zoneType) {
		if dns.CanonicalName(z.String("name")) == name {
			return z.ID
		}
	}
	return "Z" + zoneEncoding.EncodeToString([]byte(strings.TrimSuffix(name, ".")))
}

// NameServers returns the name servers of every zone.
func (s *Service) NameServers() []string { return nameServers }

// zoneName is the inverse of ZoneID; "" for an id that is none.
func (s *Service) zoneName(id string) string {
	s.mu.RLock()
	name := s.zones[id]
	s.mu.RUnlock()
	if name != "" {
		return name
	}
	for _, z := range s.store.List(zoneType) { // after a restart, zones may come later than their records
		if z.ID == id {
			return dns.CanonicalName(z.String("name"))
		}
	}
	raw, err := zoneEncoding.DecodeString(strings.TrimPrefix(id, "Z"))
	if _, ok := dns.IsDomainName(string(raw)); err != nil || len(raw) == 0 || !ok {
		return ""
	}
	return dns.CanonicalName(string(raw))
}

// zoneOf returns the longest zone that holds the name, or "". s.mu is held.
func (s *Service) zoneOf(name string) string {
	best := ""
	consider := func(zone string) {
		if dns.IsSubDomain(zone, name) && len(zone) > len(best) {
			best = zone
		}
	}
	for _, zone := range s.zones {
		consider(zone)
	}
	for _, r := range s.records {
		consider(r.zone)
	}
	return best
}
