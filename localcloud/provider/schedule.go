package provider

import (
	"fmt"
	"strings"
	"time"

	"newsfeed/localcloud/cloud"
)

// pendingPrefix marks the type of what AWS only schedules to delete. It has no
// body and no user, but keeps its name until the day.
const pendingPrefix = "scheduled:"

// windows are the types that a delete only schedules, and their days: KMS,
// ScheduleKeyDeletion, and Secrets Manager, DeleteSecret (0 is at once).
var windows = map[string]struct {
	input   string
	without int // days, where the program says nothing
}{
	keyType:    {"deletionWindowInDays", 30},
	secretType: {"recoveryWindowInDays", 30},
}

// schedule keeps the record of what is deleted later. AWS's days are days here
// too: nothing waits for them.
func (p *Provider) schedule(r *cloud.Resource) error {
	window, ok := windows[r.Type]
	days := r.Int(window.input, window.without)
	if !ok || days == 0 {
		return nil
	}
	pending := *r
	pending.Type = pendingPrefix + r.Type
	pending.Outputs = map[string]any{"name": r.String("name"), "deletionDate": p.clock.Now().AddDate(0, 0, days).Format(time.RFC3339)}
	return p.store.Put(&pending)
}

// isScheduled says whether a record is only what is left of a resource.
func isScheduled(r *cloud.Resource) bool { return strings.HasPrefix(r.Type, pendingPrefix) }

// scheduled refuses the name of a secret that is about to be deleted.
func scheduled(s *cloud.Store, r *cloud.Resource) error {
	for _, pending := range s.List(pendingPrefix + secretType) {
		day, err := time.Parse(time.RFC3339, pending.String("deletionDate"))
		if err == nil && pending.Region == r.Region && pending.String("name") == r.String("name") && time.Now().Before(day) {
			return fmt.Errorf("creating Secrets Manager Secret (%s): InvalidRequestException: You can't create this secret because "+
				"a secret with this name is already scheduled for deletion", r.String("name"))
		}
	}
	return nil
}
