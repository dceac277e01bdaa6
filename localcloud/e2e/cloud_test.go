package e2e

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"net"
	"net/http"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource/urn"

	"newsfeed/localcloud/acm"
	"newsfeed/localcloud/cloud"
	"newsfeed/localcloud/route53"
	"newsfeed/localcloud/serve"
)

const (
	seoul = "ap-northeast-2"
	tokyo = "ap-northeast-1"
)

// binaries builds our programs, once: the app with the race detector. The local
// cloud's own process is this test binary (see TestMain), so that it runs under
// the race detector without building the whole program a second time.
var binaries = sync.OnceValues(func() (dir string, err error) {
	if dir, err = os.MkdirTemp("", "newsfeed-e2e-"); err != nil {
		return "", err
	}
	programs = dir
	if err := seen("app", "infra", "lambdas", "localcloud"); err != nil {
		return dir, err
	}
	builds := []struct {
		cgo  string // as the Makefile has it, and its flags: so the AWS SDK is compiled once
		args []string
	}{
		{"0", []string{"build", "-o", filepath.Join(dir, "localcloud"), "newsfeed/localcloud/cmd/localcloud"}},
		{"1", []string{"build", "-race", "-o", filepath.Join(dir, "feed"), "newsfeed/app/cmd/feed"}},
		{"0", []string{"build", "-o", dir + string(filepath.Separator), "newsfeed/lambdas/slackalarm", "newsfeed/lambdas/watchdog"}},
	}
	for _, build := range builds {
		cmd := exec.Command("go", slices.Insert(build.args, 1, "-gcflags=all=-dwarf=false")...)
		cmd.Env = append(os.Environ(), "CGO_ENABLED="+build.cgo)
		if out, err := cmd.CombinedOutput(); err != nil {
			return dir, fmt.Errorf("go %s: %w\n%s", strings.Join(build.args, " "), err, out)
		}
	}
	return dir, nil
})

