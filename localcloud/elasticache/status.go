package elasticache

import (
	"context"
	"net"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Status is how one replication group does.
type Status struct {
	ID        string       `json:"id"`
	Region    string       `json:"region"`
	Endpoint  string       `json:"endpoint"`
	Available bool         `json:"available"` // every shard has a primary
	Keys      int64        `json:"keys"`
	PID       int          `json:"pid"` // of the first node that runs
	Nodes     []NodeStatus `json:"nodes"`
}

// NodeStatus is how one node does.
type NodeStatus struct {
	Name      string `json:"name"`
	Zone      string `json:"zone"`
	Address   string `json:"address"`
	Role      string `json:"role"` // primary, replica, or "" while it is down
	Available bool   `json:"available"`
}

// status asks every node, by name.
func (g *group) status(ctx context.Context) []NodeStatus {
	var all []NodeStatus
	for _, n := range g.nodes() {
		st := NodeStatus{Name: n.name, Zone: n.zone, Address: n.cfg.Address}
		if server := g.running(n); server != nil {
			role, _, err := server.role(ctx)
			st.Available = err == nil
			st.Role = map[string]string{"master": "primary", "slave": "replica"}[role]
		}
		all = append(all, st)
	}
	slices.SortFunc(all, func(a, b NodeStatus) int { return strings.Compare(a.Name, b.Name) })
	return all
}

// Status asks every group, those that are down included.
func (s *Service) Status(ctx context.Context) []Status {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	var all []Status
	for _, r := range s.store.List(groupType) {
		st := Status{ID: r.ID, Region: r.Region,
			Endpoint: net.JoinHostPort(r.String("configurationEndpointAddress"), strconv.Itoa(r.Int("port", defaultPort)))}
		if g, running := s.groups.Get(r.String("arn")); running {
			st.Nodes = g.status(ctx)
			primaries := g.primaries(ctx)
			st.Available = len(primaries) > 0 && len(primaries) == len(g.all())
			for _, primary := range primaries {
				keys, err := primary.client.DBSize(ctx).Result()
				st.Available, st.Keys = st.Available && err == nil, st.Keys+keys
			}
			if servers := g.servers(); len(servers) > 0 {
				st.PID = servers[0].PID()
			}
		}
		all = append(all, st)
	}
	return all
}
