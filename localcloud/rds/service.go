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
	"sync"
	"time"

	"newsfeed/localcloud/acm"
	"newsfeed/localcloud/clock"
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
	clock       *clock.Clock

	mu   sync.Mutex
	slow map[string]time.Duration // what operations take beyond their own time, of AWS

	instances process.Fleet[*instance]
	shippers  process.Fleet[*process.Keeper[*process.Process]] // of backups
}

// New returns a service that keeps its data under dir. What RDS takes minutes
// for takes as long by c.
func New(dir string, store *cloud.Store, addresses *cloud.Addresses, authority *acm.Authority,
	c *clock.Clock) (*Service, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	s := &Service{dir: dir, store: store, addresses: addresses, authority: authority,
		clock: c, slow: map[string]time.Duration{}}
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

// Bodies gives life to RDS instances, their parameter groups and replicated
// backups.
func (s *Service) Bodies() map[string]cloud.Body {
	return map[string]cloud.Body{instanceType: s, parameterGroupType: parameterGroups{s}, backupsType: backups{s}}
}

// Apply starts the instance r, or changes the one that runs.
func (s *Service) Apply(ctx context.Context, r, old *cloud.Resource) error {
	if old == nil {
		return s.start(ctx, r)
	}
	one, running := s.instances.Get(r.String("arn"))
	if !running {
		return fmt.Errorf("it is not running")
	}
	return s.change(ctx, one, r, old)
}

func (s *Service) start(ctx context.Context, r *cloud.Resource) error {
	cfg, err := s.config(r)
	if err != nil {
		return err
	}
	if err := s.clearHalfRestored(r); err != nil {
		return err
	}
	_, err = os.Stat(cfg.data())
	fresh := errors.Is(err, fs.ErrNotExist)
	one, err := keep(ctx, s.clock, r.ID, func(ctx context.Context) (*Server, error) { return s.run(ctx, r, cfg) })
	if err != nil {
		return err
	}
	if err := s.initialise(ctx, r, one.server()); err != nil {
		one.stop()
		return err
	}
	s.instances.Put(r.String("arn"), one)
	r.Outputs["address"] = cfg.Address
	r.Outputs["port"] = float64(cfg.Port)
	r.Outputs["endpoint"] = net.JoinHostPort(cfg.Address, strconv.Itoa(cfg.Port))
	slow := s.slowness("create")
	if !fresh || slow == 0 {
		return nil
	}
	done, ok := one.begin(creating, func(ctx context.Context) error { return s.clock.Sleep(ctx, slow) })
	if !ok {
		return errNotAvailable
	}
	return wait(ctx, done)
}

// run starts the server of r by what is recorded of r now: its role and its
// parameters may have changed since it was made.
func (s *Service) run(ctx context.Context, r *cloud.Resource, cfg ServerConfig) (_ *Server, err error) {
	if now := s.store.Get(r.Region, r.Type, r.ID); now != nil {
		r = now
	}
	cfg.ReadOnly = s.isReplica(r)
	cfg.Variables, _, err = variables(s.store.Get(r.Region, parameterGroupType, r.String("parameterGroupName")))
	if err != nil {
		return nil, err
	}
	return StartServer(ctx, s.template(), cfg)
}

// initialise makes a fresh server the database it was declared to be; on one
// that has its data already it changes nothing.
func (s *Service) initialise(ctx context.Context, r *cloud.Resource, server *Server) error {
	ref := r.String("replicateSourceDb")
	if from := restoredFrom(r); from != "" && ref == "" {
		return s.restore(ctx, r, server, from)
	}
	if ref != "" && !s.isReplica(r) {
		return nil // it was promoted since
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
		ServerID: serverID(addr), CAFile: s.authority.CAFile(),
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

// Remove ends the instance and deletes its data.
func (s *Service) Remove(_ context.Context, r *cloud.Resource) error {
	if one, running := s.instances.Take(r.String("arn")); running {
		one.stop()
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
	s.instances.End("", (*instance).stop)
}

// Halt implements cloud.Halter.
func (s *Service) Halt(region string) {
	s.shippers.End(region, (*process.Keeper[*process.Process]).Kill)
	s.instances.End(region, (*instance).kill)
}
