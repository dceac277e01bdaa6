package rollout

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling/types"
)

// fast makes a second of AWS a millisecond: the times are those of the contract,
// and no test waits for one.
const fast = 1000

// group is one group of Auto Scaling: each look at its refresh is a step of script.
type group struct {
	runs      int // version
	serving   int
	minimum   int32
	refresh   *types.InstanceRefresh
	script    []types.InstanceRefreshStatus // of the refresh, look by look; the last stays
	failed    int                           // launches since
	calls     []string
	preferred *types.RefreshPreferences
}

func (g *group) DescribeAutoScalingGroups(_ context.Context, in *autoscaling.DescribeAutoScalingGroupsInput, _ ...func(*autoscaling.Options)) (*autoscaling.DescribeAutoScalingGroupsOutput, error) {
	if in.AutoScalingGroupNames[0] != "web" {
		return &autoscaling.DescribeAutoScalingGroupsOutput{}, nil
	}
	it := types.AutoScalingGroup{MinSize: &g.minimum, LaunchTemplate: specification(g.runs)}
	for range g.serving {
		it.Instances = append(it.Instances, types.Instance{LifecycleState: types.LifecycleStateInService, LaunchTemplate: specification(g.runs)})
	}
	return &autoscaling.DescribeAutoScalingGroupsOutput{AutoScalingGroups: []types.AutoScalingGroup{it}}, nil
}

func specification(version int) *types.LaunchTemplateSpecification {
	return &types.LaunchTemplateSpecification{LaunchTemplateId: aws.String("lt-1"), Version: aws.String(strconv.Itoa(version))}
}

func (g *group) DescribeInstanceRefreshes(context.Context, *autoscaling.DescribeInstanceRefreshesInput, ...func(*autoscaling.Options)) (*autoscaling.DescribeInstanceRefreshesOutput, error) {
	if g.refresh == nil {
		return &autoscaling.DescribeInstanceRefreshesOutput{}, nil
	}
	g.refresh.Status = g.script[0]
	if len(g.script) > 1 {
		g.script = g.script[1:]
	}
	if g.refresh.Status == types.InstanceRefreshStatusSuccessful {
		g.runs = version(g.refresh)
	}
	return &autoscaling.DescribeInstanceRefreshesOutput{InstanceRefreshes: []types.InstanceRefresh{*g.refresh}}, nil
}

func (g *group) DescribeScalingActivities(context.Context, *autoscaling.DescribeScalingActivitiesInput, ...func(*autoscaling.Options)) (*autoscaling.DescribeScalingActivitiesOutput, error) {
	out := &autoscaling.DescribeScalingActivitiesOutput{}
	for range g.failed {
		out.Activities = append(out.Activities, types.Activity{StatusCode: types.ScalingActivityStatusCodeCancelled, StartTime: aws.Time(time.Now()),
			Description: aws.String("Launching a new EC2 instance: i-1"), StatusMessage: aws.String("it never said that it had booted")})
	}
	return out, nil
}

func (g *group) StartInstanceRefresh(_ context.Context, in *autoscaling.StartInstanceRefreshInput, _ ...func(*autoscaling.Options)) (*autoscaling.StartInstanceRefreshOutput, error) {
	g.calls, g.preferred = append(g.calls, "start"), in.Preferences
	g.refresh = &types.InstanceRefresh{InstanceRefreshId: aws.String("r-2"), DesiredConfiguration: in.DesiredConfiguration, PercentageComplete: aws.Int32(10)}
	return &autoscaling.StartInstanceRefreshOutput{InstanceRefreshId: aws.String("r-2")}, nil
}

func (g *group) CancelInstanceRefresh(context.Context, *autoscaling.CancelInstanceRefreshInput, ...func(*autoscaling.Options)) (*autoscaling.CancelInstanceRefreshOutput, error) {
	g.calls = append(g.calls, "cancel")
	return &autoscaling.CancelInstanceRefreshOutput{}, nil
}

func (g *group) RollbackInstanceRefresh(context.Context, *autoscaling.RollbackInstanceRefreshInput, ...func(*autoscaling.Options)) (*autoscaling.RollbackInstanceRefreshOutput, error) {
	g.calls = append(g.calls, "rollback")
	g.script = []types.InstanceRefreshStatus{types.InstanceRefreshStatusRollbackInProgress, types.InstanceRefreshStatusRollbackSuccessful}
	return &autoscaling.RollbackInstanceRefreshOutput{}, nil
}

// underWay is a refresh to a version.
func underWay(version int) *types.InstanceRefresh {
	return &types.InstanceRefresh{InstanceRefreshId: aws.String("r-1"), StartTime: aws.Time(time.Now()), PercentageComplete: aws.Int32(10),
		DesiredConfiguration: &types.DesiredConfiguration{LaunchTemplate: specification(version)}}
}

