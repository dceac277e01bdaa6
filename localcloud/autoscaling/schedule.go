package autoscaling

import (
	"cmp"
	"context"
	"slices"
	"time"

	"newsfeed/localcloud/cloud"
)

// schedule is a scheduled action, in the shape of the API. A size that is nil
// stays as it is.
type schedule struct {
	AutoScalingGroupName, ScheduledActionName, ScheduledActionARN string
	StartTime, EndTime                                            *time.Time
	Recurrence, TimeZone                                          *string
	MinSize, MaxSize, DesiredCapacity                             *int
}

// scheduleUpdate is why a group has another size, as people quote AWS; its
// documentation does not show it.
const scheduleUpdate = "a scheduled action update of AutoScalingGroup constraints to min: %d, max: %d, desired: %d " +
	"changing the desired capacity from %d to %d"

// schedules is the body of scheduled actions.
type schedules struct{ *Service }

// Apply puts the action on its group, as PutScheduledUpdateGroupAction does: a
// start in the past is refused (terraform-provider-aws 3033), also when it is
// the one that AWS computed of a recurrence and the provider sends back with a
// change of something else (pulumi-aws 2473). After a restart nothing is put.
func (s schedules) Apply(_ context.Context, r, old *cloud.Resource) error {
	g, err := s.named(r.Region, r.String("autoscalingGroupName"))
	if err != nil {
		return err
	}
	next, err := readSchedule(r)
	if err != nil {
		return err
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if old == nil && slices.Contains(g.record.Scheduled, next.ScheduledActionARN) {
		return nil
	}
	now := g.service.Clock.Now()
	if err := next.settle(now); err != nil {
		return err
	}
	if next.StartTime != nil {
		r.Outputs["startTime"] = stamp(*next.StartTime)
	}
	g.dropSchedule(next.ScheduledActionName)
	g.record.Schedules = append(g.record.Schedules, next)
	g.record.Scheduled = append(g.record.Scheduled, next.ScheduledActionARN)
	g.save()
	g.poke()
	return nil
}

// Remove takes the action off.
func (s schedules) Remove(_ context.Context, r *cloud.Resource) error {
	g, err := s.named(r.Region, r.String("autoscalingGroupName"))
	if err != nil {
		return nil // it went with its group
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.dropSchedule(r.String("scheduledActionName"))
	arn := r.String("arn")
	g.record.Scheduled = slices.DeleteFunc(g.record.Scheduled, func(other string) bool { return other == arn })
	g.save()
	return nil
}

func (g *group) dropSchedule(name string) {
	g.record.Schedules = slices.DeleteFunc(g.record.Schedules, func(other *schedule) bool {
		return other.ScheduledActionName == name
	})
}

// readSchedule reads an action as the provider sends it: -1 is not sent, and a
// size that is not given is 0.
func readSchedule(r *cloud.Resource) (*schedule, error) {
	sent := func(property string) *int {
		if n := r.Int(property, 0); n != -1 {
			return &n
		}
		return nil
	}
	s := &schedule{
		AutoScalingGroupName: r.String("autoscalingGroupName"), ScheduledActionName: r.String("scheduledActionName"),
		ScheduledActionARN: r.String("arn"),
		MinSize:            sent("minSize"), MaxSize: sent("maxSize"), DesiredCapacity: sent("desiredCapacity"),
	}
	for property, into := range map[string]**string{"recurrence": &s.Recurrence, "timeZone": &s.TimeZone} {
		if text := r.String(property); text != "" {
			*into = &text
		}
	}
	for property, into := range map[string]**time.Time{"startTime": &s.StartTime, "endTime": &s.EndTime} {
		if text := r.String(property); text != "" {
			at, err := time.Parse(time.RFC3339, text)
			if err != nil {
				return nil, invalid("%s: %v", property, err)
			}
			*into = &at
		}
	}
	return s, nil
}

// settle refuses what AWS does, and computes when the action is due first.
func (s *schedule) settle(now time.Time) error {
	switch {
	case s.StartTime == nil && s.Recurrence == nil:
		return invalid("Either StartTime or Recurrence must be specified")
	case s.StartTime != nil && s.StartTime.Before(now):
		return invalid("Given start time is in the past")
	case s.EndTime != nil && s.EndTime.Before(now):
		return invalid("Given end time is in the past")
	case s.StartTime != nil && s.EndTime != nil && !s.EndTime.After(*s.StartTime):
		return invalid("Given end time is earlier than or equal to the start time")
	case s.Recurrence == nil || s.StartTime != nil:
		return nil
	}
	return s.advance(now)
}

// advance sets the next time of a recurrence after a moment.
func (s *schedule) advance(after time.Time) error {
	zone, err := time.LoadLocation(cmp.Or(value(s.TimeZone), "UTC"))
	if err != nil {
		return invalid("Given time zone %s is not valid", value(s.TimeZone))
	}
	c, err := parseCron(*s.Recurrence)
	if err != nil {
		return invalid("Given recurrence string: %s is invalid: %v", *s.Recurrence, err)
	}
	s.StartTime = pointer(c.next(after.In(zone)).UTC())
	return nil
}

// runSchedules executes what is due. A one-time action is gone then; a
// recurrence is until its end (user guide, ec2-auto-scaling-scheduled-scaling).
// g.mu is held.
func (g *group) runSchedules() {
	if g.suspended("ScheduledActions") {
		return
	}
	now := g.service.Clock.Now()
	for _, s := range slices.Clone(g.record.Schedules) {
		if s.StartTime == nil || now.Before(*s.StartTime) {
			continue
		}
		if s.EndTime == nil || now.Before(*s.EndTime) {
			if err := g.resize(scheduleUpdate, s.MinSize, s.MaxSize, s.DesiredCapacity); err != nil {
				g.failure = err
			}
		}
		if s.Recurrence == nil || s.EndTime != nil && !now.Before(*s.EndTime) || s.advance(now) != nil {
			g.dropSchedule(s.ScheduledActionName)
		}
		g.save()
	}
}
