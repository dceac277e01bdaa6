package apptest

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"newsfeed/app/mysql"
	"newsfeed/localcloud/elasticache"
	"newsfeed/localcloud/rds"
)

// The account that tests give the app: as on AWS, no root.
const (
	DatabaseName = "newsfeed"
	DatabaseUser = "feed"
	DatabasePass = "feed-test"
)

// Stores are the servers of one test binary.
type Stores struct {
	Dir      string
	block    string // 127.a.b
	next     atomic.Int32
	servers  atomic.Uint32
	Database *rds.Server
	Cache    *elasticache.Server
	// DatabaseAddr and CacheAddr are host:port.
	DatabaseAddr, CacheAddr string

	mu    sync.Mutex
	stops []func()
}

func (s *Stores) onStop(f func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stops = append(s.stops, f)
}

// Current is the binary's servers; set by Main before any test runs.
var Current *Stores

// Main is for TestMain: it starts the stores, runs the tests, stops the stores.
func Main(m *testing.M) {
	os.Exit(run(m))
}

func run(m *testing.M) int {
	stores, err := Start(context.Background())
	if err != nil {
		fmt.Fprintln(os.Stderr, "these tests need real stores:", err)
		return 1
	}
	defer stores.Stop()
	Current = stores
	return m.Run()
}

// Start starts a MariaDB with an empty database and a Redis.
func Start(ctx context.Context) (*Stores, error) { return StartWith(ctx, nil) }

// StartWith is Start with further server variables for the database.
func StartWith(ctx context.Context, variables map[string]string) (*Stores, error) {
	dir, err := os.MkdirTemp("", "newsfeed-test-")
	if err != nil {
		return nil, err
	}
	s := &Stores{Dir: dir, block: randomBlock()}
	s.onStop(func() { os.RemoveAll(dir) })
	// A MariaDB that starts clears the temporary tables of every other one that
	// shares its temporary directory.
	if err := os.Setenv("TMPDIR", dir); err != nil {
		return nil, err
	}
	if err := s.start(ctx, variables); err != nil {
		s.Stop()
		return nil, err
	}
	return s, nil
}

// randomBlock picks 254 loopback addresses that hardly anything else has.
func randomBlock() string { return fmt.Sprintf("127.%d.%d", 200+rand.IntN(40), rand.IntN(256)) }

func (s *Stores) start(ctx context.Context, variables map[string]string) (err error) {
	if err := elasticache.Installed(); err != nil {
		return err
	}
	if s.Database, s.DatabaseAddr, err = s.StartDatabase(ctx, s.Address(), variables); err != nil {
		return err
	}
	s.Cache, s.CacheAddr, err = s.StartCache(ctx, s.Address())
	return err
}

// Address returns a loopback address that nothing else of this binary has.
func (s *Stores) Address() string { return fmt.Sprintf("%s.%d", s.block, s.next.Add(1)) }

// StartDatabase starts one more MariaDB, with the app's account and an empty
// database, at address.
func (s *Stores) StartDatabase(ctx context.Context, address string, variables map[string]string) (*rds.Server, string, error) {
	settings := map[string]string{"innodb_flush_log_at_trx_commit": "2", "sync_binlog": "0", "max_connections": "300"}
	for name, value := range variables {
		settings[name] = value
	}
	const port = 3306
	server, err := rds.StartServer(ctx, filepath.Join(s.Dir, "template"), rds.ServerConfig{
		Dir: filepath.Join(s.Dir, "mariadb-"+address), Address: address, Port: port,
		ServerID: s.servers.Add(1), Variables: settings,
	})
	if err != nil {
		return nil, "", err
	}
	s.onStop(server.Stop)
	_, err = server.Admin().ExecContext(ctx, fmt.Sprintf("CREATE DATABASE IF NOT EXISTS %s CHARACTER SET utf8mb4; "+
		"CREATE USER IF NOT EXISTS '%s'@'%%' IDENTIFIED BY '%s'; GRANT ALL ON `%s%%`.* TO '%s'@'%%'",
		DatabaseName, DatabaseUser, DatabasePass, DatabaseName, DatabaseUser))
	return server, address + ":" + strconv.Itoa(port), err
}

// StartCache starts one more Redis at address.
func (s *Stores) StartCache(ctx context.Context, address string) (*elasticache.Server, string, error) {
	const port = 6379
	server, err := elasticache.StartServer(ctx, elasticache.ServerConfig{
		Dir: filepath.Join(s.Dir, "redis-"+address), Address: address, Port: port,
		Parameters: map[string]string{"zset-max-listpack-entries": "512", "maxmemory-policy": "allkeys-lru"},
	})
	if err != nil {
		return nil, "", err
	}
	s.onStop(server.Stop)
	return server, address + ":" + strconv.Itoa(port), nil
}

// Stop ends every server and removes their files.
func (s *Stores) Stop() {
	for i := len(s.stops) - 1; i >= 0; i-- {
		s.stops[i]()
	}
	s.stops = nil
}

// Eventually waits until condition returns nil, and fails the test after thirty
// seconds with its last error.
func Eventually(t testing.TB, what string, condition func() error) {
	t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	deadline := time.After(30 * time.Second)
	for {
		err := condition()
		if err == nil {
			return
		}
		select {
		case <-deadline:
			t.Fatalf("%s: %v", what, err)
		case <-tick.C:
		}
	}
}

// StartPair starts a MariaDB and a replica of it, and returns how the app reaches
// them. The replica has the schema soon after.
func (s *Stores) StartPair(t testing.TB) (c mysql.Config, primary, replica *rds.Server) {
	t.Helper()
	primary, addr, err := s.StartDatabase(t.Context(), s.Address(), nil)
	if err == nil {
		replica, c.Readers, err = s.startReplica(t.Context(), primary, addr)
	}
	if err != nil {
		t.Fatal(err)
	}
	c.Writer, c.Name, c.User, c.Password = addr, DatabaseName, DatabaseUser, DatabasePass
	Migrate(t, c)
	return c, primary, replica
}

func (s *Stores) startReplica(ctx context.Context, primary *rds.Server, primaryAddr string) (server *rds.Server, addrs []string, err error) {
	address := s.Address()
	const port = 3306
	server, err = rds.StartServer(ctx, filepath.Join(s.Dir, "template"), rds.ServerConfig{
		Dir: filepath.Join(s.Dir, "mariadb-"+address), Address: address, Port: port, ServerID: s.servers.Add(1), ReadOnly: true,
	})
	if err != nil {
		return nil, nil, err
	}
	s.onStop(server.Stop)
	if _, err = primary.Admin().ExecContext(ctx, "CREATE USER IF NOT EXISTS 'replication'@'%' IDENTIFIED BY 'replication'; "+
		"GRANT REPLICATION SLAVE ON *.* TO 'replication'@'%'"); err != nil {
		return nil, nil, err
	}
	host, _, err := net.SplitHostPort(primaryAddr)
	if err != nil {
		return nil, nil, err
	}
	_, err = server.Admin().ExecContext(ctx, fmt.Sprintf("CHANGE MASTER TO MASTER_HOST='%s', MASTER_PORT=%d, "+
		"MASTER_USER='replication', MASTER_PASSWORD='replication', MASTER_USE_GTID=slave_pos, MASTER_CONNECT_RETRY=1; START REPLICA", host, port))
	return server, []string{net.JoinHostPort(address, strconv.Itoa(port))}, err
}
