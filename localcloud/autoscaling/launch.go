package autoscaling

import (
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"slices"
	"strconv"
	"time"
)

// How long a machine takes, in seconds of AWS. AWS states none; these are
// estimates of EC2's pending state and of a boot of Amazon Linux with cloud-init.
// The real start of the processes comes on top, at any pace.
const (
	launchTime = 15 * time.Second
	bootTime   = 30 * time.Second
)

// launch starts an instance of what the group launches now. g.mu is held.
func (g *group) launch(cause string) {
	t, err := g.service.resolve(g.spec.region, g.launching().ref())
	if err != nil {
		g.failed(err)
		return
	}
	i := g.newInstance("", g.emptiest(), t)
	i.activity = g.begin("Launching a new", cause, i)
	g.save()
	i.running.Go(func() { g.boot(i) })
}

// reboot starts the instances that were in service before a restart. g.mu is held.
func (g *group) reboot() error {
	for _, m := range g.record.Instances {
		ref := templateRef{LaunchTemplateId: &m.TemplateID, Version: pointer(strconv.Itoa(m.Version))}
		t, err := g.service.resolve(g.spec.region, ref)
		if err != nil {
			return err
		}
		i := g.newInstance(m.ID, m.Subnet, t)
		i.launched, i.again = m.Launched, true
		i.running.Go(func() { g.boot(i) })
	}
	return nil
}

// rebooted counts the instances that were in service before a restart.
func (g *group) rebooted() (n int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, i := range g.instances {
		if i.again {
			n++
		}
	}
	return n
}

// boot is the life of an instance from RunInstances to its running units.
func (g *group) boot(i *instance) {
	env, err := g.machine(i)
	if err != nil {
		g.mu.Lock()
		defer g.mu.Unlock()
		g.failed(err)
		g.finish(i.activity, "Launch", i, failed, err.Error()+" Launching EC2 instance failed.")
		g.retire(i, "")
		return
	}
	if !i.again {
		if g.service.Clock.Sleep(i.ctx, launchTime) != nil {
			return
		}
		g.arrived(i)
		if g.service.Clock.Sleep(i.ctx, bootTime) != nil {
			return
		}
	}
	binary, err := g.fetch(i)
	g.mu.Lock()
	i.booted = time.Now()
	g.mu.Unlock()
	defer g.poke()
	if err != nil {
		g.complain(i, fmt.Errorf("boot: %w", err))
		return
	}
	for _, u := range i.template.boot.units {
		i.running.Go(func() { g.supervise(i, u, binary, slices.Concat(env, u.env)) })
	}
}

// machine leases the instance's address, opens its credentials, and returns the
// environment of what it runs.
func (g *group) machine(i *instance) ([]string, error) {
	region, s := g.declared().region, g.service
	addr, err := s.Addresses.Lease(region, i.subnet, i.id)
	if err != nil {
		return nil, err
	}
	env := s.Env(region)
	forget := func() {}
	if s.Identity != nil {
		var identity []string
		if identity, forget, err = s.Identity(region, i.id, addr, i.template.profile); err != nil {
			return nil, err
		}
		env = append(env, identity...)
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	i.addr, i.forget = addr, forget
	env = append(env, i.template.boot.env...)
	return append(env, "NEWSFEED_ADDRESS="+addr.String(), "NEWSFEED_INSTANCE="+i.id), nil
}

// failed notes a launch that came to nothing. g.mu is held.
func (g *group) failed(err error) {
	g.failure = err
	g.backOff()
}

// backOff makes the next launch wait, longer each time. g.mu is held.
func (g *group) backOff() {
	g.pause = min(max(firstPause, 2*g.pause), maxPause)
	g.notBefore = time.Now().Add(g.service.Clock.Local(g.pause))
}

// complain notes what went wrong on an instance, in the log and in its own.
func (g *group) complain(i *instance, err error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if i.ctx.Err() != nil {
		return
	}
	g.failure = fmt.Errorf("%s: %w", i.id, err)
	slog.Warn("instance", "group", g.spec.name, "instance", i.id, "error", err)
	if err := appendLine(filepath.Join(i.dir, program+".log"), err.Error()); err != nil {
		slog.Error("instance's log", "instance", i.id, "error", err)
	}
}

// unitFailed is what the units' OnFailure does: it sets the instance unhealthy.
func (g *group) unitFailed(i *instance, u unit) {
	g.complain(i, errors.New("unit "+u.name+" failed for good"))
	if u.onFailure == "" {
		return
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if i.unhealthy == "" {
		i.unhealthy = userCheck
	}
	g.save()
	g.poke()
}
