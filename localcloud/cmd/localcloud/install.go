package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"

	"newsfeed/localcloud/elasticache"
	"newsfeed/localcloud/rds"
)

// install brings the servers that are missing, on Debian as root; elsewhere it
// says what to install.
func install(ctx context.Context, say io.Writer) error {
	var packages []string
	missing := errors.Join(rds.Installed(), elasticache.Installed())
	if missing == nil {
		return nil
	}
	if rds.Installed() != nil {
		packages = append(packages, "mariadb-server")
	}
	if elasticache.Installed() != nil {
		packages = append(packages, "redis-server")
	}
	_, err := exec.LookPath("apt-get")
	if err != nil || os.Geteuid() != 0 {
		return missing
	}
	fmt.Fprintf(say, "installing %s with apt-get, once\n", strings.Join(packages, " and "))
	for _, args := range [][]string{{"update", "-qq"}, append([]string{"install", "-y", "-qq", "--no-install-recommends"}, packages...)} {
		cmd := exec.CommandContext(ctx, "apt-get", args...)
		// The packages' own services are not wanted: ours bind other addresses.
		cmd.Env = append(os.Environ(), "DEBIAN_FRONTEND=noninteractive", "RUNLEVEL=1")
		if out, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("apt-get %s: %w\n%s\n%w", args[0], err, out, missing)
		}
	}
	return errors.Join(rds.Installed(), elasticache.Installed())
}

// installCmd brings what the local cloud needs and this machine lacks.
type installCmd struct{}

// Run installs.
func (*installCmd) Run(s *system) error { return install(s.ctx, os.Stdout) }
