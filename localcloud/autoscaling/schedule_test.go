package autoscaling_test

import (
	"fmt"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/autoscaling"

	"newsfeed/localcloud/autoscaling"
	"newsfeed/localcloud/cloud"
)

const scheduleType = "aws:autoscaling/schedule:Schedule"

// schedule declares a scheduled action.
func (g *group) schedule(inputs map[string]any) (*cloud.Resource, error) {
	all := map[string]any{"arn": "arn:sale", "autoscalingGroupName": "web", "scheduledActionName": "sale",
		"minSize": -1.0, "maxSize": -1.0, "desiredCapacity": -1.0}
	maps.Copy(all, inputs)
	r := &cloud.Resource{Type: scheduleType, ID: "sale", Region: region, Inputs: all, Outputs: maps.Clone(all)}
	return r, g.service.Bodies()[scheduleType].Apply(g.t.Context(), r, nil)
}

// ahead moves the clock's time.
func (g *group) ahead(d time.Duration) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.wall += d
}

func sized(n int) func(autoscaling.Status) error {
	return func(st autoscaling.Status) error {
		if st.Desired != n {
			return fmt.Errorf("desired %d, want %d", st.Desired, n)
		}
		return full(0)(st)
	}
}

func (g *group) actions() int {
	g.t.Helper()
	out, err := g.client.DescribeScheduledActions(g.t.Context(), &sdk.DescribeScheduledActionsInput{AutoScalingGroupName: aws.String("web")})
	if err != nil {
		g.t.Fatal(err)
	}
	return len(out.ScheduledUpdateGroupActions)
}

func TestSchedule(t *testing.T) {
	t.Parallel()
	t.Run("a one-time action resizes the group at its start, and is gone", func(t *testing.T) {
		t.Parallel()
		g := newGroup(t, serves, nil).must()
		if _, err := g.schedule(map[string]any{"startTime": time.Now().Add(time.Hour).Format(time.RFC3339), "minSize": 3.0}); err != nil {
			t.Fatal(err)
		}
		if n := g.actions(); n != 1 {
			t.Errorf("%d actions", n)
		}
		g.ahead(2 * time.Hour)
		g.eventually("resized", sized(3))
		if n := g.actions(); n != 0 {
			t.Errorf("%d actions are left", n)
		}
		if d := g.describe(); *d.MinSize != 3 || *d.MaxSize != 4 {
			t.Errorf("limits %d to %d", *d.MinSize, *d.MaxSize)
		}
	})
	t.Run("a recurrence comes again, until its end", func(t *testing.T) {
		t.Parallel()
		g := newGroup(t, serves, nil).must()
		r, err := g.schedule(map[string]any{"recurrence": "0 9 * * *", "timeZone": "Asia/Seoul", "desiredCapacity": 3.0})
		if err != nil {
			t.Fatal(err)
		}
		if start := r.String("startTime"); !strings.HasSuffix(start, "T00:00:00Z") {
			t.Errorf("nine o'clock in Seoul is %s", start)
		}
		g.ahead(24 * time.Hour)
		g.eventually("resized", sized(3))
		g.desire(2)
		g.eventually("resized back", sized(2))
		g.ahead(24 * time.Hour)
		g.eventually("resized again", sized(3))
		// pulumi-aws 2473: the computed start goes along with any change.
		old := *r
		err = g.service.Bodies()[scheduleType].Apply(t.Context(), r, &old)
		if err == nil || !strings.Contains(err.Error(), "Given start time is in the past") {
			t.Errorf("a change after its first run: %v", err)
		}
	})
	t.Run("what AWS refuses is refused", func(t *testing.T) {
		t.Parallel()
		g := newGroup(t, serves, map[string]any{"waitForCapacityTimeout": "0"}).must()
		for want, inputs := range map[string]map[string]any{
			"Given start time is in the past":                {"startTime": "2020-01-01T00:00:00Z"},
			"Either StartTime or Recurrence":                 {},
			"Given recurrence string: 0 9 31 2 * is invalid": {"recurrence": "0 9 31 2 *"},
			"Given time zone Asia/Atlantis is not valid":     {"recurrence": "0 9 * * *", "timeZone": "Asia/Atlantis"},
		} {
			if _, err := g.schedule(inputs); err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%v: %v, want %q", inputs, err, want)
			}
		}
	})
	t.Run("an action that has run does not run again after a restart", func(t *testing.T) {
		t.Parallel()
		g := newGroup(t, serves, nil).must()
		r, err := g.schedule(map[string]any{"startTime": time.Now().Add(time.Hour).Format(time.RFC3339), "desiredCapacity": 3.0})
		if err != nil {
			t.Fatal(err)
		}
		g.ahead(2 * time.Hour)
		g.eventually("resized", sized(3))
		g.service.Close()
		g.start()
		g.must()
		if err := g.service.Bodies()[scheduleType].Apply(t.Context(), r, nil); err != nil {
			t.Error(err)
		}
		if n := g.actions(); n != 0 {
			t.Errorf("%d actions", n)
		}
	})
}
