package cloudwatch

import (
	"context"
	"fmt"
	"time"

	"newsfeed/localcloud/cloud"
)

type compositeAlarms struct{ *Service }

// Apply declares a composite alarm. AWS takes no rule that names an alarm that
// does not exist (PutCompositeAlarm in the API reference).
func (s compositeAlarms) Apply(_ context.Context, r, _ *cloud.Resource) error {
	a, err := readAlarm(r, r.String("alarmName"))
	if err == nil {
		a.composite, err = readComposite(r)
	}
	if err == nil {
		err = s.findChildren(a)
	}
	if err != nil {
		return fmt.Errorf("composite alarm %s: %w", r.String("alarmName"), err)
	}
	s.declare(a)
	return nil
}

// Remove forgets the alarm.
func (s compositeAlarms) Remove(_ context.Context, r *cloud.Resource) error {
	return s.remove(address{r.Region, r.String("alarmName")}, r.String("arn"))
}

func readComposite(r *cloud.Resource) (c *composite, err error) {
	c = &composite{source: r.String("alarmRule")}
	if c.rule, err = parseRule(c.source); err != nil {
		return nil, err
	}
	var given struct {
		Alarm                       string
		WaitPeriod, ExtensionPeriod float64
	}
	if err := r.Decode("actionsSuppressor", &given); err != nil {
		return nil, fmt.Errorf("actionsSuppressor: %w", err)
	}
	if given.Alarm != "" {
		c.suppressor = &suppressor{alarm: given.Alarm,
			wait:      time.Duration(given.WaitPeriod) * time.Second,
			extension: time.Duration(given.ExtensionPeriod) * time.Second}
	}
	return c, nil
}

// findChildren looks for the alarms that run and for those on record: after a
// restart a composite alarm may come back before its children.
func (s *Service) findChildren(a *alarm) error {
	names := a.composite.rule.alarms()
	if sup := a.composite.suppressor; sup != nil {
		names = append(names[:len(names):len(names)], sup.alarm)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, name := range names {
		if s.alarms[address{a.region, named(name)}] == nil && !s.recorded(a.region, named(name)) {
			return fmt.Errorf("alarm %q: there is none of that name in %s", name, a.region)
		}
	}
	return nil
}

func (s *Service) recorded(region, name string) bool {
	if s.Store == nil {
		return false
	}
	for typ, property := range map[string]string{alarmType: "name", compositeType: "alarmName"} {
		for _, r := range s.Store.List(typ) {
			if r.Region == region && r.String(property) == name {
				return true
			}
		}
	}
	return false
}
