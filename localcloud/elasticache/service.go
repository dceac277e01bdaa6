package elasticache

import (
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"newsfeed/localcloud/acm"
	"newsfeed/localcloud/clock"
	"newsfeed/localcloud/cloud"
	"newsfeed/localcloud/process"
)

const (
	groupType          = "aws:elasticache/replicationGroup:ReplicationGroup"
	subnetGroupType    = "aws:elasticache/subnetGroup:SubnetGroup"
	parameterGroupType = "aws:elasticache/parameterGroup:ParameterGroup"
	subnetType         = "aws:ec2/subnet:Subnet"
)

const defaultPort = 6379

// Service runs the replication groups of every region.
type Service struct {
	dir       string
	store     *cloud.Store
	addresses *cloud.Addresses
	authority *acm.Authority
	clock     *clock.Clock
	groups    process.Fleet[*group]
}

// New returns a service that keeps its files under dir.
func New(dir string, store *cloud.Store, addresses *cloud.Addresses, authority *acm.Authority,
	c *clock.Clock) *Service {
	return &Service{dir: dir, store: store, addresses: addresses, authority: authority, clock: c}
}

// Bodies gives life to replication groups.
func (s *Service) Bodies() map[string]cloud.Body { return map[string]cloud.Body{groupType: s} }

// Apply starts the group r, or changes the one that runs, in the order in which
// the provider does: shards and replicas, then the rest, then the token
// (terraform-provider-aws, resourceReplicationGroupUpdate).
func (s *Service) Apply(ctx context.Context, r, old *cloud.Resource) error {
	if old == nil {
		return s.start(ctx, r)
	}
	g, running := s.groups.Get(r.String("arn"))
	if !running {
		return fmt.Errorf("it is not running")
	}
	if err := refuseSet(r, old); err != nil {
		return err
	}
	want, err := s.shards(r)
	if err != nil {
		return err
	}
	if !slices.Equal(names(together(want)), names(g.nodes())) {
		if err := g.resize(ctx, want, old.String("nodeType")); err != nil {
			return err
		}
	}
	if is, was := r.String("nodeType"), old.String("nodeType"); maxMemory(is) < maxMemory(was) {
		if err := g.fits(ctx, len(want), is); err != nil {
			return err
		}
	}
	if err := g.configure(ctx, s.parameters(r)); err != nil {
		return err
	}
	report(r, g)
	return g.authenticate(ctx, tokens(r, old)...)
}

// refuseSet: a token is rotated in before it is set. With another one than the
// last, AWS refuses the strategy (ElastiCache user guide, Authenticating with the
// AUTH command: Modifying the AUTH token; the error's words are ours).
func refuseSet(r, old *cloud.Resource) error {
	is, was := r.String("authToken"), old.String("authToken")
	if r.String("authTokenUpdateStrategy") == "SET" && was != "" && is != was {
		return fmt.Errorf("InvalidParameterCombination: the strategy SET ends the token before, " +
			"and takes only the one that ROTATE brought in: update with ROTATE first (newsfeed:cache.tokenUpdate: rotate), then with SET")
	}
	return nil
}

func (s *Service) start(ctx context.Context, r *cloud.Resource) (err error) {
	if g, running := s.groups.Take(r.String("arn")); running {
		g.Stop()
	}
	g := &group{clock: s.clock, arn: r.String("arn"), tokens: []string{r.String("authToken")}, parameters: s.parameters(r),
		lost:    map[string]chan struct{}{},
		release: func(n *node) error { return s.addresses.Release(r.String("arn") + "/" + n.name) }}
	if g.shards, err = s.shards(r); err != nil {
		return err
	}
	defer func() {
		if err != nil {
			g.Stop()
		}
	}()
	if err := g.form(ctx); err != nil {
		return err
	}
	address, err := s.endpoint(r)
	if err != nil {
		return err
	}
	port := r.Int("port", defaultPort)
	if g.door, err = openDoor(net.JoinHostPort(address, strconv.Itoa(port)), g.addresses); err != nil {
		return err
	}
	s.groups.Put(g.arn, g)
	r.Outputs["port"] = float64(port)
	for _, endpoint := range []string{"configurationEndpointAddress", "primaryEndpointAddress", "readerEndpointAddress"} {
		r.Outputs[endpoint] = address
	}
	r.Outputs["clusterEnabled"] = true
	report(r, g)
	return nil
}

// report is what the group's nodes are called.
func report(r *cloud.Resource, g *group) {
	members := []any{}
	for _, name := range names(g.nodes()) {
		members = append(members, name)
	}
	r.Outputs["memberClusters"] = members
}

// tokens are those that a group takes after an update: with the strategy
// ROTATE the last one stays valid beside the new one, with SET it ends.
func tokens(r, old *cloud.Resource) []string {
	is, was := r.String("authToken"), old.String("authToken")
	if r.String("authTokenUpdateStrategy") == "SET" || was == "" || was == is {
		return []string{is}
	}
	return []string{is, was}
}