// seen lets go test know what the programs are made of: it remembers which files
// a test has looked at, and runs it again when one is another.
func seen(sources ...string) error {
	for _, source := range sources {
		err := filepath.WalkDir(filepath.Join("..", "..", source), func(path string, _ fs.DirEntry, err error) error {
			if err == nil {
				_, err = os.Stat(path)
			}
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// programs is their directory, once there is one.
var programs string

// serveVariable holds a serve.Config in JSON: this process is to serve it.
const serveVariable = "NEWSFEED_E2E_SERVE"

func TestMain(m *testing.M) {
	if raw := os.Getenv(serveVariable); raw != "" {
		if err := serveAlone(raw); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	code := m.Run()
	if programs != "" {
		os.RemoveAll(programs)
	}
	os.Exit(code)
}

// serveAlone is 'localcloud serve'.
func serveAlone(raw string) error {
	var cfg serve.Config
	if err := json.Unmarshal([]byte(raw), &cfg); err != nil {
		return err
	}
	d, err := serve.Open(context.Background(), cfg)
	if err != nil {
		return err
	}
	defer d.Close()
	<-d.Stopped()
	return nil
}

// aCloud is a local cloud of the test's own.
type aCloud struct {
	t       *testing.T
	bin     string
	dir     string // of the local cloud
	project string // Pulumi.yaml and the stack files
	blocks  [2]int // 127.<block>.0.0/16 of Seoul and Tokyo
	serve   serve.Config
}

// newCloud makes a project like the committed one on free addresses. Whatever
// the test leaves running is removed at its end.
func newCloud(t *testing.T) *aCloud {
	t.Helper()
	bin, err := binaries()
	if err != nil {
		t.Fatal(err)
	}
	c := &aCloud{t: t, bin: bin, dir: filepath.Join(t.TempDir(), "local"), project: t.TempDir(), blocks: freeBlocks(t)}
	root := filepath.Join("..", "..")
	for _, file := range []string{"Pulumi.yaml", "Pulumi.seoul.yaml", "Pulumi.tokyo.yaml"} {
		raw, err := os.ReadFile(filepath.Join(root, file))
		if err != nil {
			t.Fatal(err)
		}
		c.write(file, string(raw))
	}
	c.edit("seoul", "10.20.0.0/16", fmt.Sprintf("10.%d.0.0/16", c.blocks[0]))
	c.edit("tokyo", "10.30.0.0/16", fmt.Sprintf("10.%d.0.0/16", c.blocks[1]))
	c.serve = serve.Config{Dir: c.dir, FrontDoor: freeAddress(t), DNS: netip.MustParseAddrPort(freeAddress(t)), AWS: freeAddress(t),
		Domain: "newsfeed.example.com", Zones: map[string]string{"Z0000000000EXAMPLE": "newsfeed.example.com"}}
	t.Cleanup(func() {
		if t.Failed() {
			c.dumpLogs()
		}
		c.run(time.Minute, "down", "--force")
	})
	return c
}

func (c *aCloud) write(file, content string) {
	c.t.Helper()
	if err := os.WriteFile(filepath.Join(c.project, file), []byte(content), 0o600); err != nil {
		c.t.Fatal(err)
	}
}

// edit replaces text that must be there in a stack's file.
func (c *aCloud) edit(stack, old, replacement string) {
	c.t.Helper()
	file := "Pulumi." + stack + ".yaml"
	raw, err := os.ReadFile(filepath.Join(c.project, file))
	if err != nil {
		c.t.Fatal(err)
	}
	if !strings.Contains(string(raw), old) {
		c.t.Fatalf("%s does not hold %q", file, old)
	}
	c.write(file, strings.ReplaceAll(string(raw), old, replacement))
}

// command is 'localcloud' with this cloud's flags. The Pulumi CLI is the one
// that 'make build' made, unless there is another on PATH.
func (c *aCloud) command(ctx context.Context, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, filepath.Join(c.bin, "localcloud"), append(args,
		"--dir", c.dir, "--project", c.project, "--binary", filepath.Join(c.bin, "feed"),
		"--front-door", c.serve.FrontDoor, "--dns", c.serve.DNS.String(), "--aws", c.serve.AWS)...)
	local, err := filepath.Abs(filepath.Join("..", "..", ".local", "bin"))
	if err != nil {
		c.t.Fatal(err)
	}
	cmd.Env = append(os.Environ(), "PATH="+os.Getenv("PATH")+":"+local, "GORACE=halt_on_error=1")
	return cmd
}

// startServing runs the local cloud's process under the race detector; up finds
// it running. A race ends it, and with it the test.
func (c *aCloud) startServing() {
	c.t.Helper()
	raw, err := json.Marshal(c.serve)
	if err != nil {
		c.t.Fatal(err)
	}
	if err := os.MkdirAll(c.serve.LogDir(), 0o700); err != nil {
		c.t.Fatal(err)
	}
	log, err := os.Create(filepath.Join(c.serve.LogDir(), "serve.log"))
	if err != nil {
		c.t.Fatal(err)
	}
	defer log.Close()
	daemon := exec.Command(os.Args[0], c.dir) // the argument only names it in a list of processes
	daemon.Env = append(os.Environ(), serveVariable+"="+string(raw), "GORACE=halt_on_error=1")
	daemon.Stdout, daemon.Stderr = log, log
	if err := daemon.Start(); err != nil {
		c.t.Fatal(err)
	}
	go daemon.Wait()
	eventually(c.t, 20*time.Second, "the local cloud serves", func() error {
		_, err := serve.Connect(c.serve)
		return err
	})
}

func (c *aCloud) run(timeout time.Duration, args ...string) (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	out, err := c.command(ctx, args...).CombinedOutput()
	return string(out), err
}

// up runs 'localcloud up' and returns what it printed.
func (c *aCloud) up(flags ...string) string {
	c.t.Helper()
	began := time.Now()
	out, err := c.run(3*time.Minute, append([]string{"up"}, flags...)...)
	if err != nil {
		c.t.Fatalf("up: %v\n%s", err, out)
	}
	c.t.Logf("up took %s", time.Since(began).Round(time.Millisecond))
	return out
}

// must runs a command that has to go well.
func (c *aCloud) must(args ...string) {
	c.t.Helper()
	if out, err := c.run(time.Minute, args...); err != nil {
		c.t.Fatalf("%s: %v\n%s", strings.Join(args, " "), err, out)
	}
}

// declared is every resource that is recorded, as stack/name, with its id.
func (c *aCloud) declared() map[string]string {
	c.t.Helper()
	store, err := cloud.OpenStore(filepath.Join(c.dir, "cloud", "records"))
	if err != nil {
		c.t.Fatal(err)
	}
	all := map[string]string{}
	for _, r := range store.All() {
		u := urn.URN(r.URN)
		all[string(u.Stack())+"/"+u.Name()] = r.ID
	}
	return all
}

// open waits until the front door leads to a region that serves, and returns its
// address. The check of a region that was just made takes its time to find it
// healthy, as on AWS: DNS answers with the other region until then.
func (c *aCloud) open() string {
	c.t.Helper()
	url := c.status().URL
	visitor := &user{t: c.t, url: url, client: internet}
	eventually(c.t, time.Minute, "the front door leads to the region that writes", func() error {
		status, body, err := visitor.get("/healthz/region")
		if err == nil && (status != http.StatusOK || !strings.Contains(body, `"writing":true`)) {
			err = fmt.Errorf("%d %s", status, body)
		}
		return err
	})
	return url
}

// lookup asks the local Route 53.
func (c *aCloud) lookup(name string) ([]netip.Addr, error) {
	addrs, _, err := route53.Resolver(c.serve.DNS)(context.Background(), name)
	return addrs, err
}

// answer is what DNS answers for the domain, and which record set is chosen.
func (c *aCloud) answer() (from string, answers []string) {
	c.t.Helper()
	for _, name := range c.status().DNS.Names {
		if name.Name == c.serve.Domain && name.Type == "A" {
			return name.From, name.Answers
		}
	}
	return "", nil
}

// world is a client on the internet that knows the local DNS and trusts the
// local authority.
func (c *aCloud) world() *http.Client {
	c.t.Helper()
	authority, err := acm.Open(filepath.Join(c.dir, "cloud", "acm"))
	if err != nil {
		c.t.Fatal(err)
	}
	return &http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{
		DisableKeepAlives: true, // every request finds its own way
		TLSClientConfig:   &tls.Config{RootCAs: authority.Pool()},
		DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			host, port, err := net.SplitHostPort(address)
			if err != nil {
				return nil, err
			}
			addrs, err := c.lookup(host)
			if err != nil {
				return nil, err
			}
			return new(net.Dialer).DialContext(ctx, network, net.JoinHostPort(addrs[0].String(), port))
		},
	}}
}

func (c *aCloud) status() *serve.Status {
	c.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	cmd := c.command(ctx, "status", "--json")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	raw, err := cmd.Output()
	if err != nil {
		c.t.Fatalf("status: %v\n%s", err, stderr.String())
	}
	st := &serve.Status{}
	if err := json.Unmarshal(raw, st); err != nil {
		c.t.Fatalf("status: %v\n%s", err, raw)
	}
	return st
}

// leftovers are the sockets and processes that are still ours.
func (c *aCloud) leftovers() []string {
	var left []string
	raw, err := os.ReadFile("/proc/net/tcp")
	if err != nil {
		c.t.Fatal(err)
	}
	for line := range strings.Lines(string(raw)) {
		f := strings.Fields(line)
		const listening = "0A"
		if len(f) < 4 || f[3] != listening {
			continue
		}
		for _, block := range c.blocks {
			// Little-endian hex: the second octet stands third.
			if m := regexp.MustCompile(fmt.Sprintf("^....%02X7F:", block)); m.MatchString(f[1]) {
				left = append(left, "listens: "+f[1])
			}
		}
	}
	commands, _ := filepath.Glob("/proc/[0-9]*/cmdline")
	for _, file := range commands {
		if cmdline, err := os.ReadFile(file); err == nil && bytes.Contains(cmdline, []byte(c.dir)) {
			left = append(left, "runs: "+strings.ReplaceAll(string(cmdline), "\x00", " "))
		}
	}
	return left
}

func (c *aCloud) dumpLogs() {
	logs, _ := filepath.Glob(filepath.Join(c.dir, "log", "*.log"))
	more, _ := filepath.Glob(filepath.Join(c.dir, "cloud", "autoscaling", "*", "i-*", "feed.log"))
	for _, file := range append(logs, more...) {
		raw, _ := os.ReadFile(file)
		c.t.Logf("── %s\n%s", filepath.Base(file), raw[max(0, len(raw)-4000):])
	}
}

func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// given are the address blocks that tests of this process have.
var given struct {
	sync.Mutex
	blocks map[int]bool
}

// freeBlocks picks two 127.x.0.0/16 blocks that nobody listens in and no other
// test has; those below 100 are left to people, those above 199 to other tests.
func freeBlocks(t *testing.T) (blocks [2]int) {
	t.Helper()
	raw, err := os.ReadFile("/proc/net/tcp")
	if err != nil {
		t.Fatal(err)
	}
	given.Lock()
	defer given.Unlock()
	if given.blocks == nil {
		given.blocks = map[int]bool{}
	}
	found := 0
	for _, n := range rand.Perm(100) {
		block := 100 + n
		if given.blocks[block] || strings.Contains(string(raw), fmt.Sprintf("%02X7F:", block)) {
			continue
		}
		given.blocks[block] = true
		blocks[found] = block
		if found++; found == len(blocks) {
			return blocks
		}
	}
	t.Fatal("no free address block")
	return blocks
}

// eventually waits for a condition, and fails with what was last wrong.
func eventually(t *testing.T, within time.Duration, what string, check func() error) time.Duration {
	t.Helper()
	began := time.Now()
	for {
		err := check()
		if err == nil {
			return time.Since(began)
		}
		if time.Since(began) > within {
			t.Fatalf("%s: not within %s: %v", what, within, err)
		}
		time.Sleep(20 * time.Millisecond) // between two looks at the condition
	}
}
