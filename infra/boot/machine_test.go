package boot_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"gopkg.in/yaml.v3"

	"newsfeed/infra/boot"
)

// machine is a stand-in for an instance: a real systemd in namespaces of its own
// (process IDs, mounts, network), with an /etc, /opt, /var/log and /usr/local/bin
// that are a directory of the test's, and nothing else of this machine writable.
//
// The manager is `systemd --user`, as root: `--system` would have systemd-tmpfiles
// empty the /tmp of a machine that has not hidden it. A user manager of root's
// obeys User= and the sandbox as the system's does, so that the units run as they
// are. /tmp and /run are hidden before it starts all the same.
type machine struct {
	t       *testing.T
	root    string
	cgroups []string
	manager *exec.Cmd
	done    chan struct{} // closed when manager has ended
	out     bytes.Buffer
}

const systemd = "/usr/lib/systemd/systemd"

var machines atomic.Int32

// newMachine makes a machine without a disk's content but this machine's /etc.
func newMachine(t *testing.T) *machine {
	t.Helper()
	t.Parallel()
	if _, err := os.Stat(systemd); err != nil || os.Geteuid() != 0 {
		t.Skip("SKIPPED, and so not shown to boot: needs root and systemd: make install")
	}
	m := &machine{t: t, root: t.TempDir()}
	for _, dir := range []string{"etc", "opt", "log", "bin", "home", "targets", "s3"} {
		m.must(os.MkdirAll(filepath.Join(m.root, dir), 0o755))
	}
	m.must(os.Chmod(filepath.Dir(m.root), 0o755)) // the unit's user reads below it
	if out, err := exec.Command("cp", "-a", "/etc/.", m.path("etc")).CombinedOutput(); err != nil {
		t.Fatalf("copy /etc: %v\n%s", err, out)
	}
	m.must(os.RemoveAll(m.path("etc/systemd/system")))
	m.must(os.MkdirAll(m.path("etc/systemd/system"), 0o755))
	// What a unit may ask for; default.target is where a boot goes.
	for _, name := range []string{"basic", "sysinit", "shutdown", "multi-user", "network-online"} {
		m.write("targets/"+name+".target", 0o644, "[Unit]\nDefaultDependencies=no\n")
	}
	m.write("targets/default.target", 0o644, "[Unit]\nWants=multi-user.target\n")
	// A user manager has `systemctl --user`; the network has nothing to wait for.
	m.write("bin/systemctl", 0o755, "#!/bin/sh\nexec /usr/bin/systemctl --user \"$@\"\n")
	m.write("bin/sleep", 0o755, "#!/bin/sh\nexec /usr/bin/sleep 0.02\n")
	m.write("bin/aws", 0o755, awsStandIn)
	m.write("bin/dnf", 0o755, dnfStandIn)
	m.write("opt/aws/amazon-cloudwatch-agent/bin/amazon-cloudwatch-agent-ctl", 0o755, "#!/bin/sh\necho \"agent $*\" >>/mnt/calls\n")
	m.cgroups = cgroups(t, fmt.Sprintf("boot-test-%d-%d", os.Getpid(), machines.Add(1)))
	t.Cleanup(m.destroy)
	return m
}

// awsStandIn is what of the AWS CLI instances use. The first line of s3/faults
// says how a copy fails, and is used up; without one it succeeds.
const awsStandIn = `#!/bin/sh
echo "aws $*" >>/mnt/calls
if [ "$1 $2" != "s3 cp" ]; then # the API is away for the first call
	[ -e /mnt/s3/called ] || { touch /mnt/s3/called; exit 255; }
	exit 0
fi
for last; do :; done
fault=$(head -n 1 /mnt/s3/faults 2>/dev/null)
[ "$fault" = always ] || sed -i 1d /mnt/s3/faults 2>/dev/null
case $fault in
half) head -c 40 /mnt/s3/feed >"$last"; echo "aws: connection reset" >&2; exit 1 ;;
cut) head -c 40 /mnt/s3/feed >"$last" ;;
other) echo '#!/bin/false' >"$last" ;;
error|always) echo "aws: 503 Slow Down" >&2; exit 1 ;;
*) cp /mnt/s3/feed "$last" ;;
esac
`

// dnfStandIn installs at the second try.
const dnfStandIn = `#!/bin/sh
echo "dnf $*" >>/mnt/calls
[ -e /mnt/s3/dnf ] || { touch /mnt/s3/dnf; exit 1; }
`

func (m *machine) path(name string) string { return filepath.Join(m.root, name) }

func (m *machine) write(name string, mode os.FileMode, content string) {
	m.t.Helper()
	m.must(os.MkdirAll(filepath.Dir(m.path(name)), 0o755))
	m.must(os.WriteFile(m.path(name), []byte(content), mode))
	m.must(os.Chmod(m.path(name), mode))
}

func (m *machine) read(name string) string {
	text, err := os.ReadFile(m.path(name))
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		m.t.Fatal(err)
	}
	return string(text)
}

