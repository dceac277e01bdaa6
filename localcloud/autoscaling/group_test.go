package autoscaling_test

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"newsfeed/localcloud/autoscaling"
	"newsfeed/localcloud/cloud"
	"newsfeed/localcloud/elb"
)

const region = "ap-northeast-2"

// balancer is one target group whose targets are as healthy as health says.
type balancer struct {
	mu      sync.Mutex
	targets map[string]elb.Target
	health  func(id string) elb.State
	drained []string
}

func (b *balancer) Register(_ string, t elb.Target) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.targets[t.ID] = t
	return nil
}

func (b *balancer) Deregister(_ context.Context, _, id string) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.targets, id)
	b.drained = append(b.drained, id)
	return nil
}

func (b *balancer) Drop(_, id string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.targets, id)
}

func (b *balancer) Health(string) []elb.TargetHealth {
	b.mu.Lock()
	defer b.mu.Unlock()
	var all []elb.TargetHealth
	for id := range b.targets {
		all = append(all, elb.TargetHealth{ID: id, State: b.health(id)})
	}
	return all
}

func (*balancer) Changed(string) <-chan struct{} { return nil }

// file is the one object there is.
type file string

func (f file) Path(string, string) (string, error) { return string(f), nil }

// group is a group of two over a program of the test's own.
type group struct {
	t        *testing.T
	service  *autoscaling.Service
	balancer *balancer
	store    *cloud.Store
	template *cloud.Resource
	resource *cloud.Resource
	dir      string
}

func newGroup(t *testing.T, script string, tweak map[string]any) *group {
	t.Helper()
	g := &group{t: t, dir: t.TempDir(), balancer: &balancer{targets: map[string]elb.Target{}, health: func(string) elb.State { return elb.Healthy }}}
	var err error
	if g.store, err = cloud.OpenStore(filepath.Join(g.dir, "records")); err != nil {
		t.Fatal(err)
	}
	addresses, err := cloud.OpenAddresses(g.dir, g.store)
	if err != nil {
		t.Fatal(err)
	}
	program := filepath.Join(g.dir, "program")
	if err := os.WriteFile(program, []byte("#!/bin/sh\n"+script), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(g.dir, "log"), 0o700); err != nil {
		t.Fatal(err)
	}
	g.service = autoscaling.New(filepath.Join(g.dir, "asg"), filepath.Join(g.dir, "log"), g.store, addresses, g.balancer, file(program),
		func(string) []string { return []string{"PATH=" + os.Getenv("PATH")} })
	t.Cleanup(g.service.Close)
	userData := "#cloud-config\nwrite_files:\n- path: /etc/newsfeed/feed.env\n  content: |\n    NEWSFEED_PORT=8080\n    NEWSFEED_ARTIFACT=s3://b/feed/1\n" +
		"- path: /etc/systemd/system/feed.service\n  content: |\n    [Service]\n    ExecStartPre=/usr/bin/aws s3 cp x y\n    ExecStartPre=/usr/local/bin/feed migrate\n    ExecStart=/usr/local/bin/feed web\n"
	subnet := &cloud.Resource{Type: "aws:ec2/subnet:Subnet", ID: "subnet", Region: region, Outputs: map[string]any{"cidrBlock": fmt.Sprintf("10.%d.0.0/24", 201+rand.IntN(40))}}
	g.template = &cloud.Resource{Type: "aws:ec2/launchTemplate:LaunchTemplate", ID: "lt", Region: region,
		Outputs: map[string]any{"latestVersion": 1.0, "userData": base64.StdEncoding.EncodeToString([]byte(userData))}}
	for _, r := range []*cloud.Resource{subnet, g.template} {
		if err := g.store.Put(r); err != nil {
			t.Fatal(err)
		}
	}
	outputs := map[string]any{"arn": "arn:web", "minSize": 2.0, "maxSize": 4.0, "vpcZoneIdentifiers": []any{"subnet"}, "targetGroupArns": []any{"tg"},
		"healthCheckType": "ELB", "healthCheckGracePeriod": 0.0, "waitForCapacityTimeout": "10s", "launchTemplate": map[string]any{"id": "lt"}}
	maps.Copy(outputs, tweak)
	g.resource = &cloud.Resource{Type: "aws:autoscaling/group:Group", ID: "web", Region: region, Outputs: outputs}
	return g
}

func (g *group) apply() error { return g.service.Apply(g.t.Context(), g.resource, nil) }

