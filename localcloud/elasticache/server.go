package elasticache

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"sort"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"

	"newsfeed/localcloud/process"
)

const stopTimeout = 5 * time.Second

// ServerConfig describes one redis-server in cluster mode.
type ServerConfig struct {
	Dir     string // everything it writes is in here
	Address string // the loopback address it binds
	Port    int    // the cluster bus takes Port+10000
	Token   string // AUTH password; empty: none
	// TLS, when set: certificate, key and authority, as PEM files.
	CertFile, KeyFile, CAFile string
	// Parameters are further settings, by their redis.conf names.
	Parameters map[string]string
	// Nodes is the cluster that it is a node of, as nodes.conf has it. Empty: it
	// is a cluster of its own, and starts as one.
	Nodes string
}

// Server is a running redis-server.
type Server struct {
	proc   *process.Process
	client *redis.Client
	token  atomic.Value // string: what new connections of client give
}

// ErrNotInstalled says that redis-server is missing and how to get it.
var ErrNotInstalled = errors.New("redis-server is not installed: install Redis 7.0 or later " +
	"(Debian: apt-get install redis-server; macOS: brew install redis), then try again")

// Installed returns ErrNotInstalled unless Redis is on this machine.
func Installed() error {
	if _, err := exec.LookPath("redis-server"); err != nil {
		return ErrNotInstalled
	}
	return nil
}

// nodesFile is where redis-server keeps what it knows of its cluster.
func nodesFile(dir string) string { return filepath.Join(dir, "nodes.conf") }

// StartServer starts redis-server and returns when it answers; one that is a
// cluster of its own owns all slots, and the cluster says then that it is ok.
func StartServer(ctx context.Context, cfg ServerConfig) (*Server, error) {
	path, err := exec.LookPath("redis-server")
	if err != nil {
		return nil, ErrNotInstalled
	}
	addr := net.JoinHostPort(cfg.Address, strconv.Itoa(cfg.Port))
	if err := process.EndLeftover(cfg.Dir, stopTimeout); err != nil {
		return nil, err
	}
	if err := process.CheckFree(addr); err != nil {
		return nil, err
	}
	tlsConfig, err := cfg.tls()
	if err != nil {
		return nil, err
	}
	s := &Server{}
	s.token.Store(cfg.Token)
	s.client = redis.NewClient(&redis.Options{Addr: addr, TLSConfig: tlsConfig, PoolSize: 2,
		CredentialsProvider: func() (user, password string) { return "", s.token.Load().(string) }})
	ready := s.alone
	if cfg.Nodes != "" {
		ready = func(ctx context.Context) error { return s.client.Ping(ctx).Err() }
	}
	if err := cfg.writeNodes(); err != nil {
		return nil, err
	}
	s.proc, err = process.Start(ctx, process.Spec{
		Name: "redis-server", Path: path, Args: cfg.args(), Env: os.Environ(), Dir: cfg.Dir,
		Ready: ready, StopTimeout: stopTimeout,
	})
	if err != nil {
		s.client.Close()
		return nil, err
	}
	return s, nil
}

// writeNodes replaces what an earlier run knew of its cluster.
func (c ServerConfig) writeNodes() error {
	if c.Nodes == "" {
		return os.RemoveAll(nodesFile(c.Dir))
	}
	if err := os.MkdirAll(c.Dir, 0o700); err != nil {
		return err
	}
	return os.WriteFile(nodesFile(c.Dir), []byte(c.Nodes), 0o600)
}

func (c ServerConfig) tls() (*tls.Config, error) {
	if c.CertFile == "" {
		return nil, nil
	}
	pem, err := os.ReadFile(c.CAFile)
	if err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("no certificate in %s", c.CAFile)
	}
	return &tls.Config{RootCAs: pool}, nil
}

func (c ServerConfig) args() []string {
	port := strconv.Itoa(c.Port)
	settings := map[string]string{
		"bind": c.Address, "dir": c.Dir, "save": "", "appendonly": "no", "protected-mode": "no",
		"cluster-enabled": "yes", "cluster-config-file": "nodes.conf",
		"cluster-announce-ip": c.Address, "bind-source-addr": c.Address,
		// ElastiCache, not Redis, says which node is a primary.
		"cluster-replica-no-failover": "yes", "cluster-allow-replica-migration": "no",
	}
	if c.CertFile == "" {
		settings["port"] = port
	} else {
		settings["port"], settings["tls-port"] = "0", port
		settings["tls-cluster"], settings["tls-replication"] = "yes", "yes"
		settings["tls-auth-clients"] = "no"
		settings["tls-cert-file"], settings["tls-key-file"], settings["tls-ca-cert-file"] = c.CertFile, c.KeyFile, c.CAFile
	}
	for name, value := range c.Parameters {
		settings[name] = value
	}
	if c.Token != "" {
		settings["requirepass"], settings["masterauth"] = c.Token, c.Token
	}
	names := make([]string, 0, len(settings))
	for name := range settings {
		names = append(names, name)
	}
	sort.Strings(names)
	var args []string
	for _, name := range names {
		args = append(args, "--"+name, settings[name])
	}
	return args
}

// alone gives the node all slots as soon as it answers, then waits for the
// cluster to agree.
func (s *Server) alone(ctx context.Context) error {
	info, err := s.client.ClusterInfo(ctx).Result()
	if err != nil {
		return err
	}
	if strings.Contains(info, "cluster_slots_assigned:0") {
		return errors.Join(s.client.ClusterAddSlotsRange(ctx, 0, slots-1).Err(), errors.New("slots just assigned"))
	}
	if !strings.Contains(info, "cluster_state:ok") {
		return errors.New("cluster_state is not ok yet")
	}
	return nil
}

// SetTokens makes these the tokens that new connections may give, the first
// one being the group's; those that are open stay.
func (s *Server) SetTokens(ctx context.Context, tokens ...string) error {
	if tokens[0] == "" {
		return nil // without AUTH
	}
	command := []any{"ACL", "SETUSER", "default", "resetpass"}
	for _, token := range tokens {
		command = append(command, ">"+token)
	}
	if err := s.client.Do(ctx, command...).Err(); err != nil {
		return fmt.Errorf("set the auth token: %w", err)
	}
	if err := s.client.ConfigSet(ctx, "masterauth", tokens[0]).Err(); err != nil {
		return fmt.Errorf("set the token for the primary: %w", err)
	}
	s.token.Store(tokens[0])
	return nil
}

// Client is a connection to the server; for health and figures.
func (s *Server) Client() *redis.Client { return s.client }

// PID is redis-server's process number.
func (s *Server) PID() int { return s.proc.PID() }

// Done is closed when redis-server has ended.
func (s *Server) Done() <-chan struct{} { return s.proc.Done() }

// Stop ends redis-server.
func (s *Server) Stop() {
	s.client.Close()
	s.proc.Stop()
}

// Kill ends it at once.
func (s *Server) Kill() {
	s.client.Close()
	s.proc.Kill()
}