var rolls = map[string]struct {
	group  group
	urgent bool
	calls  []string
	runs   int
	want   string // of the error
}{
	"a group that runs the target is left alone": {group: group{runs: 8, serving: 2, minimum: 2}, runs: 8},
	"one that does not is rolled to it": {group: group{runs: 7, serving: 2, minimum: 2,
		script: []types.InstanceRefreshStatus{"InProgress", "Baking", "Successful"}}, calls: []string{"start"}, runs: 8},
	"a refresh to the target that is under way is waited for": {group: group{runs: 7, serving: 2, minimum: 2, refresh: underWay(8),
		script: []types.InstanceRefreshStatus{"InProgress", "Successful"}}, runs: 8},
	"another one is not touched": {group: group{runs: 7, serving: 2, minimum: 2, refresh: underWay(6),
		script: []types.InstanceRefreshStatus{"InProgress"}}, runs: 7, want: "a refresh to version 6 is InProgress"},
	"but in an incident it is ended": {group: group{runs: 7, serving: 2, minimum: 2, refresh: underWay(6),
		script: []types.InstanceRefreshStatus{"InProgress", "Cancelling", "Cancelled", "InProgress", "Successful"}}, urgent: true,
		calls: []string{"cancel", "start"}, runs: 8},
	"three launches that fail are enough": {group: group{runs: 7, serving: 2, minimum: 2, failed: 3,
		script: []types.InstanceRefreshStatus{"InProgress"}}, calls: []string{"start", "rollback"}, runs: 7,
		want: "version 8 rejected, version 7 runs"},
	"so are twenty minutes without progress": {group: group{runs: 7, serving: 2, minimum: 2,
		script: []types.InstanceRefreshStatus{"InProgress"}}, calls: []string{"start", "rollback"}, runs: 7,
		want: "version 8 rejected, version 7 runs"},
	"what the alarm sends back is rejected": {group: group{runs: 7, serving: 2, minimum: 2,
		script: []types.InstanceRefreshStatus{"InProgress", "Baking", "RollbackInProgress", "RollbackSuccessful"}}, calls: []string{"start"}, runs: 7,
		want: "version 8 rejected, version 7 runs"},
	"two launches that fail are bad luck": {group: group{runs: 7, serving: 2, minimum: 2, failed: 2,
		script: []types.InstanceRefreshStatus{"InProgress", "Successful"}}, calls: []string{"start"}, runs: 8},
}

func TestRoll(t *testing.T) {
	t.Parallel()
	for sentence, c := range rolls {
		t.Run(sentence, func(t *testing.T) {
			t.Parallel()
			var log strings.Builder
			g := c.group
			roll := Roll{Groups: &g, Target: Target{"web", "lt-1", 8, nil}, Alarm: "web-release-faults", Urgent: c.urgent, Pace: fast, Log: &log}
			err := roll.Run(t.Context())
			if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
				t.Errorf("error is %v, must hold %q\n%s", err, c.want, &log)
			}
			if strings.Contains(c.want, "rejected") && !errors.Is(err, ErrRejected) {
				t.Errorf("%v is not ErrRejected", err)
			}
			if !slices.Equal(g.calls, c.calls) || g.runs != c.runs {
				t.Errorf("calls %v and runs %d, must %v and run %d\n%s", g.calls, g.runs, c.calls, c.runs, &log)
			}
			if started := slices.Contains(c.calls, "start"); started && (g.preferred.AlarmSpecification == nil) != c.urgent {
				t.Errorf("preferences are %+v", g.preferred)
			}
		})
	}
}

func TestAGroupBelowItsMinimumIsToldWithWhereToLook(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	roll := Roll{Groups: &group{runs: 8, serving: 1, minimum: 2}, Target: Target{"web", "lt-1", 8, nil}, Pace: fast, Log: &strings.Builder{}}
	if err := roll.Run(ctx); err == nil || !strings.Contains(err.Error(), "1 of 2 are in service") || !strings.Contains(err.Error(), "describe-scaling-activities") {
		t.Errorf("error is %v", err)
	}
}

func TestAGroupThatIsNotThereIsTold(t *testing.T) {
	t.Parallel()
	roll := Roll{Groups: &group{}, Target: Target{"worker", "lt-1", 8, nil}, Pace: fast, Log: &strings.Builder{}}
	if err := roll.Run(t.Context()); err == nil || !strings.Contains(err.Error(), "there is no group worker") {
		t.Errorf("error is %v", err)
	}
}

func TestTargetsAreReadOrRefused(t *testing.T) {
	t.Parallel()
	targets, err := ReadTargets([]byte(`{"web":{"group":"g","template":"lt-1","version":3},"worker":{"group":"h","template":"lt-2","version":1,
		"spot":{"onDemandBase":1,"onDemandPercentage":50,"instanceTypes":["m7g.medium","m6g.medium"]}}}`))
	if err != nil {
		t.Fatal(err)
	}
	if want := targets["worker"].configuration().MixedInstancesPolicy; want == nil || len(want.LaunchTemplate.Overrides) != 2 ||
		*want.InstancesDistribution.OnDemandPercentageAboveBaseCapacity != 50 {
		t.Errorf("the worker group is rolled to %+v", want)
	}
	for _, bad := range []string{`[]`, `{"web":{"group":"g"}}`, `no`} {
		if _, err := ReadTargets([]byte(bad)); err == nil {
			t.Error(fmt.Sprintf("%s is taken", bad))
		}
	}
}
