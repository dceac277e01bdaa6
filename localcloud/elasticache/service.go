package elasticache

import (
	"context"
	"fmt"
	"maps"
	"net"
	"os"
	"path/filepath"
	"strconv"
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
	groups    process.Fleet[*process.Keeper[*Server]]
}

// New returns a service that keeps its files under dir.
func New(dir string, store *cloud.Store, addresses *cloud.Addresses, authority *acm.Authority) *Service {
	return &Service{dir: dir, store: store, addresses: addresses, authority: authority}
}

// Bodies gives life to replication groups.
func (s *Service) Bodies() map[string]cloud.Body { return map[string]cloud.Body{groupType: s} }

// Apply starts the group r, or changes the one that runs. New parameters are a
// restart: the cache starts empty then.
func (s *Service) Apply(ctx context.Context, r, old *cloud.Resource) error {
	cfg, err := s.config(r)
	if err != nil {
		return err
	}
	if old == nil {
		return s.start(ctx, r, cfg)
	}
	if was, err := s.config(old); err != nil {
		return err
	} else if !maps.Equal(was.Parameters, cfg.Parameters) {
		if err := s.start(ctx, r, cfg); err != nil {
			return err
		}
	}
	kept, running := s.groups.Get(r.String("arn"))
	if !running {
		return fmt.Errorf("it is not running")
	}
	if err := refuseSet(r, old); err != nil {
		return err
	}
	return kept.Current().SetTokens(ctx, tokens(r, old)...)
}

// refuseSet: a token is rotated in before it is set. With another one than the
// last, AWS refuses the strategy (ElastiCache user guide, Authenticating with the
// AUTH command: Modifying the AUTH token; the error's words are ours).
func refuseSet(r, old *cloud.Resource) error {
	is, was := r.String("authToken"), old.String("authToken")
	if r.String("authTokenUpdateStrategy") == "SET" && was != "" && is != was {
		return fmt.Errorf("InvalidParameterCombination: the strategy SET ends the token before, and takes only the one that ROTATE brought in: " +
			"update with ROTATE first (newsfeed:cache.tokenUpdate: rotate), then with SET")
	}
	return nil
}

func (s *Service) start(ctx context.Context, r *cloud.Resource, cfg ServerConfig) error {
	if kept, running := s.groups.Take(r.String("arn")); running {
		kept.Stop()
	}
	kept, err := process.Keep(ctx, r.ID, func(ctx context.Context) (*Server, error) {
		if now := s.store.Get(r.Region, r.Type, r.ID); now != nil {
			cfg.Token = now.String("authToken") // it may have been rotated since
		}
		return StartServer(ctx, cfg)
	})
	if err != nil {
		return err
	}
	s.groups.Put(r.String("arn"), kept)
	r.Outputs["port"] = float64(cfg.Port)
	for _, endpoint := range []string{"configurationEndpointAddress", "primaryEndpointAddress", "readerEndpointAddress"} {
		r.Outputs[endpoint] = cfg.Address
	}
	r.Outputs["clusterEnabled"] = true
	return nil
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
	if kept, running := s.groups.Take(r.String("arn")); running {
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
func (s *Service) Close() { s.groups.End("", (*process.Keeper[*Server]).Stop) }

// Halt implements cloud.Halter.
func (s *Service) Halt(region string) { s.groups.End(region, (*process.Keeper[*Server]).Kill) }

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
		if kept, running := s.groups.Get(r.String("arn")); running {
			server := kept.Current()
			keys, err := server.Client().DBSize(ctx).Result()
			st.Available, st.Keys, st.PID = err == nil, keys, server.PID()
		}
		all = append(all, st)
	}
	return all
}
