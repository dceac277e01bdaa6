package rollout

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling/types"
)

// watch returns when the refresh is over: nil if the group runs the target. It goes
// back long before AWS would, which tries for an hour.
func (r *Roll) watch(ctx context.Context, id string, began time.Time) error {
	told, moved, percent, goingBack := "", time.Now(), int32(-1), false
	for {
		found, err := r.refreshes(ctx, id)
		if err != nil {
			return err
		}
		if len(found) == 0 {
			return fmt.Errorf("%s: the refresh %s is gone", r.Target.Group, id)
		}
		refresh := found[0]
		if line := fmt.Sprintf("%s, %d %%", refresh.Status, aws.ToInt32(refresh.PercentageComplete)); line != told {
			told = line
			r.say("%s", line)
		}
		if slices.Contains(ended, refresh.Status) {
			return r.outcome(ctx, refresh)
		}
		if now := aws.ToInt32(refresh.PercentageComplete); now != percent || refresh.Status == types.InstanceRefreshStatusBaking {
			percent, moved = now, time.Now()
		}
		if refresh.Status == types.InstanceRefreshStatusInProgress && !goingBack {
			why, err := r.hopeless(ctx, began, moved)
			if err != nil {
				return err
			}
			if goingBack = why != ""; goingBack {
				r.say("%s: it goes back", why)
				if _, err := r.Groups.RollbackInstanceRefresh(ctx, &autoscaling.RollbackInstanceRefreshInput{AutoScalingGroupName: &r.Target.Group}); err != nil {
					return fmt.Errorf("%s: %s, and it does not go back: %w", r.Target.Group, why, err)
				}
			}
		}
		if err := r.pause(ctx); err != nil {
			return err
		}
	}
}

// hopeless says why the roll will come to nothing, "" if it may not.
func (r *Roll) hopeless(ctx context.Context, began, moved time.Time) (string, error) {
	if standing := time.Since(moved); standing > r.local(mostStanding) {
		return fmt.Sprintf("no progress for %s", mostStanding), nil
	}
	out, err := r.Groups.DescribeScalingActivities(ctx, &autoscaling.DescribeScalingActivitiesInput{
		AutoScalingGroupName: &r.Target.Group, MaxRecords: aws.Int32(50)})
	if err != nil {
		return "", err
	}
	failed, last := 0, ""
	for _, a := range out.Activities {
		over := a.StatusCode == types.ScalingActivityStatusCodeFailed || a.StatusCode == types.ScalingActivityStatusCodeCancelled
		if over && strings.HasPrefix(aws.ToString(a.Description), "Launching") && !aws.ToTime(a.StartTime).Before(began.Add(-time.Second)) {
			if failed++; last == "" {
				last = aws.ToString(a.StatusMessage)
			}
		}
	}
	if failed >= mostFailures {
		return fmt.Sprintf("%d launches failed, the last: %s", failed, last), nil
	}
	return "", nil
}

// outcome is nil if the refresh went well and the group's pointer is the target.
func (r *Roll) outcome(ctx context.Context, refresh types.InstanceRefresh) error {
	g, err := r.group(ctx)
	if err != nil {
		return err
	}
	runs := pointer(g)
	if refresh.Status == types.InstanceRefreshStatusSuccessful && runs == r.Target.Version {
		return nil
	}
	return fmt.Errorf("%s: version %d %w, version %d runs: %s: see docs/runbook.md#bad-deployment",
		r.Target.Group, r.Target.Version, ErrRejected, runs, aws.ToString(refresh.StatusReason))
}

// awaitMinimum returns when at least the group's minimum is in service.
func (r *Roll) awaitMinimum(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, max(r.local(launchingTime), time.Minute))
	defer cancel()
	for {
		g, err := r.group(ctx)
		if err != nil {
			return err
		}
		serving := 0
		for _, i := range g.Instances {
			if i.LifecycleState == types.LifecycleStateInService {
				serving++
			}
		}
		if minimum := int(aws.ToInt32(g.MinSize)); serving >= minimum {
			r.say("version %d, %d in service", pointer(g), serving)
			return nil
		}
		if err := r.pause(ctx); err != nil {
			return fmt.Errorf("%s: %d of %d are in service: %w: see what its launches say: aws autoscaling describe-scaling-activities "+
				"--auto-scaling-group-name %[1]s", r.Target.Group, serving, aws.ToInt32(g.MinSize), err)
		}
	}
}
