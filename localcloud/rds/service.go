package rds

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strconv"

	"newsfeed/localcloud/acm"
	"newsfeed/localcloud/cloud"
	"newsfeed/localcloud/process"
)

const (
	instanceType       = "aws:rds/instance:Instance"
	subnetGroupType    = "aws:rds/subnetGroup:SubnetGroup"
	parameterGroupType = "aws:rds/parameterGroup:ParameterGroup"
)

const defaultPort = 3306

// Service runs the RDS instances of every region.
type Service struct {
	dir         string
	store       *cloud.Store
	addresses   *cloud.Addresses
	authority   *acm.Authority
	replication string // password of the replication user

	instances process.Fleet[*process.Keeper[*Server]]
	shippers  process.Fleet[*process.Keeper[*process.Process]] // of backups
}

// New returns a service that keeps its data under dir.
func New(dir string, store *cloud.Store, addresses *cloud.Addresses, authority *acm.Authority) (*Service, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	s := &Service{dir: dir, store: store, addresses: addresses, authority: authority}
	path := filepath.Join(dir, "replication-password")
	raw, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		raw = []byte(hex.EncodeToString(randomBytes(16)))
		err = cloud.WriteFile(path, raw)
	}
	s.replication = string(raw)
	return s, err
}

func randomBytes(n int) []byte {
	raw := make([]byte, n)
	rand.Read(raw)
	return raw
}

// Prepare initialises the data directory that new instances start from, so
// that the first of them need not wait for it.
func (s *Service) Prepare(ctx context.Context) error { return Template(ctx, s.template()) }

func (s *Service) template() string { return filepath.Join(s.dir, "template") }

// Bodies gives life to RDS instances and to replicated backups.
func (s *Service) Bodies() map[string]cloud.Body {
	return map[string]cloud.Body{instanceType: s, backupsType: backups{s}}
}

// Apply starts the instance r, or changes the one that runs.
func (s *Service) Apply(ctx context.Context, r, old *cloud.Resource) error {
	if old == nil {
		return s.start(ctx, r)
	}
	kept, running := s.instances.Get(r.String("arn"))
	if !running {
		return fmt.Errorf("it is not running")
	}
	server := kept.Current()
	was, is := old.String("replicateSourceDb"), r.String("replicateSourceDb")
	switch {
	case was != "" && is == "":
		if err := server.promote(ctx); err != nil {
			return fmt.Errorf("promote: %w", err)
		}
	case was != is:
		return fmt.Errorf("an instance that exists can't become a replica of %s: "+
			"RDS makes a replica only by creating a new one", is)
	}
	if password := r.String("password"); is == "" && password != "" && password != old.String("password") {
		return server.setPassword(ctx, r.String("username"), password)
	}
	return nil
}

func (s *Service) start(ctx context.Context, r *cloud.Resource) error {
	cfg, err := s.config(r)
	if err != nil {
		return err
	}
	if err := s.clearHalfRestored(r); err != nil {
		return err
	}
	kept, err := process.Keep(ctx, r.ID, func(ctx context.Context) (*Server, error) {
		// Its role may have changed since: a promoted instance comes back as one.
		now := s.store.Get(r.Region, r.Type, r.ID)
		cfg.ReadOnly = now != nil && now.String("replicateSourceDb") != ""
		return StartServer(ctx, s.template(), cfg)
	})
	if err != nil {
		return err
	}
	if err := s.initialise(ctx, r, kept.Current()); err != nil {
		kept.Stop()
		return err
	}
	s.instances.Put(r.String("arn"), kept)
	r.Outputs["address"] = cfg.Address
	r.Outputs["port"] = float64(cfg.Port)
	r.Outputs["endpoint"] = net.JoinHostPort(cfg.Address, strconv.Itoa(cfg.Port))
	return nil
}

