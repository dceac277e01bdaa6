package elb

import (
	"cmp"
	"net/netip"
	"slices"
)

// Status is one balancer as it is now.
type Status struct {
	Region    string           `json:"region"`
	Name      string           `json:"name"`
	ARN       string           `json:"arn"`
	DNSName   string           `json:"dns_name"`
	Addresses []netip.Addr     `json:"addresses"`
	Listeners []ListenerStatus `json:"listeners"`
	Groups    []GroupStatus    `json:"target_groups"`
}

// ListenerStatus is a port that a balancer listens on.
type ListenerStatus struct {
	Port     uint16 `json:"port"`
	Protocol string `json:"protocol"`
}

// GroupStatus is a target group that a balancer forwards to.
type GroupStatus struct {
	ARN     string         `json:"arn"`
	Name    string         `json:"name"`
	Targets []TargetHealth `json:"targets"`
	Counts  Counts         `json:"counts"`
}

// Status returns every balancer, by region and name.
func (s *Service) Status() []Status {
	s.mu.RLock()
	defer s.mu.RUnlock()
	var all []Status
	for _, b := range s.balancers {
		st := Status{Region: b.region, Name: b.name, ARN: b.arn, DNSName: b.dnsName, Addresses: slices.Clone(b.addresses)}
		var arns []string
		for _, l := range s.listeners {
			if l.balancer != b.arn {
				continue
			}
			protocol := "HTTP"
			if l.tls != nil {
				protocol = "HTTPS"
			}
			st.Listeners = append(st.Listeners, ListenerStatus{l.port, protocol})
			arns = append(arns, l.routes.Load().groups()...)
		}
		slices.SortFunc(st.Listeners, func(a, b ListenerStatus) int { return cmp.Compare(a.Port, b.Port) })
		slices.Sort(arns) // two listeners may share a group
		for _, arn := range slices.Compact(arns) {
			if g := s.groups[arn]; g != nil {
				targets, _ := g.health()
				st.Groups = append(st.Groups, GroupStatus{arn, g.name, targets, g.metrics.counts()})
			}
		}
		all = append(all, st)
	}
	slices.SortFunc(all, func(a, b Status) int { return cmp.Or(cmp.Compare(a.Region, b.Region), cmp.Compare(a.Name, b.Name)) })
	return all
}