// endpoint is the address that stays, whatever becomes of the nodes.
func (s *Service) endpoint(r *cloud.Resource) (string, error) {
	subnets, err := s.subnets(r)
	if err != nil {
		return "", err
	}
	addr, err := s.addresses.Lease(r.Region, subnets[0], r.String("arn"))
	return addr.String(), err
}

func (s *Service) subnets(r *cloud.Resource) ([]string, error) {
	group := s.store.Get(r.Region, subnetGroupType, r.String("subnetGroupName"))
	if group == nil || len(group.Strings("subnetIds")) == 0 {
		return nil, fmt.Errorf("subnet group %q does not exist or is empty", r.String("subnetGroupName"))
	}
	return group.Strings("subnetIds"), nil
}

// shards are those that r declares. Its nodes have names by then, unless nobody
// numbers them: then they count from one.
func (s *Service) shards(r *cloud.Resource) ([]*shard, error) {
	members := r.Strings("memberClusters")
	per := 1 + r.Int("replicasPerNodeGroup", 0)
	if n := max(r.Int("numNodeGroups", 1), 1); len(members) != n*per {
		members = nil
		for i := range n * per {
			members = append(members, fmt.Sprintf("%s-%04d-%03d", r.ID, i/per+1, i%per+1))
		}
	}
	var all []*shard
	for _, name := range slices.Sorted(slices.Values(members)) {
		number, _, _ := strings.Cut(strings.TrimPrefix(name, r.ID+"-"), "-")
		if len(all) == 0 || all[len(all)-1].number != number {
			all = append(all, &shard{number: number})
		}
		last := all[len(all)-1]
		n, err := s.node(r, name, len(all)-1+len(last.nodes))
		if err != nil {
			return nil, err
		}
		last.nodes = append(last.nodes, n)
	}
	return all, nil
}

// node is the node of that name, in the zone whose turn it is.
func (s *Service) node(r *cloud.Resource, name string, turn int) (*node, error) {
	subnets, err := s.subnets(r)
	if err != nil {
		return nil, err
	}
	subnet := subnets[turn%len(subnets)]
	addr, err := s.addresses.Lease(r.Region, subnet, r.String("arn")+"/"+name)
	if err != nil {
		return nil, err
	}
	endpoint, err := s.endpoint(r)
	if err != nil {
		return nil, err
	}
	n := &node{name: name, id: redisID(r.String("arn"), name), zone: subnet,
		cfg: ServerConfig{Dir: filepath.Join(s.groupDir(r), name), Address: addr.String(), Port: r.Int("port", defaultPort)}}
	if in := s.store.Get(r.Region, subnetType, subnet); in.String("availabilityZone") != "" {
		n.zone = in.String("availabilityZone")
	}
	if r.Bool("transitEncryptionEnabled") {
		n.cfg.CAFile = s.authority.CAFile()
		n.cfg.CertFile, n.cfg.KeyFile, err = s.authority.Issue(filepath.Join(n.cfg.Dir, "tls"), addr.String(), endpoint)
	}
	return n, err
}

// names are those of nodes, in order.
func names(nodes []*node) []string {
	var out []string
	for _, n := range nodes {
		out = append(out, n.name)
	}
	slices.Sort(out)
	return out
}

func (s *Service) groupDir(r *cloud.Resource) string { return filepath.Join(s.dir, r.Region+"-"+r.ID) }

// known are the parameters that redis-server takes at start under the same
// name; others are ElastiCache's own.
var known = map[string]bool{
	"maxmemory-policy": true, "timeout": true, "tcp-keepalive": true, "notify-keyspace-events": true,
	"zset-max-listpack-entries": true, "zset-max-listpack-value": true, "hash-max-listpack-entries": true,
	"activedefrag": false, // Debian's build lacks it
}

func (s *Service) parameters(r *cloud.Resource) map[string]string {
	out := map[string]string{"maxmemory": strconv.FormatInt(maxMemory(r.String("nodeType")), 10)}
	group := s.store.Get(r.Region, parameterGroupType, r.String("parameterGroupName"))
	if group == nil {
		return out
	}
	var parameters []struct{ Name, Value string }
	if err := group.Decode("parameters", &parameters); err != nil {
		return out
	}
	for _, p := range parameters {
		if known[p.Name] {
			out[p.Name] = p.Value
		}
	}
	return out
}

// Remove ends the group.
func (s *Service) Remove(_ context.Context, r *cloud.Resource) error {
	members := r.Strings("memberClusters")
	if g, running := s.groups.Take(r.String("arn")); running {
		members = names(g.nodes())
		g.Stop()
	}
	for _, name := range members {
		if err := process.EndLeftover(filepath.Join(s.groupDir(r), name), stopTimeout); err != nil {
			return err
		}
		if err := s.addresses.Release(r.String("arn") + "/" + name); err != nil {
			return err
		}
	}
	if err := os.RemoveAll(s.groupDir(r)); err != nil {
		return err
	}
	return s.addresses.Release(r.String("arn"))
}

// Close stops every group.
func (s *Service) Close() { s.groups.End("", (*group).Stop) }

// Halt implements cloud.Halter.
func (s *Service) Halt(region string) { s.groups.End(region, (*group).Kill) }
