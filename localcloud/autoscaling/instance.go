package autoscaling

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/netip"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"newsfeed/localcloud/elb"
	"newsfeed/localcloud/process"
)

// stopTimeout is how long the app gets from SIGTERM on.
const stopTimeout = 25 * time.Second

// bootTimeout bounds what runs before the service.
const bootTimeout = 90 * time.Second

// State is an instance's lifecycle state, in the words of AWS.
type State string

// The lifecycle states.
const (
	Pending     State = "Pending"
	InService   State = "InService"
	Terminating State = "Terminating"
)

// instance is one process of the app.
type instance struct {
	id      string
	subnet  string
	version int
	addr    netip.Addr
	started time.Time
	dir     string

	// The group's mutex guards these.
	state State
	proc  *process.Process // nil until it runs
}

func newInstance(s *spec, dir, subnet string) *instance {
	raw := make([]byte, 9)
	rand.Read(raw)
	id := "i-" + hex.EncodeToString(raw)[:17]
	return &instance{id: id, subnet: subnet, version: s.version, started: time.Now(), dir: filepath.Join(dir, id), state: Pending}
}

// boot leases the address, fetches the program, runs what comes before the
// service, and starts the service.
func (s *Service) boot(ctx context.Context, spec *spec, i *instance) (*process.Process, error) {
	ctx, cancel := context.WithTimeout(ctx, bootTimeout)
	defer cancel()
	var err error
	if i.addr, err = s.addresses.Lease(spec.region, i.subnet, i.id); err != nil {
		return nil, err
	}
	binary, err := s.fetch(spec.boot.artifact)
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(i.dir, 0o700); err != nil {
		return nil, err
	}
	env := append(append(s.env(spec.region), spec.boot.env...),
		"NEWSFEED_ADDRESS="+i.addr.String(), "NEWSFEED_INSTANCE="+i.id)
	for _, args := range spec.boot.before {
		cmd := exec.CommandContext(ctx, binary, args...)
		cmd.Env, cmd.Dir = env, i.dir
		if out, err := cmd.CombinedOutput(); err != nil {
			return nil, fmt.Errorf("feed %s: %w\n%s", strings.Join(args, " "), err, lastLines(out))
		}
	}
	return process.Start(ctx, process.Spec{
		Name: "feed", Path: binary, Args: spec.boot.serve, Env: env, Dir: i.dir, StopTimeout: stopTimeout,
	})
}

func lastLines(out []byte) string {
	const most = 800
	if len(out) > most {
		out = out[len(out)-most:]
	}
	return string(out)
}

// fetch brings the program from S3 to this machine, once for every version.
func (s *Service) fetch(uri string) (string, error) {
	bucket, key, ok := strings.Cut(strings.TrimPrefix(uri, "s3://"), "/")
	if !ok {
		return "", fmt.Errorf("%s=%q is no s3:// URI", artifact, uri)
	}
	file := filepath.Join(s.dir, "artifacts", path.Base(key), "feed")
	if _, err := os.Stat(file); !errors.Is(err, fs.ErrNotExist) {
		return file, err
	}
	source, err := s.objects.Path(bucket, key)
	if err != nil {
		return "", err
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		return "", err
	}
	tmp, err := os.CreateTemp(filepath.Dir(file), ".feed-*")
	if err != nil {
		return "", err
	}
	defer os.Remove(tmp.Name())
	from, err := os.Open(source)
	if err != nil {
		tmp.Close()
		return "", err
	}
	defer from.Close()
	_, err = io.Copy(tmp, from)
	if err := errors.Join(err, tmp.Chmod(0o700), tmp.Close()); err != nil {
		return "", fmt.Errorf("fetch %s: %w", uri, err)
	}
	return file, os.Rename(tmp.Name(), file)
}

// target is the instance as its target groups know it.
func (i *instance) target(spec *spec) (elb.Target, error) {
	for _, kv := range spec.boot.env {
		if value, ok := strings.CutPrefix(kv, "NEWSFEED_PORT="); ok {
			port, err := strconv.ParseUint(value, 10, 16)
			return elb.Target{ID: i.id, Addr: netip.AddrPortFrom(i.addr, uint16(port))}, err
		}
	}
	return elb.Target{}, fmt.Errorf("user data sets no NEWSFEED_PORT")
}

// discard frees what the instance held; its process has ended. Its log stays,
// under the group's name.
func (s *Service) discard(spec *spec, i *instance) error {
	log := filepath.Join(s.logs, fmt.Sprintf("%s-%s-%s.log", spec.region, spec.name, i.id))
	err := os.Rename(filepath.Join(i.dir, "feed.log"), log)
	if errors.Is(err, fs.ErrNotExist) {
		err = nil // it never ran
	}
	return errors.Join(err, os.RemoveAll(i.dir), s.addresses.Release(i.id))
}
