package route53

import (
	"github.com/miekg/dns"
)

// ServeDNS answers one query.
func (s *Service) ServeDNS(w dns.ResponseWriter, query *dns.Msg) {
	reply := s.reply(query)
	size := dns.MaxMsgSize
	if w.RemoteAddr().Network() == "udp" {
		size = dns.MinMsgSize
		if edns := query.IsEdns0(); edns != nil {
			size = max(size, int(edns.UDPSize()))
		}
	}
	reply.Truncate(size)
	w.WriteMsg(reply) // a client that is gone asks again
}

func (s *Service) reply(query *dns.Msg) *dns.Msg {
	reply := new(dns.Msg)
	if len(query.Question) != 1 || query.Opcode != dns.OpcodeQuery {
		return reply.SetRcode(query, dns.RcodeNotImplemented)
	}
	reply.SetReply(query)
	if edns := query.IsEdns0(); edns != nil {
		reply.SetEdns0(dns.DefaultMsgSize, edns.Do())
	}
	question := query.Question[0]
	name := dns.CanonicalName(question.Name)
	s.mu.RLock()
	defer s.mu.RUnlock()
	zone := s.zoneOf(name)
	if zone == "" || question.Qclass != dns.ClassINET {
		reply.Rcode = dns.RcodeRefused
		return reply
	}
	reply.Authoritative = true
	switch {
	case name == zone && question.Qtype == dns.TypeSOA:
		reply.Answer = []dns.RR{soa(zone)}
	case name == zone && question.Qtype == dns.TypeNS:
		for _, ns := range nameServers {
			reply.Answer = append(reply.Answer, &dns.NS{Hdr: header(zone, dns.TypeNS, 172800), Ns: dns.Fqdn(ns)})
		}
	default:
		reply.Answer, _ = s.resolve(name, question.Qtype, depth)
	}
	if len(reply.Answer) == 0 {
		reply.Ns = []dns.RR{soa(zone)}
		if name != zone && !s.exists(name) {
			reply.Rcode = dns.RcodeNameError
		}
	}
	return reply
}

// exists says whether there is a record at the name or below it. s.mu is held.
func (s *Service) exists(name string) bool {
	for _, r := range s.records {
		if dns.IsSubDomain(name, r.name) {
			return true
		}
	}
	return false
}

// soa is the start of authority that Route 53 gives every zone.
func soa(zone string) dns.RR {
	return &dns.SOA{
		Hdr: header(zone, dns.TypeSOA, 900), Ns: dns.Fqdn(nameServers[0]), Mbox: "awsdns-hostmaster.amazon.com.",
		Serial: 1, Refresh: 7200, Retry: 900, Expire: 1209600, Minttl: 86400,
	}
}