// has says whether a file of the machine contains the text.
func (m *machine) has(name, text string) error {
	if got := m.read(name); !strings.Contains(got, text) {
		return fmt.Errorf("%s lacks %q:\n%s", name, text, got)
	}
	return nil
}

func (m *machine) must(err error) {
	m.t.Helper()
	if err != nil {
		m.t.Fatal(err)
	}
}

// launch does what cloud-init does with user data, once: files, then commands.
func (m *machine) launch(encoded string) {
	m.t.Helper()
	text, err := base64.StdEncoding.DecodeString(encoded)
	m.must(err)
	var config struct {
		WriteFiles []boot.File `yaml:"write_files"`
		RunCmd     [][]string  `yaml:"runcmd"`
	}
	m.must(yaml.Unmarshal(text, &config))
	for _, file := range config.WriteFiles {
		mode, err := strconv.ParseUint(file.Permissions, 8, 32)
		m.must(err)
		m.write(strings.TrimPrefix(file.Path, "/"), os.FileMode(mode), file.Content)
	}
	m.boot()
	for _, command := range config.RunCmd {
		m.mustRun(command...)
	}
}

// boot starts the manager on the disk as it is.
func (m *machine) boot() {
	m.t.Helper()
	self, err := os.Executable()
	m.must(err)
	ready, start, err := os.Pipe()
	m.must(err)
	defer start.Close()
	defer ready.Close()
	m.manager, m.done = exec.Command(self), make(chan struct{})
	m.manager.Env = []string{inside + "=" + m.root, "PATH=" + path}
	m.manager.Stdin, m.manager.Stdout, m.manager.Stderr = ready, &m.out, &m.out
	m.manager.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL,
		Cloneflags: syscall.CLONE_NEWPID | syscall.CLONE_NEWNS | syscall.CLONE_NEWNET}
	if err := m.manager.Start(); errors.Is(err, syscall.EPERM) {
		m.manager = nil
		m.t.Skipf("SKIPPED, and so not shown to boot: this machine allows no namespaces: %v", err)
	} else if err != nil {
		m.t.Fatal(err)
	}
	go func() { m.manager.Wait(); close(m.done) }()
	for _, group := range m.cgroups {
		m.must(os.WriteFile(filepath.Join(group, "cgroup.procs"), []byte(strconv.Itoa(m.manager.Process.Pid)), 0))
	}
	_, err = io.WriteString(start, "!")
	m.must(err)
	m.until("the manager answers", func() error {
		out, err := m.run("systemctl", "show", "--property=Version")
		if err != nil {
			return fmt.Errorf("%w\n%s", err, out)
		}
		return nil
	})
}

// cut takes the power away.
func (m *machine) cut() {
	if m.manager != nil {
		m.manager.Process.Kill() // all of a process namespace ends with its first
		<-m.done
		m.manager = nil
	}
}

func (m *machine) destroy() {
	status := ""
	if m.t.Failed() && m.manager != nil {
		status, _ = m.run("systemctl", "status", "--no-pager", "feed*")
	}
	m.cut()
	if m.t.Failed() {
		m.t.Logf("log:\n%s\ncalls:\n%s\n%s\n%s", m.read(log), m.read("calls"), &m.out, status)
	}
	for _, group := range m.cgroups {
		m.until("its control groups are gone", func() error { return removeTree(group) })
	}
}

// run runs a command on the machine.
func (m *machine) run(command ...string) (string, error) {
	args := append([]string{"--target", strconv.Itoa(m.manager.Process.Pid), "--mount", "--pid", "--net", "env", "-i"}, environment...)
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	enter := exec.CommandContext(ctx, "nsenter", append(args, command...)...)
	enter.WaitDelay = time.Second
	out, err := enter.CombinedOutput()
	return string(out), err
}

func (m *machine) mustRun(command ...string) string {
	m.t.Helper()
	out, err := m.run(command...)
	if err != nil {
		m.t.Fatalf("%s: %v\n%s", strings.Join(command, " "), err, out)
	}
	return out
}

// show is a property of a unit.
func (m *machine) show(unit, property string) string {
	out, _ := m.run("systemctl", "show", "--value", "--property="+property, unit)
	return strings.TrimSpace(out)
}

// is waits until the property has the value.
func (m *machine) is(unit, property, want string) {
	m.t.Helper()
	m.until(unit+" is "+want, func() error {
		if got := m.show(unit, property); got != want {
			return fmt.Errorf("%s of %s is %q, want %q", property, unit, got, want)
		}
		return nil
	})
}

func (m *machine) until(what string, ok func() error) {
	m.t.Helper()
	deadline, wait := time.After(2*time.Minute), time.NewTicker(50*time.Millisecond)
	defer wait.Stop()
	for {
		err := ok()
		if err == nil {
			return
		}
		select {
		case <-wait.C:
		case <-deadline:
			m.t.Fatalf("%s: %v", what, err)
		}
	}
}
