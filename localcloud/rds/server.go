package rds

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"sort"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/go-sql-driver/mysql"

	"newsfeed/localcloud/process"
)

// stopTimeout is how long an orderly shutdown may take.
const stopTimeout = 10 * time.Second

// ServerConfig describes one mariadbd.
type ServerConfig struct {
	Dir      string // everything it writes is in here
	Address  string // the loopback address it binds
	Port     int
	ServerID uint32 // differs between servers that replicate from each other
	ReadOnly bool   // a replica: only replication writes
	// TLS, when set: certificate, key and authority, as PEM files.
	CertFile, KeyFile, CAFile string
	// Variables are further server variables, by their MariaDB names.
	Variables map[string]string
}

// Server is a running mariadbd.
type Server struct {
	cfg   ServerConfig
	proc  *process.Process
	admin *sql.DB
}

// ErrNotInstalled says that mariadbd is missing and how to get it.
var ErrNotInstalled = errors.New("mariadbd is not installed: install MariaDB 10.11 or later " +
	"(Debian: apt-get install mariadb-server; macOS: brew install mariadb), then try again")

// find returns the path of a MariaDB program. Debian keeps the server in
// /usr/sbin, which is not on every user's PATH.
func find(name string) (string, error) {
	if path, err := exec.LookPath(name); err == nil {
		return path, nil
	}
	if path, err := exec.LookPath("/usr/sbin/" + name); err == nil {
		return path, nil
	}
	return "", ErrNotInstalled
}

// Installed returns ErrNotInstalled unless MariaDB is on this machine.
func Installed() error {
	_, err := find("mariadbd")
	return err
}

var templateMu sync.Mutex

// Template makes an initialised, empty data directory at dir, unless it is
// there: copying one takes 0.04 s, initialising one takes seconds.
func Template(ctx context.Context, dir string) error {
	templateMu.Lock()
	defer templateMu.Unlock()
	if _, err := os.Stat(dir); err == nil {
		return nil
	}
	install, err := find("mariadb-install-db")
	if err != nil {
		return err
	}
	building := dir + ".building"
	if err := os.RemoveAll(building); err != nil {
		return err
	}
	cmd := exec.CommandContext(ctx, install, "--no-defaults", "--user="+runAs(), "--datadir="+building,
		"--auth-root-authentication-method=normal", "--skip-test-db", "--skip-name-resolve")
	// It is a script: its children go with it. Its temporary tables would meet
	// those of others in the common directory.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	if cmd.Env, err = ownTemp(dir + ".tmp"); err != nil {
		return err
	}
	defer os.RemoveAll(dir + ".tmp")
	if out, err := cmd.CombinedOutput(); err != nil {
		os.RemoveAll(building)
		return fmt.Errorf("initialise MariaDB: %w\n%s", err, out)
	}
	return os.Rename(building, dir)
}

// ownTemp is the environment with a directory for temporary files.
func ownTemp(dir string) ([]string, error) {
	return append(os.Environ(), "TMPDIR="+dir), os.MkdirAll(dir, 0o700)
}

func runAs() string {
	if os.Geteuid() == 0 {
		return "root"
	}
	return os.Getenv("USER")
}

// StartServer starts mariadbd on the data in cfg.Dir, which it copies from
// template first when there is none, and returns when it answers.
func StartServer(ctx context.Context, template string, cfg ServerConfig) (*Server, error) {
	path, err := find("mariadbd")
	if err != nil {
		return nil, err
	}
	if err := process.EndLeftover(cfg.Dir, stopTimeout); err != nil {
		return nil, err
	}
	if err := process.CheckFree(net.JoinHostPort(cfg.Address, strconv.Itoa(cfg.Port))); err != nil {
		return nil, err
	}
	if err := copyTemplate(ctx, template, cfg.data()); err != nil {
		return nil, err
	}
	s := &Server{cfg: cfg}
	// The abstract socket has no file: no path limit, nothing to clean up.
	if s.admin, err = cfg.openAdmin(); err != nil {
		return nil, err
	}
	env, err := ownTemp(filepath.Join(cfg.Dir, "tmp"))
	if err != nil {
		return nil, err
	}
	s.proc, err = process.Start(ctx, process.Spec{
		Name: "mariadbd", Path: path, Args: cfg.args(), Env: env, Dir: cfg.Dir,
		Ready: s.admin.PingContext,
	})
	if err != nil {
		s.admin.Close()
		return nil, err
	}
	return s, nil
}

