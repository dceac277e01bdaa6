package boot_test

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"unsafe"
)

// inside names the machine's directory to a process that is to become its first.
const inside = "NEWSFEED_TEST_MACHINE"

// path is what a unit's commands are looked up in: systemd's own.
const path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin"

// environment is the manager's. Unit files are looked up where the system's are,
// in what `enable` writes for a user manager, and in the targets of the test.
var environment = []string{"PATH=" + path, "HOME=/root", "XDG_RUNTIME_DIR=/run/user/0", "SYSTEMD_LOG_TARGET=console",
	"SYSTEMD_UNIT_PATH=/root/.config/systemd/user:/etc/systemd/system:/mnt/targets"}

func TestMain(m *testing.M) {
	if root := os.Getenv(inside); root != "" {
		err := run(root)
		fmt.Fprintln(os.Stderr, "machine:", err)
		os.Exit(1)
	}
	flag.Parse()
	flag.Set("test.parallel", "8") // machines wait more than they compute
	os.Exit(m.Run())
}

// run is the first process of a machine: it hides this one and starts systemd.
func run(root string) error {
	if _, err := os.Stdin.Read(make([]byte, 1)); err != nil { // in its control group by then
		return err
	}
	if err := hide(root); err != nil {
		return err
	}
	if err := loopback(); err != nil {
		return err
	}
	listener, err := net.Listen("tcp", cloudAddress)
	if err != nil {
		return err
	}
	go http.Serve(listener, http.HandlerFunc(cloud))
	manager := exec.Command(systemd, "--user", "--log-target=console", "--log-level=info")
	manager.Env, manager.Stdout, manager.Stderr = environment, os.Stdout, os.Stderr
	return manager.Run()
}

// hide puts the machine's directories over this one's, and makes all else
// read-only.
func hide(root string) error {
	var errs []error
	mount := func(source, target, kind string, flags uintptr) {
		if err := syscall.Mount(source, target, kind, flags, ""); err != nil {
			errs = append(errs, fmt.Errorf("mount %s on %s: %w", source, target, err))
		}
	}
	mount("", "/", "", syscall.MS_REC|syscall.MS_PRIVATE)
	mount(root, "/mnt", "", syscall.MS_BIND)
	for source, target := range map[string]string{"etc": "/etc", "opt": "/opt", "log": "/var/log", "bin": "/usr/local/bin", "home": "/root"} {
		mount(filepath.Join("/mnt", source), target, "", syscall.MS_BIND)
	}
	for _, target := range []string{"/run", "/tmp", "/var/tmp"} {
		mount("tmpfs", target, "tmpfs", 0)
	}
	mount("proc", "/proc", "proc", 0)
	mount("", "/", "", syscall.MS_REMOUNT|syscall.MS_BIND|syscall.MS_RDONLY)
	// By the first sd_booted(3) tells that systemd runs the machine; the last is
	// what a sandbox puts over that which it hides, and a system's manager makes.
	for _, dir := range []string{"/run/systemd/system", "/run/user/0", "/run/systemd/inaccessible/dir"} {
		errs = append(errs, os.MkdirAll(dir, 0o755))
	}
	for name, kind := range map[string]uint32{"reg": syscall.S_IFREG, "chr": syscall.S_IFCHR, "blk": syscall.S_IFBLK,
		"fifo": syscall.S_IFIFO, "sock": syscall.S_IFSOCK} {
		errs = append(errs, syscall.Mknod("/run/systemd/inaccessible/"+name, kind, 0))
	}
	return errors.Join(append(errs, os.Chmod("/tmp", 0o1777), os.Chmod("/var/tmp", 0o1777))...)
}

// loopback brings lo up: netdevice(7).
func loopback() error {
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_DGRAM, 0)
	if err != nil {
		return err
	}
	defer syscall.Close(fd)
	request := struct {
		name  [syscall.IFNAMSIZ]byte
		flags uint16
		_     [22]byte
	}{flags: syscall.IFF_UP | syscall.IFF_RUNNING}
	copy(request.name[:], "lo")
	if _, _, e := syscall.Syscall(syscall.SYS_IOCTL, uintptr(fd), syscall.SIOCSIFFLAGS, uintptr(unsafe.Pointer(&request))); e != 0 {
		return fmt.Errorf("bring lo up: %w", e)
	}
	return nil
}

// cloudAddress is where the metadata service and the API listen.
const cloudAddress = "127.0.0.1:1338"

// cloud answers as IMDSv2 does, nothing without a token, and writes
// down what EC2 Auto Scaling is asked for.
func cloud(w http.ResponseWriter, r *http.Request) {
	switch {
	case r.Method == http.MethodPost && r.URL.Path == "/":
		action := r.FormValue("Action")
		called := fmt.Sprintln(action, r.FormValue("AutoScalingGroupName"), r.FormValue("InstanceId"), r.FormValue("LifecycleActionResult"))
		os.WriteFile("/mnt/answered", []byte(called), 0o644)
		fmt.Fprintf(w, "<%sResponse><%sResult/></%sResponse>", action, action, action)
	case r.Method == http.MethodPut && r.URL.Path == "/latest/api/token":
		w.Header().Set("X-Aws-Ec2-Metadata-Token-Ttl-Seconds", "60")
		fmt.Fprint(w, "token")
	case r.Header.Get("X-Aws-Ec2-Metadata-Token") != "token":
		w.WriteHeader(http.StatusUnauthorized)
	case r.URL.Path == "/latest/meta-data/instance-id":
		fmt.Fprint(w, "i-0123456789abcdef0")
	default:
		w.WriteHeader(http.StatusNotFound)
	}
}

// cgroups makes a control group below ours in each hierarchy that systemd uses.
func cgroups(t *testing.T, name string) []string {
	t.Helper()
	text, err := os.ReadFile("/proc/self/cgroup")
	if err != nil {
		t.Fatal(err)
	}
	var made []string
	for line := range bytes.Lines(text) {
		_, rest, _ := strings.Cut(strings.TrimSpace(string(line)), ":")
		controller, below, _ := strings.Cut(rest, ":")
		mounted := map[string]string{"": "/sys/fs/cgroup", "name=systemd": "/sys/fs/cgroup/systemd"}[controller]
		if _, err := os.Stat("/sys/fs/cgroup/unified"); err == nil && controller == "" {
			mounted = "/sys/fs/cgroup/unified"
		}
		if mounted == "" {
			continue
		}
		dir := filepath.Join(mounted, below, name)
		if err := os.Mkdir(dir, 0o755); err != nil {
			t.Skipf("SKIPPED, and so not shown to boot: this machine allows no control groups: %v", err)
		}
		made = append(made, dir)
	}
	return made
}

// removeTree removes control groups: their files go with them.
func removeTree(root string) error {
	var dirs []string
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.IsDir() {
			dirs = append(dirs, path)
		}
		return nil
	})
	for i := len(dirs) - 1; i >= 0; i-- {
		err = errors.Join(err, os.Remove(dirs[i]))
	}
	return err
}
