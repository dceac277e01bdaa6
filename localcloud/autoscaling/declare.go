package autoscaling

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"newsfeed/localcloud/cloud"
	"newsfeed/localcloud/process"
)

// Apply does what the provider does around a group: it creates it, or sends
// what changed (the template first, then an instance refresh if one is
// declared), and waits for the capacity. Sources: terraform-provider-aws 5.100,
// internal/service/autoscaling/group.go; its issues 34189 and 5241.
//
// Called without old for a group on record, it brings the group back: as after
// a power cut, the instances that were in service boot again.
func (s *Service) Apply(ctx context.Context, r, old *cloud.Resource) error {
	spec, err := readSpec(r)
	if err != nil {
		return err
	}
	want, err := wanted(r, old)
	if err != nil {
		return err
	}
	want.since = s.Clock.Now()
	g, running := s.groups.Get(spec.arn)
	if !running {
		var back bool
		if g, back, err = s.open(spec, r); err != nil {
			return err
		}
		if back {
			want = want.afterRestart(g)
		}
		s.groups.Put(spec.arn, g)
	}
	if old != nil {
		if err := g.update(spec, r, old); err != nil {
			return err
		}
	}
	r.Outputs["desiredCapacity"] = float64(g.size().desired)
	if err := g.await(ctx, want); err != nil {
		return &cloud.NotReadyError{Reason: err}
	}
	return nil
}

// open makes a group, or brings back the one on record.
func (s *Service) open(spec *spec, r *cloud.Resource) (g *group, back bool, err error) {
	rec, err := s.readRecord(spec)
	if err != nil {
		return nil, false, err
	}
	if back = rec != nil; !back {
		if rec, err = s.create(spec, r); err != nil {
			return nil, false, err
		}
	}
	if err := s.clear(spec, rec); err != nil {
		return nil, false, err
	}
	g = newGroup(s, spec, rec)
	g.mu.Lock()
	defer g.mu.Unlock()
	if !back {
		g.because = fmt.Sprintf("a user request created an AutoScalingGroup "+
			"changing the desired capacity from 0 to %d", rec.Desired)
	}
	if err := g.reboot(); err != nil {
		return nil, false, err
	}
	g.save()
	g.running.Go(g.run)
	return g, back, nil
}

// create is the record of a new group.
func (s *Service) create(spec *spec, r *cloud.Resource) (*record, error) {
	size, err := firstSize(r)
	if err != nil {
		return nil, err
	}
	conf, err := declared(r)
	if err != nil {
		return nil, err
	}
	if _, err := s.resolve(spec.region, conf.ref()); err != nil {
		return nil, err
	}
	rec := &record{ARN: spec.arn, Created: s.Clock.Now().UTC(), Configuration: conf,
		Min: size.min, Max: size.max, Desired: size.desired}
	if rec.Hooks, err = initialHooks(r); err != nil {
		return nil, err
	}
	return rec, os.MkdirAll(s.groupDir(spec.region, spec.name), 0o700)
}

// clear ends the processes that an earlier run left, and forgets the instances
// that were not in service.
func (s *Service) clear(spec *spec, rec *record) error {
	dirs, err := filepath.Glob(filepath.Join(s.groupDir(spec.region, spec.name), "i-*"))
	if err != nil {
		return err
	}
	kept := map[string]bool{}
	for _, m := range rec.Instances {
		kept[m.ID] = true
	}
	for _, dir := range dirs {
		below, err := filepath.Glob(filepath.Join(dir, "*", "pid"))
		if err != nil {
			return err
		}
		for _, pid := range append(below, filepath.Join(dir, "pid")) {
			if err := process.EndLeftover(filepath.Dir(pid), 0); err != nil {
				return err
			}
		}
		if id := filepath.Base(dir); !kept[id] {
			if err := s.Addresses.Release(id); err != nil {
				return err
			}
			if err := os.RemoveAll(dir); err != nil {
				return err
			}
		}
	}
	return nil
}

// update sends what the program declares anew.
func (g *group) update(spec *spec, r, old *cloud.Resource) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	defer g.poke()
	conf, err := declared(r)
	if err != nil {
		return err
	}
	low, high, desired := given(r, old, "minSize"), given(r, old, "maxSize"), given(r, old, "desiredCapacity")
	if _, err := g.sizeNow().with(low, high, desired); err != nil {
		return err // one call: nothing of it is done
	}
	moved := changed(r, old, "launchTemplate", "mixedInstancesPolicy")
	if moved {
		if err := g.configure(conf); err != nil {
			return err
		}
	}
	if err := g.resize(userUpdate, low, high, desired); err != nil {
		return err
	}
	g.spec, g.notBefore, g.pause = spec, time.Time{}, 0
	g.save()
	return g.declaredRefresh(r, old, conf, moved)
}

// configure changes what the group launches from now on. g.mu is held.
func (g *group) configure(conf configuration) error {
	if _, err := g.service.resolve(g.spec.region, conf.ref()); err != nil {
		return err
	}
	if r := g.active(); r != nil && r.DesiredConfiguration != nil {
		// User guide, instance-refresh-overview, limitations.
		return invalid("An active instance refresh with a desired configuration exists. All configuration options " +
			"derived from the desired configuration are not available for update while the instance refresh is active.")
	}
	g.record.Configuration = conf
	return nil
}