func (c ServerConfig) data() string { return filepath.Join(c.Dir, "data") }

func (c ServerConfig) socket() string {
	return fmt.Sprintf("@newsfeed-mariadb-%s-%d", c.Address, c.Port)
}

// openAdmin returns a pool as root over the socket.
func (c ServerConfig) openAdmin() (*sql.DB, error) {
	dsn := mysql.NewConfig()
	dsn.User, dsn.Net, dsn.Addr = "root", "unix", c.socket()
	dsn.Timeout = 5 * time.Second
	dsn.Logger = &mysql.NopLogger{} // refused connections are expected until it is ready
	dsn.MultiStatements, dsn.InterpolateParams = true, true
	dsn.Params = map[string]string{"max_statement_time": "0"} // a parameter for the app's statements
	connector, err := mysql.NewConnector(dsn)
	if err != nil {
		return nil, err
	}
	db := sql.OpenDB(connector)
	db.SetMaxIdleConns(1)
	return db, nil
}

func (c ServerConfig) args() []string {
	args := []string{
		"--no-defaults", "--user=" + runAs(),
		"--datadir=" + c.data(), "--socket=" + c.socket(), "--pid-file=" + filepath.Join(c.Dir, "mariadbd.pid"),
		"--bind-address=" + c.Address, "--port=" + strconv.Itoa(c.Port), "--skip-name-resolve",
		"--server-id=" + strconv.FormatUint(uint64(c.ServerID), 10),
		"--log-bin=binlog", "--log-slave-updates", "--gtid-strict-mode=1", "--binlog-format=ROW",
		"--performance-schema=0", "--character-set-server=utf8mb4",
		"--slow-query-log-file=" + filepath.Join(c.Dir, "mysql-slowquery.log"),
	}
	if c.ReadOnly {
		args = append(args, "--read-only=1")
	}
	if c.CertFile != "" {
		args = append(args, "--ssl-cert="+c.CertFile, "--ssl-key="+c.KeyFile, "--ssl-ca="+c.CAFile)
	}
	names := make([]string, 0, len(c.Variables))
	for name := range c.Variables {
		names = append(names, name)
	}
	sort.Strings(names)
	for _, name := range names {
		args = append(args, "--"+strings.ReplaceAll(name, "_", "-")+"="+c.Variables[name])
	}
	return args
}

func copyTemplate(ctx context.Context, template, data string) error {
	if _, err := os.Stat(data); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := Template(ctx, template); err != nil {
		return err
	}
	copying := data + ".copying"
	if err := os.RemoveAll(copying); err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(data), 0o700); err != nil {
		return err
	}
	if err := os.CopyFS(copying, os.DirFS(template)); err != nil {
		return fmt.Errorf("copy the data directory %s: %w", template, err)
	}
	return os.Rename(copying, data)
}

// Admin is a connection pool as root: it may write on a replica and must never
// be given to the app.
func (s *Server) Admin() *sql.DB { return s.admin }

// PID is mariadbd's process number.
func (s *Server) PID() int { return s.proc.PID() }

// Done is closed when mariadbd has ended.
func (s *Server) Done() <-chan struct{} { return s.proc.Done() }

// Stop shuts mariadbd down in an orderly way.
func (s *Server) Stop() {
	s.admin.Close()
	s.proc.Stop()
}

// Kill ends it as a power cut does; what was committed is found again.
func (s *Server) Kill() {
	s.admin.Close()
	s.proc.Kill()
}
