package autoscaling

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"newsfeed/localcloud/cloud"
)

// record is what AWS owns of a group, whatever the program declares: it is kept
// in a file and outlives the local cloud.
type record struct {
	ARN               string
	Created           time.Time
	Min, Max, Desired int
	Configuration     configuration // the group's own; a refresh moves it when it succeeds
	Hooks             []hook
	Suspended         []string
	Schedules         []*schedule // that are yet to run
	Scheduled         []string    // ARNs of all that were put, those that have run included
	Refreshes         []*refresh  // newest first
	Plan              refreshPlan // of the one that runs
	Activities        []*activity // newest first
	Instances         []member
}

// member is an instance in service, which a restart of the local cloud boots again.
type member struct {
	ID, Subnet, TemplateID string
	Version                int
	Launched               time.Time
}

// maxHistory bounds the refreshes and the activities that are kept. AWS keeps
// six weeks of them.
const maxHistory = 50

func (s *Service) recordFile(region, name string) string {
	return filepath.Join(s.groupDir(region, name), "group.json")
}

// readRecord returns nil when there is none of this very group.
func (s *Service) readRecord(spec *spec) (*record, error) {
	file := s.recordFile(spec.region, spec.name)
	raw, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	rec := &record{}
	if err := json.Unmarshal(raw, rec); err != nil {
		return nil, fmt.Errorf("record %s is corrupt: %w; it was left as it is: "+
			"restore it, or start afresh with 'localcloud down --force'", file, err)
	}
	if rec.ARN != spec.arn {
		return nil, nil // of a group of that name which is gone
	}
	return rec, nil
}

// save writes the record, and tells waiters that something changed. g.mu is held.
func (g *group) save() {
	close(g.changed)
	g.changed = make(chan struct{})
	if g.ctx.Err() != nil {
		return // what runs is being ended, and is to come back
	}
	g.record.Instances = nil
	for _, i := range g.instances {
		if i.state == InService || i.again && i.state == Pending {
			g.record.Instances = append(g.record.Instances, member{i.id, i.subnet, i.template.id, i.template.number, i.launched})
		}
	}
	raw, err := json.Marshal(g.record)
	if err == nil {
		err = cloud.WriteFile(g.service.recordFile(g.spec.region, g.spec.name), raw)
	}
	if err != nil {
		slog.Error("group is not recorded", "group", g.spec.name, "error", err)
	}
}
