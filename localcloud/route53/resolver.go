package route53

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"time"

	"github.com/miekg/dns"
)

// Lookup returns the IPv4 addresses of a name and how long they may be kept.
// The error is ErrNoName when the name isn't known, and ErrNoAddress when it
// is and has no address.
type Lookup func(ctx context.Context, name string) ([]netip.Addr, time.Duration, error)

// What a Lookup may find instead of an address.
var (
	ErrNoName    = errors.New("no such name")
	ErrNoAddress = errors.New("the name has no IPv4 address")
)

// Resolver returns a Lookup that asks this server, over the network.
func (s *Service) Resolver() Lookup { return Resolver(s.address) }

// Resolver returns a Lookup that asks the DNS server at an address.
func Resolver(server netip.AddrPort) Lookup {
	client := &dns.Client{Timeout: 2 * time.Second}
	return func(ctx context.Context, name string) ([]netip.Addr, time.Duration, error) {
		query := new(dns.Msg).SetQuestion(dns.Fqdn(name), dns.TypeA)
		reply, _, err := client.ExchangeContext(ctx, query, server.String())
		switch {
		case err != nil:
			return nil, 0, fmt.Errorf("look up %s at %s: %w", name, server, err)
		case reply.Rcode == dns.RcodeNameError, reply.Rcode == dns.RcodeRefused:
			return nil, 0, fmt.Errorf("look up %s: %w", name, ErrNoName)
		case reply.Rcode != dns.RcodeSuccess:
			return nil, 0, fmt.Errorf("look up %s: %s", name, dns.RcodeToString[reply.Rcode])
		}
		var addrs []netip.Addr
		ttl := time.Duration(1<<63 - 1)
		for _, rr := range reply.Answer {
			ttl = min(ttl, time.Duration(rr.Header().Ttl)*time.Second)
			if a, ok := rr.(*dns.A); ok {
				addr, _ := netip.AddrFromSlice(a.A.To4())
				addrs = append(addrs, addr)
			}
		}
		if len(addrs) == 0 {
			return nil, 0, fmt.Errorf("look up %s: %w", name, ErrNoAddress)
		}
		return addrs, ttl, nil
	}
}
