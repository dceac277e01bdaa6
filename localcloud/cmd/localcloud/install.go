package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"newsfeed/localcloud/elasticache"
	"newsfeed/localcloud/rds"
)

// need is a Debian package and how to tell that what it brings is there.
type need struct {
	packages string
	missing  func() error
}

// servers are what 'up' needs.
var servers = []need{
	{"mariadb-server", rds.Installed},
	{"redis-server", elasticache.Installed},
}

// compiler is what the race detector needs besides.
var compiler = need{"gcc libc6-dev", func() error {
	if _, err := exec.LookPath("gcc"); err != nil {
		return errors.New("gcc is not installed, which 'go test -race' needs: install it, then try again")
	}
	return nil
}}

// browser is what the tests of the page need, and the letters that they show.
var browser = need{"chromium fonts-noto-cjk fonts-noto-color-emoji", func() error {
	if _, err := exec.LookPath("chromium"); err != nil {
		return errors.New("chromium is not installed, which the tests of the page need: install it, then try again")
	}
	return nil
}}

// boots is what the tests of an instance's boot need: systemd runs its units,
// cloud-init judges its user data.
var boots = need{"systemd util-linux logrotate cloud-init", func() (missing error) {
	for _, command := range []string{"/usr/lib/systemd/systemd", "nsenter", "logrotate", "cloud-init"} {
		if _, err := exec.LookPath(command); err != nil {
			missing = errors.Join(missing, fmt.Errorf("%s is not installed, which the tests of the boot need: install it, then try again", command))
		}
	}
	return missing
}}

// cloudInitOff keeps cloud-init from setting up this machine when it boots
// (cloud-init's documentation, "How to disable cloud-init").
const cloudInitOff = "/etc/cloud/cloud-init.disabled"

// install brings what is missing, on Debian as root; elsewhere it says what to
// install.
func install(ctx context.Context, say io.Writer, needs []need) error {
	packages, missing := lacking(needs)
	if missing == nil {
		return nil
	}
	if _, err := exec.LookPath("apt-get"); err != nil || os.Geteuid() != 0 {
		return missing
	}
	if _, err := exec.LookPath("cloud-init"); err != nil && slices.Contains(packages, "cloud-init") {
		if err := errors.Join(os.MkdirAll(filepath.Dir(cloudInitOff), 0o755), os.WriteFile(cloudInitOff, nil, 0o644)); err != nil {
			return err
		}
	}
	fmt.Fprintf(say, "installing %s with apt-get, once\n", strings.Join(packages, " "))
	for _, args := range [][]string{{"update", "-qq"}, append([]string{"install", "-y", "-qq", "--no-install-recommends"}, packages...)} {
		cmd := exec.CommandContext(ctx, "apt-get", args...)
		// The packages' own services are not wanted: ours bind other addresses.
		cmd.Env = append(os.Environ(), "DEBIAN_FRONTEND=noninteractive", "RUNLEVEL=1")
		if out, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("apt-get %s: %w\n%s\n%w", args[0], err, out, missing)
		}
	}
	_, missing = lacking(needs)
	return missing
}

// lacking returns the packages of what is missing, and how to get it by hand.
func lacking(needs []need) (packages []string, missing error) {
	for _, n := range needs {
		if err := n.missing(); err != nil {
			packages = append(packages, strings.Fields(n.packages)...)
			missing = errors.Join(missing, err)
		}
	}
	return packages, missing
}

// installCmd brings what the local cloud needs and this machine lacks.
type installCmd struct {
	Test bool `help:"And what the tests need."`
}

// Run installs.
func (c *installCmd) Run(s *system) error {
	needs := servers
	if c.Test {
		needs = append(needs, compiler, browser, boots)
	}
	return install(s.ctx, os.Stdout, needs)
}
