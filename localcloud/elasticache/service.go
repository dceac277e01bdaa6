package elasticache

import (
	"context"
	"fmt"
	"maps"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"time"

	"newsfeed/localcloud/acm"
	"newsfeed/localcloud/cloud"
	"newsfeed/localcloud/process"
)

const (
	groupType          = "aws:elasticache/replicationGroup:ReplicationGroup"
	subnetGroupType    = "aws:elasticache/subnetGroup:SubnetGroup"
	parameterGroupType = "aws:elasticache/parameterGroup:ParameterGroup"
)

const defaultPort = 6379

// Service runs the replication groups of every region.
type Service struct {
	dir       string
	store     *cloud.Store
	addresses *cloud.Addresses
	authority *acm.Authority

	mu     sync.Mutex
	groups map[string]*process.Keeper[*Server] // by ARN
}

// New returns a service that keeps its files under dir.
func New(dir string, store *cloud.Store, addresses *cloud.Addresses, authority *acm.Authority) *Service {
	return &Service{dir: dir, store: store, addresses: addresses, authority: authority,
		groups: map[string]*process.Keeper[*Server]{}}
}

// Bodies gives life to replication groups.
func (s *Service) Bodies() map[string]cloud.Body { return map[string]cloud.Body{groupType: s} }

// Apply starts the group r. An update is a restart when it changes what the
// server was started with: the cache starts empty then.
func (s *Service) Apply(ctx context.Context, r, old *cloud.Resource) error {
	cfg, err := s.config(r)
	if err != nil {
		return err
	}
	if kept := s.take(r); kept != nil {
		if was, err := s.config(old); err == nil && maps.Equal(was.Parameters, cfg.Parameters) && was.Token == cfg.Token {
			s.put(r, kept)
			return nil
		}
		kept.Stop()
	}
	kept, err := process.Keep(ctx, r.ID, func(ctx context.Context) (*Server, error) { return StartServer(ctx, cfg) })
	if err != nil {
		return err
	}
	s.put(r, kept)
	r.Outputs["port"] = float64(cfg.Port)
	for _, endpoint := range []string{"configurationEndpointAddress", "primaryEndpointAddress", "readerEndpointAddress"} {
		r.Outputs[endpoint] = cfg.Address
	}
	r.Outputs["memberClusters"] = []any{r.ID + "-0001-001"}
	r.Outputs["clusterEnabled"] = true
	return nil
}

func (s *Service) config(r *cloud.Resource) (ServerConfig, error) {
	group := s.store.Get(r.Region, subnetGroupType, r.String("subnetGroupName"))
	if group == nil || len(group.Strings("subnetIds")) == 0 {
		return ServerConfig{}, fmt.Errorf("subnet group %q does not exist or is empty", r.String("subnetGroupName"))
	}
	addr, err := s.addresses.Lease(r.Region, group.Strings("subnetIds")[0], r.String("arn"))
	if err != nil {
		return ServerConfig{}, err
	}
	cfg := ServerConfig{Dir: s.groupDir(r), Address: addr.String(), Port: r.Int("port", defaultPort),
		Token: r.String("authToken"), Parameters: s.parameters(r)}
	if r.Bool("transitEncryptionEnabled") {
		cfg.CAFile = s.authority.CAFile()
		cfg.CertFile, cfg.KeyFile, err = s.authority.Issue(filepath.Join(cfg.Dir, "tls"), addr.String())
	}
	return cfg, err
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
	out := map[string]string{}
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
	if kept := s.take(r); kept != nil {
		kept.Stop()
	}
	if err := process.EndLeftover(s.groupDir(r), stopTimeout); err != nil {
		return err
	}
	if err := os.RemoveAll(s.groupDir(r)); err != nil {
		return err
	}
	return s.addresses.Release(r.String("arn"))
}

// Close stops every group.
func (s *Service) Close() {
	s.mu.Lock()
	all := maps.Clone(s.groups)
	clear(s.groups)
	s.mu.Unlock()
	var wg sync.WaitGroup
	for _, kept := range all {
		wg.Go(kept.Stop)
	}
	wg.Wait()
}

func (s *Service) take(r *cloud.Resource) *process.Keeper[*Server] {
	s.mu.Lock()
	defer s.mu.Unlock()
	kept := s.groups[r.String("arn")]
	delete(s.groups, r.String("arn"))
	return kept
}

func (s *Service) put(r *cloud.Resource, kept *process.Keeper[*Server]) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.groups[r.String("arn")] = kept
}

// Status is how one replication group does.
type Status struct {
	ID        string `json:"id"`
	Region    string `json:"region"`
	Endpoint  string `json:"endpoint"`
	Available bool   `json:"available"`
	Keys      int64  `json:"keys"`
	PID       int    `json:"pid"`
}

// Status asks every group, those that are down included.
func (s *Service) Status(ctx context.Context) []Status {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	var all []Status
	for _, r := range s.store.List(groupType) {
		st := Status{ID: r.ID, Region: r.Region,
			Endpoint: net.JoinHostPort(r.String("configurationEndpointAddress"), strconv.Itoa(r.Int("port", defaultPort)))}
		s.mu.Lock()
		kept := s.groups[r.String("arn")]
		s.mu.Unlock()
		if kept != nil {
			server := kept.Current()
			keys, err := server.Client().DBSize(ctx).Result()
			st.Available, st.Keys, st.PID = err == nil, keys, server.PID()
		}
		all = append(all, st)
	}
	return all
}
