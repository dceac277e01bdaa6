package infra

import (
	"fmt"
	"regexp"
	"time"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/autoscaling"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// ScheduleConfig raises the web group for a sale that is known beforehand.
// Times are local to Seoul: 2026-11-27T09:00.
type ScheduleConfig struct {
	Name  string `config:"name"`
	Start string `config:"start"`
	End   string `config:"end"`
	Min   int    `config:"min"`
	Max   int    `config:"max"`
}

var scheduleName = regexp.MustCompile(`^[A-Za-z0-9-]{1,64}$`)

const scheduleTime = "2006-01-02T15:04"

// seoulTime parses a time of a schedule; it is zero, and a problem, if it is none.
func (p *problems) seoulTime(path, value string) time.Time {
	t, err := time.Parse(scheduleTime, value)
	p.require(err == nil, path, "is %q, must be a time in Seoul like 2026-11-27T09:00", value)
	return t
}

// schedule adds what is wrong with the web group's schedule.
func (p *problems) schedule(w WebConfig) {
	names := map[string]bool{}
	for i, s := range w.Schedule {
		path := fmt.Sprintf("web.schedule[%d]", i)
		p.require(scheduleName.MatchString(s.Name), path+".name", "is %q, must be letters, digits and hyphens", s.Name)
		p.require(!names[s.Name], path+".name", "%q is there twice", s.Name)
		names[s.Name] = true
		start, end := p.seoulTime(path+".start", s.Start), p.seoulTime(path+".end", s.End)
		p.require(start.IsZero() || end.IsZero() || start.Before(end), path+".end", "%s is not after the start %s", s.End, s.Start)
		p.require(end.Sub(start) < 365*24*time.Hour, path+".end", "%s is a year or more after the start: raise web.min instead", s.End)
		p.require(s.Min >= w.Min, path+".min", "is %d, below web.min %d: a sale would shrink the group", s.Min, w.Min)
		p.require(s.Min <= s.Max, path+".max", "is %d, below its min %d", s.Max, s.Min)
		p.require(s.Max <= w.Max, path+".max", "is %d, above web.max %d, which the connection pools are sized for", s.Max, w.Max)
		for j, other := range w.Schedule[:i] {
			p.require(s.End <= other.Start || other.End <= s.Start, path, "overlaps web.schedule[%d]: the end of the one would shrink the group during the other", j)
		}
	}
}

// unchanged leaves a size of a scheduled action as it is; the SDK's default
// would be zero instances.
const unchanged = -1

// early is how long before a sale the group grows: instances boot, and fill
// their connections, before the first customer comes.
const early = 15 * time.Minute

// seoul is UTC+9 all year.
var seoul = time.FixedZone("Asia/Seoul", 9*3600)

// now is the time by which a program knows whether a sale is on; tests set it.
var now = time.Now

// begins and ends are when the group is raised for the sale, and lowered again.
func (s ScheduleConfig) begins() time.Time { return s.time(s.Start).Add(-early) }
func (s ScheduleConfig) ends() time.Time   { return s.time(s.End) }

func (s ScheduleConfig) time(local string) time.Time {
	return must(time.ParseInLocation(scheduleTime, local, seoul))
}

// sizes are those of the web group at the moment: within a sale they are the
// sale's. So an `up`, a promotion or a first creation in the middle of one agrees
// with what the schedule has done, or would have.
func (w WebConfig) sizes(at time.Time) (smallest, largest int) {
	for _, s := range w.Schedule {
		if !at.Before(s.begins()) && at.Before(s.ends()) {
			return s.Min, s.Max
		}
	}
	return w.Min, w.Max
}

// scheduled resizes the group once. What is past is left out: AWS refuses a start
// that is (PutScheduledUpdateGroupAction: "Given start time is in the past"), and
// forgets an action that is done.
func scheduled(s *scope, name string, group *autoscaling.Group, at time.Time, smallest, largest int) {
	if !at.After(now()) {
		return
	}
	add(s, name, autoscaling.NewSchedule, &autoscaling.ScheduleArgs{
		AutoscalingGroupName: group.Name,
		ScheduledActionName:  pulumi.String(name),
		StartTime:            pulumi.String(at.UTC().Format(time.RFC3339)),
		MinSize:              pulumi.Int(smallest),
		MaxSize:              pulumi.Int(largest),
		DesiredCapacity:      pulumi.Int(unchanged),
	})
}
