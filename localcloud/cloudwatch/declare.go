package cloudwatch

import (
	"context"
	"errors"
	"fmt"
	"time"

	"newsfeed/localcloud/cloud"
)

// The limits of an alarm (PutMetricAlarm in the API reference).
const (
	maxActions     = 5
	maxDescription = 1024
	maxAlarmName   = 255
	maxQueries     = 20
	maxInterval    = 24 * time.Hour // evaluation periods times the period
)

type metricAlarms struct{ *Service }

// Apply declares a metric alarm. One that is new or changed keeps its state
// until its next evaluation.
func (s metricAlarms) Apply(_ context.Context, r, _ *cloud.Resource) error {
	a, err := readAlarm(r, r.String("name"))
	if err == nil {
		a.watch, err = readWatch(r)
	}
	if err != nil {
		return fmt.Errorf("alarm %s: %w", r.String("name"), err)
	}
	s.declare(a)
	return nil
}

// Remove forgets the alarm.
func (s metricAlarms) Remove(_ context.Context, r *cloud.Resource) error {
	return s.remove(address{r.Region, r.String("name")}, r.String("arn"))
}

func (s *Service) declare(a *alarm) {
	now := s.clock.Now()
	s.mu.Lock()
	defer s.mu.Unlock()
	at := address{a.region, a.name}
	old := s.alarms[at]
	kept, known := s.kept[a.arn]
	switch {
	case old != nil:
		a.status, a.history = old.status, old.history
		s.forget(at)
	case known:
		a.status = kept
		delete(s.kept, a.arn)
	default:
		a.status = created(now)
	}
	if a.composite != nil {
		a.composite.told = a.status.State
		if old != nil {
			a.composite.declared = "updated"
		} else if !known {
			a.composite.declared = "created"
		}
	}
	if old != nil || !known {
		a.status.Configured = now
		a.history.configured(a, now, old == nil)
	}
	s.alarms[at] = a
	for _, m := range a.metrics() {
		s.store.watch(a.region, m, 1)
	}
}

// forget takes an alarm out; s.mu is held.
func (s *Service) forget(at address) {
	if a := s.alarms[at]; a != nil {
		for _, m := range a.metrics() {
			s.store.watch(a.region, m, -1)
		}
		delete(s.alarms, at)
	}
}

func (s *Service) remove(at address, arn string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.forget(at)
	delete(s.kept, arn)
	return s.saveStates()
}

// readAlarm reads what metric alarms and composite ones have in common.
func readAlarm(r *cloud.Resource, name string) (*alarm, error) {
	a := &alarm{region: r.Region, name: name, arn: r.String("arn"), actions: map[State][]string{}, actionsEnabled: true}
	if given, ok := r.Outputs["actionsEnabled"].(bool); ok {
		a.actionsEnabled = given
	}
	if text := r.String("alarmDescription"); text != "" {
		a.description = &text
	}
	var errs []error
	if name == "" || len(name) > maxAlarmName {
		errs = append(errs, fmt.Errorf("its name must have 1 to %d characters", maxAlarmName))
	}
	if len(r.String("alarmDescription")) > maxDescription {
		errs = append(errs, fmt.Errorf("alarmDescription: %d characters at most", maxDescription))
	}
	for property, state := range map[string]State{"alarmActions": Alarm, "okActions": OK,
		"insufficientDataActions": InsufficientData} {
		a.actions[state] = r.Strings(property)
		if len(a.actions[state]) > maxActions {
			errs = append(errs, fmt.Errorf("%s: %d at most", property, maxActions))
		}
	}
	return a, errors.Join(errs...)
}
