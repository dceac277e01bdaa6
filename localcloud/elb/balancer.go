package elb

import (
	"context"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"newsfeed/localcloud/cloud"
)

// hostedZones are the ids of the DNS zones that AWS keeps balancer names in.
var hostedZones = map[string]string{
	"ap-northeast-1": "Z14GRHDCWA56QT",
	"ap-northeast-2": "ZWKZPGTI48KDX",
}

// balancer is a load balancer: addresses that its listeners bind.
type balancer struct {
	arn, name, region, dnsName string
	addresses                  []netip.Addr
	owners                     []string // of the leases
	idle                       time.Duration
	dark                       bool // its region has no power
}

// balancers is the body of aws:lb/loadBalancer:LoadBalancer.
type balancers struct{ *Service }

func (s balancers) Apply(_ context.Context, r, _ *cloud.Resource) error {
	if kind := r.String("loadBalancerType"); kind != "" && kind != "application" {
		return fmt.Errorf("load balancer %s: type %s: the local cloud has application load balancers only", r.String("name"), kind)
	}
	subnets := r.Strings("subnets")
	if len(subnets) == 0 {
		return fmt.Errorf("load balancer %s: no subnets: give it one public subnet in each zone", r.String("name"))
	}
	idle := 60.0
	if err := r.Decode("idleTimeout", &idle); err != nil {
		return fmt.Errorf("load balancer %s: idleTimeout: %w", r.String("name"), err)
	}
	b := &balancer{arn: r.String("arn"), name: r.String("name"), region: r.Region, dnsName: r.String("dnsName"), idle: seconds(idle)}
	for _, subnet := range subnets {
		owner := b.arn + " in " + subnet
		addr, err := s.addresses.Lease(r.Region, subnet, owner)
		if err != nil {
			return fmt.Errorf("load balancer %s: %w", b.name, err)
		}
		b.addresses, b.owners = append(b.addresses, addr), append(b.owners, owner)
	}
	setSuffix(r)
	if r.String("zoneId") == "" {
		r.Outputs["zoneId"] = hostedZones[r.Region]
	}
	return s.install(b)
}

// install puts b in the place of its predecessor and moves its listeners.
func (s balancers) install(b *balancer) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	old := s.balancers[b.arn]
	s.balancers[b.arn] = b
	for _, l := range s.listeners {
		if l.balancer != b.arn {
			continue
		}
		if err := s.refresh(l); err != nil {
			return err
		}
	}
	if old == nil {
		return nil
	}
	for _, owner := range old.owners {
		if slices.Contains(b.owners, owner) {
			continue
		}
		if err := s.addresses.Release(owner); err != nil {
			return err
		}
	}
	return nil
}

// Remove takes the balancer's listeners with it, as on AWS.
func (s balancers) Remove(_ context.Context, r *cloud.Resource) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	b := s.balancers[r.String("arn")]
	if b == nil {
		return nil
	}
	delete(s.balancers, b.arn)
	for arn, l := range s.listeners {
		if l.balancer == b.arn {
			l.close()
			delete(s.listeners, arn)
		}
	}
	for _, owner := range b.owners {
		if err := s.addresses.Release(owner); err != nil {
			return err
		}
	}
	return nil
}

// Halt closes every port of the region's balancers. Their names still resolve:
// on AWS, DNS is not in the region. Apply opens them again.
func (s *Service) Halt(region string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, b := range s.balancers {
		b.dark = b.dark || b.region == region
	}
	for _, l := range s.listeners {
		if b := s.balancers[l.balancer]; b != nil && b.dark {
			l.close()
		}
	}
}

// Addresses returns what a balancer's DNS name stands for, or nothing when
// there is no such balancer.
func (s *Service) Addresses(dnsName string) []netip.Addr {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if b := s.named(dnsName); b != nil {
		return slices.Clone(b.addresses)
	}
	return nil
}

// HealthyBehind is what Route 53 evaluates for an alias to a balancer: every
// target group that its listeners forward to has a healthy target. A group
// without targets is unhealthy. A balancer that forwards nowhere (it answers a
// maintenance page, say) is healthy, and so is one whose region is dark: it is
// the region that would tell, and Route 53's own checks have to find out.
func (s *Service) HealthyBehind(dnsName string) bool {
	s.mu.RLock()
	defer s.mu.RUnlock()
	b := s.named(dnsName)
	if b == nil {
		return false
	}
	listening := b.dark
	for _, l := range s.listeners {
		if l.balancer != b.arn || b.dark {
			continue
		}
		listening = true
		for _, arn := range l.routes.Load().groups() {
			if g := s.groups[arn]; g == nil || g.healthy() == 0 {
				return false
			}
		}
	}
	return listening
}

// named finds a balancer by its DNS name, which may end in a dot and, as in
// the records that AWS writes itself, begin with "dualstack.". s.mu is held.
func (s *Service) named(dnsName string) *balancer {
	dnsName = strings.TrimPrefix(strings.TrimSuffix(strings.ToLower(dnsName), "."), "dualstack.")
	for _, b := range s.balancers {
		if strings.ToLower(b.dnsName) == dnsName && dnsName != "" {
			return b
		}
	}
	return nil
}

func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }
