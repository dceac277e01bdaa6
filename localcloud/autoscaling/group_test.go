package autoscaling_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"newsfeed/localcloud/autoscaling"
	"newsfeed/localcloud/cloud"
	"newsfeed/localcloud/elb"
)

func TestGroup(t *testing.T) {
	t.Parallel()
	t.Run("a process that is killed is started again in place", func(t *testing.T) {
		t.Parallel()
		g := newGroup(t, serves, nil).must()
		before := g.running()
		g.kill(before.Instances[0].ID)
		g.eventually("started again", func(st autoscaling.Status) error {
			if pid := st.Instances[0].PID; st.Instances[0].ID != before.Instances[0].ID || pid == 0 || pid == before.Instances[0].PID {
				return errors.New("not yet")
			}
			return full(0)(st)
		})
	})
	t.Run("an instance that fails its health check is drained and replaced", func(t *testing.T) {
		t.Parallel()
		g := newGroup(t, serves, nil).must()
		victim := g.status().Instances[0].ID
		g.balancer.says(func(id string) elb.State {
			if id == victim {
				return elb.Unhealthy
			}
			return elb.Healthy
		})
		g.eventually("replaced", without(victim))
		if len(g.balancer.drained) != 1 || g.balancer.drained[0] != victim {
			t.Errorf("drained %v, want %s", g.balancer.drained, victim)
		}
	})
	t.Run("a unit that fails for good sets its instance unhealthy, and it is replaced", func(t *testing.T) {
		t.Parallel()
		g := newGroup(t, `[ -e "$0.bad" ] && exit 7; exec sleep 60`, map[string]any{"healthCheckType": "EC2"}, func(g *group) {
			g.units += "StartLimitBurst=3\nStartLimitIntervalSec=15min\nOnFailure=feed-unhealthy.service\n"
		}).must()
		before := g.status()
		binary, err := filepath.Glob(filepath.Join(g.dir, "asg", "artifacts", "*", "feed"))
		if err != nil || len(binary) != 1 {
			t.Fatal(binary, err)
		}
		if err := os.WriteFile(binary[0]+".bad", nil, 0o600); err != nil {
			t.Fatal(err)
		}
		g.kill(before.Instances[0].ID)
		g.eventually("ended", func(st autoscaling.Status) error {
			for _, i := range st.Instances {
				if i.ID == before.Instances[0].ID && i.State != autoscaling.Terminating {
					return errors.New("it is still there")
				}
			}
			return nil
		})
		os.Remove(binary[0] + ".bad")
		g.eventually("replaced", without(before.Instances[0].ID))
	})
	t.Run("a smaller group ends what is too many", func(t *testing.T) {
		t.Parallel()
		g := newGroup(t, serves, nil).must()
		if err := g.update(map[string]any{"minSize": 1.0, "desiredCapacity": 1.0}); err != nil {
			t.Fatal(err)
		}
		g.eventually("shrunk", full(0))
	})
	t.Run("a program that does not start is told, and tried again", func(t *testing.T) {
		t.Parallel()
		g := newGroup(t, "echo no such schema; exit 7", map[string]any{"waitForCapacityTimeout": "10m"})
		g.balancer.says(func(string) elb.State { return elb.Unhealthy })
		err := g.service.Apply(t.Context(), g.resource, nil)
		if notReady := (*cloud.NotReadyError)(nil); !errors.As(err, &notReady) || !strings.Contains(err.Error(), "unit feed: exit status 7") {
			t.Errorf("error %v", err)
		}
		logs, _ := filepath.Glob(filepath.Join(g.dir, "log", "*.log"))
		if len(logs) == 0 {
			t.Fatal("no instance was ended")
		}
		if raw, err := os.ReadFile(logs[0]); err != nil || !strings.Contains(string(raw), "no such schema") {
			t.Errorf("log %s: %s %v", logs[0], raw, err)
		}
	})
	t.Run("removed, it leaves no process and no address", func(t *testing.T) {
		t.Parallel()
		g := newGroup(t, serves, nil).must()
		pid := g.running().Instances[0].PID
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

func TestArtifact(t *testing.T) {
	t.Parallel()
	t.Run("a program that is uploaded after the launch is waited for", func(t *testing.T) {
		t.Parallel()
		g := newGroup(t, serves, map[string]any{"waitForCapacityTimeout": "0"})
		g.objects.mu.Lock()
		have := g.objects.path
		g.objects.path = map[string]string{}
		g.objects.mu.Unlock()
		g.must()
		time.Sleep(200 * time.Millisecond)
		if n := g.status().InService(); n != 0 {
			t.Errorf("%d in service without a program", n)
		}
		for key, path := range have {
			g.objects.put(key, path)
		}
		g.eventually("in service", full(0))
	})
	t.Run("a program whose digest is not its key's is never run", func(t *testing.T) {
		t.Parallel()
		g := newGroup(t, serves, map[string]any{"waitForCapacityTimeout": "5m"})
		g.balancer.says(func(string) elb.State { return elb.Unhealthy })
		key := "feed/" + strings.Repeat("0", 64)
		for _, path := range g.objects.path {
			g.objects.put(key, path)
		}
		g.version(key)
		g.resource.Inputs["launchTemplate"] = declared("2")
		g.resource.Outputs["launchTemplate"] = g.resource.Inputs["launchTemplate"]
		err := g.service.Apply(t.Context(), g.resource, nil)
		if err == nil || !strings.Contains(err.Error(), "digest of the program is") {
			t.Errorf("error %v", err)
		}
		for _, i := range g.status().Instances {
			if i.PID != 0 {
				t.Errorf("it runs: %+v", i)
			}
		}
	})
}

// An instance maintenance policy of 100 to 150 percent launches before it ends.
func TestOutage(t *testing.T) {
	t.Parallel()
	policy := map[string]any{"minHealthyPercentage": 100.0, "maxHealthyPercentage": 150.0}
	for sentence, c := range map[string]struct {
		tweak map[string]any
		least int
	}{
		"without a policy a balancer that fails all instances ends them all": {nil, 0},
		"with one the fleet is never below its minimum":                      {map[string]any{"instanceMaintenancePolicy": policy}, 2},
	} {
		t.Run(sentence, func(t *testing.T) {
			t.Parallel()
			g := newGroup(t, serves, c.tweak).must()
			before := ids(g.status())
			stop := g.watch(c.least)
			g.balancer.says(func(string) elb.State { return elb.Unhealthy })
			g.eventually("it is noticed", func(autoscaling.Status) error {
				for _, i := range g.describe().Instances {
					if *i.HealthStatus == "Healthy" && i.LifecycleState == "InService" {
						return errors.New("some are taken to be healthy")
					}
				}
				return nil
			})
			if c.least == 0 {
				g.eventually("all are ended", func(st autoscaling.Status) error {
					if st.InService() > 0 {
						return errors.New("some are in service")
					}
					return nil
				})
			}
			g.balancer.says(func(string) elb.State { return elb.Healthy })
			g.eventually("recovered", func(st autoscaling.Status) error {
				if err := without(before[0])(st); err != nil {
					return err
				}
				return without(before[1])(st)
			})
			stop()
		})
	}
}
