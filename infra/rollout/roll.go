package rollout

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling/types"

	"newsfeed/infra"
)

// Limits of a roll, in the time of AWS, which itself goes on for an hour.
const (
	mostFailures  = 3                // launches of the new version
	mostStanding  = 20 * time.Minute // without progress
	leastBaking   = 300              // seconds, before a roll counts
	launchingTime = 30 * time.Minute // until a group has its minimum
	lookEvery     = 5 * time.Second
)

// ErrRejected says that the group runs the version before: the new one was bad.
var ErrRejected = errors.New("rejected")

// Groups is what a roll needs of Auto Scaling: *autoscaling.Client.
type Groups interface {
	autoscaling.DescribeAutoScalingGroupsAPIClient
	autoscaling.DescribeInstanceRefreshesAPIClient
	autoscaling.DescribeScalingActivitiesAPIClient
	StartInstanceRefresh(context.Context, *autoscaling.StartInstanceRefreshInput, ...func(*autoscaling.Options)) (*autoscaling.StartInstanceRefreshOutput, error)
	CancelInstanceRefresh(context.Context, *autoscaling.CancelInstanceRefreshInput, ...func(*autoscaling.Options)) (*autoscaling.CancelInstanceRefreshOutput, error)
	RollbackInstanceRefresh(context.Context, *autoscaling.RollbackInstanceRefreshInput, ...func(*autoscaling.Options)) (*autoscaling.RollbackInstanceRefreshOutput, error)
}

// Roll brings one group to its target.
type Roll struct {
	Groups Groups
	Target Target
	Alarm  string // that ends the roll when it is on; "" for none
	// Urgent rolls in an incident: another refresh is ended, no alarm judges, and
	// nothing bakes.
	Urgent bool
	Pace   float64 // seconds of AWS in a second here; 0 is 1
	Log    io.Writer
}

// All rolls every target as like says, side by side: one that is rejected does not
// stop another.
func All(ctx context.Context, targets map[string]Target, like Roll) error {
	var (
		running sync.WaitGroup
		mu      sync.Mutex
		errs    []error
	)
	for role, target := range targets {
		roll := like
		roll.Target, roll.Alarm = target, strings.TrimSuffix(target.Group, role)+infra.ReleaseFaults(role)
		running.Go(func() {
			err := roll.Run(ctx)
			mu.Lock()
			defer mu.Unlock()
			errs = append(errs, err)
		})
	}
	running.Wait()
	return errors.Join(errs...)
}

// Run returns when the group runs the target and has at least its minimum in
// service. A group that does so already is left alone; a refresh to the target that
// is under way is waited for. The error is ErrRejected when the group went back.
func (r *Roll) Run(ctx context.Context) error {
	g, err := r.group(ctx)
	if err != nil {
		return err
	}
	active, err := r.active(ctx)
	if err != nil {
		return err
	}
	if active != nil && version(active) != r.Target.Version {
		if !r.Urgent {
			return fmt.Errorf("%s: a refresh to version %d is %s since %s: wait for it, or end it: make deploy URGENT=1",
				r.Target.Group, version(active), active.Status, aws.ToTime(active.StartTime).Format(time.TimeOnly))
		}
		if err := r.end(ctx); err != nil {
			return err
		}
		active = nil
	}
	before := pointer(g)
	if active == nil {
		if before == r.Target.Version && uniform(g, r.Target.Version) {
			return r.awaitMinimum(ctx)
		}
		if active, err = r.start(ctx); err != nil {
			return err
		}
		r.say("version %d of its template after %d", r.Target.Version, before)
	}
	if err := r.watch(ctx, *active.InstanceRefreshId, aws.ToTime(active.StartTime)); err != nil {
		return err
	}
	return r.awaitMinimum(ctx)
}

func (r *Roll) say(format string, args ...any) {
	fmt.Fprintf(r.Log, "%s: %s\n", r.Target.Group, fmt.Sprintf(format, args...))
}

func (r *Roll) group(ctx context.Context) (*types.AutoScalingGroup, error) {
	out, err := r.Groups.DescribeAutoScalingGroups(ctx, &autoscaling.DescribeAutoScalingGroupsInput{AutoScalingGroupNames: []string{r.Target.Group}})
	if err != nil {
		return nil, err
	}
	if len(out.AutoScalingGroups) == 0 {
		return nil, fmt.Errorf("there is no group %s: bring the stack up first: make deploy", r.Target.Group)
	}
	return &out.AutoScalingGroups[0], nil
}