// initialise makes a fresh server the database it was declared to be; on one
// that has its data already it changes nothing.
func (s *Service) initialise(ctx context.Context, r *cloud.Resource, server *Server) error {
	ref := r.String("replicateSourceDb")
	if from := restoredFrom(r); from != "" && ref == "" {
		return s.restore(ctx, r, server, from)
	}
	if ref == "" {
		return server.bootstrap(ctx, r.String("username"), r.String("password"), r.String("dbName"), s.replication)
	}
	source := s.store.ByOutput(instanceType, "arn", ref)
	if source == nil {
		source = s.store.Get(r.Region, instanceType, ref)
	}
	if source == nil {
		return fmt.Errorf("source %s of the replica does not exist", ref)
	}
	inherit(r, source)
	return server.follow(ctx, source.String("address"), source.Int("port", defaultPort), s.replication, s.authority.CAFile())
}

// inherit gives a copy of a database what AWS takes from the original.
func inherit(r, source *cloud.Resource) {
	for _, inherited := range []string{"username", "dbName", "engine", "engineVersion", "allocatedStorage"} {
		if _, given := r.Inputs[inherited]; !given {
			r.Outputs[inherited] = source.Outputs[inherited]
		}
	}
}

func (s *Service) config(r *cloud.Resource) (ServerConfig, error) {
	group := s.store.Get(r.Region, subnetGroupType, r.String("dbSubnetGroupName"))
	if group == nil || len(group.Strings("subnetIds")) == 0 {
		return ServerConfig{}, fmt.Errorf("subnet group %q does not exist or is empty", r.String("dbSubnetGroupName"))
	}
	addr, err := s.addresses.Lease(r.Region, group.Strings("subnetIds")[0], r.String("arn"))
	if err != nil {
		return ServerConfig{}, err
	}
	cfg := ServerConfig{
		Dir: s.instanceDir(r), Address: addr.String(), Port: r.Int("port", defaultPort),
		ServerID: serverID(addr), CAFile: s.authority.CAFile(), Variables: s.variables(r),
	}
	cfg.CertFile, cfg.KeyFile, err = s.authority.Issue(filepath.Join(cfg.Dir, "tls"), addr.String())
	return cfg, err
}

func (s *Service) instanceDir(r *cloud.Resource) string {
	return filepath.Join(s.dir, r.Region+"-"+r.ID)
}

// serverID is the address without its first octet: unique on this machine.
func serverID(addr netip.Addr) uint32 {
	b := addr.As4()
	return uint32(b[1])<<16 | uint32(b[2])<<8 | uint32(b[3])
}

// known are the parameters that MariaDB has under the same name and meaning;
// others are recorded only.
var known = map[string]bool{
	"max_connections": true, "wait_timeout": true, "interactive_timeout": true, "slow_query_log": true, "long_query_time": true,
	"innodb_lock_wait_timeout": true, "lock_wait_timeout": true, "require_secure_transport": true, "net_read_timeout": true,
	"net_write_timeout": true, "max_allowed_packet": true, "character_set_server": true, "sync_binlog": true,
	"innodb_flush_log_at_trx_commit": true, "time_zone": true, "max_connect_errors": true,
}

func (s *Service) variables(r *cloud.Resource) map[string]string {
	variables := map[string]string{}
	group := s.store.Get(r.Region, parameterGroupType, r.String("parameterGroupName"))
	if group == nil {
		return variables
	}
	var parameters []struct{ Name, Value string }
	if err := group.Decode("parameters", &parameters); err != nil {
		return variables
	}
	for _, p := range parameters {
		if known[p.Name] {
			variables[p.Name] = p.Value
		}
	}
	return variables
}

// Remove ends the instance and deletes its data.
func (s *Service) Remove(_ context.Context, r *cloud.Resource) error {
	if kept, running := s.instances.Take(r.String("arn")); running {
		kept.Stop()
	}
	if err := process.EndLeftover(s.instanceDir(r), stopTimeout); err != nil {
		return err
	}
	if err := os.RemoveAll(s.instanceDir(r)); err != nil {
		return err
	}
	return s.addresses.Release(r.String("arn"))
}

// Close stops every instance; their data stays.
func (s *Service) Close() {
	s.shippers.End("", (*process.Keeper[*process.Process]).Stop)
	s.instances.End("", (*process.Keeper[*Server]).Stop)
}

// Halt implements cloud.Halter.
func (s *Service) Halt(region string) {
	s.shippers.End(region, (*process.Keeper[*process.Process]).Kill)
	s.instances.End(region, (*process.Keeper[*Server]).Kill)
}