func (g *group) must() {
	g.t.Helper()
	if err := g.apply(); err != nil {
		g.t.Fatal(err)
	}
}

func (g *group) status() autoscaling.Status { return g.service.Status()[0] }

func (g *group) eventually(what string, check func(autoscaling.Status) error) {
	g.t.Helper()
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		err := check(g.status())
		if err == nil {
			return
		}
		if time.Now().After(deadline) {
			g.t.Fatalf("%s: %v; %+v", what, err, g.status())
		}
	}
}

// full is nil when the group has its size, without the instance named.
func full(st autoscaling.Status, without string) error {
	for _, i := range st.Instances {
		if i.ID == without {
			return errors.New("it is still there")
		}
	}
	if st.InService() != st.Desired || len(st.Instances) != st.Desired {
		return fmt.Errorf("%d of %d in service", st.InService(), st.Desired)
	}
	return nil
}

const serves = `[ "$1" = migrate ] && exit 0; exec sleep 60`

func TestGroup(t *testing.T) {
	t.Parallel()
	t.Run("an instance whose process dies is replaced", func(t *testing.T) {
		t.Parallel()
		g := newGroup(t, serves, nil)
		g.must()
		victim := g.status().Instances[0]
		if err := syscall.Kill(victim.PID, syscall.SIGKILL); err != nil {
			t.Fatal(err)
		}
		g.eventually("replaced", func(st autoscaling.Status) error { return full(st, victim.ID) })
	})
	t.Run("an instance that fails its health check is drained and replaced", func(t *testing.T) {
		t.Parallel()
		g := newGroup(t, serves, nil)
		g.must()
		victim := g.status().Instances[0].ID
		g.balancer.mu.Lock()
		g.balancer.health = func(id string) elb.State {
			if id == victim {
				return elb.Unhealthy
			}
			return elb.Healthy
		}
		g.balancer.mu.Unlock()
		g.eventually("replaced", func(st autoscaling.Status) error { return full(st, victim) })
		if len(g.balancer.drained) != 1 || g.balancer.drained[0] != victim {
			t.Errorf("drained %v, want %s", g.balancer.drained, victim)
		}
	})
	t.Run("a new launch template rolls the group and never leaves it short", func(t *testing.T) {
		t.Parallel()
		g := newGroup(t, serves, nil)
		g.must()
		second := *g.template
		second.Outputs = maps.Clone(g.template.Outputs)
		second.Outputs["latestVersion"] = 2.0
		if err := g.store.Put(&second); err != nil {
			t.Fatal(err)
		}
		g.must()
		g.eventually("rolled", func(st autoscaling.Status) error {
			if st.InService() < st.Desired {
				t.Errorf("only %d of %d in service", st.InService(), st.Desired)
			}
			if st.Rolling {
				return errors.New("some are of the old version")
			}
			return full(st, "")
		})
	})
	t.Run("a smaller group ends what is too many", func(t *testing.T) {
		t.Parallel()
		g := newGroup(t, serves, nil)
		g.must()
		g.resource.Outputs["minSize"], g.resource.Outputs["desiredCapacity"] = 1.0, 1.0
		g.must()
		g.eventually("shrunk", func(st autoscaling.Status) error { return full(st, "") })
	})
	t.Run("a program that does not start is told, and tried again", func(t *testing.T) {
		t.Parallel()
		g := newGroup(t, "echo no such schema; exit 7", map[string]any{"waitForCapacityTimeout": "2s"})
		err := g.apply()
		if notReady := (*cloud.NotReadyError)(nil); !errors.As(err, &notReady) || !strings.Contains(err.Error(), "no such schema") {
			t.Errorf("error %v", err)
		}
	})
	t.Run("removed, it leaves no process and no address", func(t *testing.T) {
		t.Parallel()
		g := newGroup(t, serves, nil)
		g.must()
		pid := g.status().Instances[0].PID
		if err := g.service.Remove(t.Context(), g.resource); err != nil {
			t.Fatal(err)
		}
		if err := syscall.Kill(pid, 0); !errors.Is(err, syscall.ESRCH) {
			t.Errorf("process %d: %v", pid, err)
		}
		if raw, err := os.ReadFile(filepath.Join(g.dir, "addresses.json")); err != nil || string(raw) != "{}" {
			t.Errorf("addresses: %s %v", raw, err)
		}
	})
}