// refreshes are the latest ones of the group, or the one with that ID.
func (r *Roll) refreshes(ctx context.Context, ids ...string) ([]types.InstanceRefresh, error) {
	out, err := r.Groups.DescribeInstanceRefreshes(ctx, &autoscaling.DescribeInstanceRefreshesInput{
		AutoScalingGroupName: &r.Target.Group, InstanceRefreshIds: ids, MaxRecords: aws.Int32(10)})
	if err != nil {
		return nil, err
	}
	return out.InstanceRefreshes, nil
}

// ended are the states of a refresh that is over.
var ended = []types.InstanceRefreshStatus{types.InstanceRefreshStatusSuccessful, types.InstanceRefreshStatusFailed, types.InstanceRefreshStatusCancelled,
	types.InstanceRefreshStatusRollbackSuccessful, types.InstanceRefreshStatusRollbackFailed}

// active is the refresh that is under way, or nil.
func (r *Roll) active(ctx context.Context) (*types.InstanceRefresh, error) {
	all, err := r.refreshes(ctx)
	if err != nil {
		return nil, err
	}
	for i := range all {
		if !slices.Contains(ended, all[i].Status) {
			return &all[i], nil
		}
	}
	return nil, nil
}

// version is the one that a refresh goes to, 0 for one without a configuration.
func version(refresh *types.InstanceRefresh) int {
	want := refresh.DesiredConfiguration
	if want == nil {
		return 0
	}
	return pointer(&types.AutoScalingGroup{LaunchTemplate: want.LaunchTemplate, MixedInstancesPolicy: want.MixedInstancesPolicy})
}

// uniform says whether every instance of the group is of that version.
func uniform(g *types.AutoScalingGroup, version int) bool {
	return !slices.ContainsFunc(g.Instances, func(i types.Instance) bool {
		return i.LaunchTemplate == nil || aws.ToString(i.LaunchTemplate.Version) != fmt.Sprint(version)
	})
}

// start begins the refresh: new instances first, back by itself if they fail.
func (r *Roll) start(ctx context.Context) (*types.InstanceRefresh, error) {
	preferences := &types.RefreshPreferences{MinHealthyPercentage: aws.Int32(100), MaxHealthyPercentage: aws.Int32(150),
		AutoRollback: aws.Bool(true), SkipMatching: aws.Bool(true)}
	if !r.Urgent {
		preferences.BakeTime = aws.Int32(leastBaking)
		if r.Alarm != "" {
			preferences.AlarmSpecification = &types.AlarmSpecification{Alarms: []string{r.Alarm}}
		}
	}
	out, err := r.Groups.StartInstanceRefresh(ctx, &autoscaling.StartInstanceRefreshInput{AutoScalingGroupName: &r.Target.Group,
		DesiredConfiguration: r.Target.configuration(), Preferences: preferences})
	if err != nil {
		return nil, fmt.Errorf("%s: start the roll to version %d: %w", r.Target.Group, r.Target.Version, err)
	}
	return &types.InstanceRefresh{InstanceRefreshId: out.InstanceRefreshId, StartTime: aws.Time(time.Now())}, nil
}

// end cancels the refresh that is under way, and returns when it is over.
func (r *Roll) end(ctx context.Context) error {
	r.say("ends the refresh that is under way")
	if _, err := r.Groups.CancelInstanceRefresh(ctx, &autoscaling.CancelInstanceRefreshInput{AutoScalingGroupName: &r.Target.Group}); err != nil {
		return err
	}
	for {
		active, err := r.active(ctx)
		if err != nil || active == nil {
			return err
		}
		if err := r.pause(ctx); err != nil {
			return err
		}
	}
}

// pause is until the next look.
func (r *Roll) pause(ctx context.Context) error {
	timer := time.NewTimer(r.local(lookEvery))
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

// local is how long here lasts what lasts d on AWS.
func (r *Roll) local(d time.Duration) time.Duration {
	if r.Pace <= 0 {
		return d
	}
	return time.Duration(float64(d) / r.Pace)
}
