package process

import (
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// Listen opens a TCP listener on addr (host:port). When that is in use, the
// error names the process that holds it, if it can be told.
func Listen(addr string) (net.Listener, error) {
	l, err := net.Listen("tcp", addr)
	if err == nil {
		return l, nil
	}
	return nil, explainListen(addr, err)
}

// CheckFree says whether addr (host:port) can be listened on, as Listen does.
func CheckFree(addr string) error {
	l, err := Listen(addr)
	if err != nil {
		return err
	}
	return l.Close()
}

func explainListen(addr string, err error) error {
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return fmt.Errorf("address %s is in use%s: stop that process, or move ours "+
			"(network.cidr of the stack for 127.x addresses, 'localcloud up --help' for the fixed ports)", addr, holder(addr))
	case errors.Is(err, syscall.EACCES):
		return fmt.Errorf("address %s: %w: ports below 1024 need root, or 'sysctl net.ipv4.ip_unprivileged_port_start=80'", addr, err)
	}
	return err
}

// holder returns " by NAME (pid N)" for the process that listens on addr, or ""
// when the kernel doesn't tell us (another user's process, say).
func holder(addr string) string {
	want, err := netip.ParseAddrPort(addr)
	if err != nil {
		return ""
	}
	inode := listenInode(want)
	if inode == "" {
		return ""
	}
	links, _ := filepath.Glob("/proc/[0-9]*/fd/*")
	for _, link := range links {
		if target, err := os.Readlink(link); err == nil && target == "socket:["+inode+"]" {
			pid := strings.Split(link, "/")[2]
			name, _ := os.ReadFile("/proc/" + pid + "/comm")
			return fmt.Sprintf(" by %s (pid %s)", strings.TrimSpace(string(name)), pid)
		}
	}
	return ""
}

// listenInode finds the socket that listens on want or on all addresses.
func listenInode(want netip.AddrPort) string {
	raw, _ := os.ReadFile("/proc/net/tcp")
	ip := want.Addr().As4()
	mine := fmt.Sprintf("%s:%04X", strings.ToUpper(hex.EncodeToString([]byte{ip[3], ip[2], ip[1], ip[0]})), want.Port())
	any := fmt.Sprintf("00000000:%04X", want.Port())
	for line := range strings.Lines(string(raw)) {
		f := strings.Fields(line)
		const listening = "0A"
		if len(f) > 9 && f[3] == listening && (f[1] == mine || f[1] == any) {
			return f[9]
		}
	}
	return ""
}
