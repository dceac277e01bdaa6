package autoscaling_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/autoscaling"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling/types"
	"github.com/aws/smithy-go"

	"newsfeed/localcloud/autoscaling"
	"newsfeed/localcloud/elb"
)

// roll starts a refresh to a version, as the deploy command does.
func (g *group) roll(version string, tweak ...func(*types.RefreshPreferences)) error {
	p := &types.RefreshPreferences{
		AutoRollback: aws.Bool(true), SkipMatching: aws.Bool(true), InstanceWarmup: aws.Int32(30),
		MinHealthyPercentage: aws.Int32(100), MaxHealthyPercentage: aws.Int32(150),
		AlarmSpecification: &types.AlarmSpecification{Alarms: []string{"release-faults"}},
	}
	for _, change := range tweak {
		change(p)
	}
	template := &types.LaunchTemplateSpecification{LaunchTemplateId: aws.String("lt"), Version: aws.String(version)}
	_, err := g.client.StartInstanceRefresh(g.t.Context(), &sdk.StartInstanceRefreshInput{AutoScalingGroupName: aws.String("web"),
		Preferences: p, DesiredConfiguration: &types.DesiredConfiguration{LaunchTemplate: template}})
	return err
}

// rollback asks for one.
func (g *group) rollback() error {
	_, err := g.client.RollbackInstanceRefresh(g.t.Context(),
		&sdk.RollbackInstanceRefreshInput{AutoScalingGroupName: aws.String("web")})
	return err
}

// desire sets the desired capacity.
func (g *group) desire(n int32) {
	g.t.Helper()
	if _, err := g.client.SetDesiredCapacity(g.t.Context(),
		&sdk.SetDesiredCapacityInput{AutoScalingGroupName: aws.String("web"), DesiredCapacity: &n}); err != nil {
		g.t.Fatal(err)
	}
}

// cancel cancels the refresh of a group.
func (g *group) cancel(name string) error {
	_, err := g.client.CancelInstanceRefresh(g.t.Context(), &sdk.CancelInstanceRefreshInput{AutoScalingGroupName: &name})
	return err
}

// reaches waits for a status of the newest refresh.
func (g *group) reaches(status types.InstanceRefreshStatus) {
	g.t.Helper()
	g.eventually("refresh "+string(status), func(autoscaling.Status) error {
		if got := g.refreshes(); !strings.HasPrefix(got, string(status)+" ") {
			return errors.New(got)
		}
		return nil
	})
}

// code is that of an AWS error.
func code(err error) string {
	var api smithy.APIError
	if errors.As(err, &api) {
		return api.ErrorCode()
	}
	return fmt.Sprint(err)
}

// unwell makes the balancer fail every instance of a version.
func (g *group) unwell(version int) {
	g.balancer.says(func(id string) elb.State {
		for _, i := range g.service.Status()[0].Instances {
			if i.ID == id && i.Version == version {
				return elb.Unhealthy
			}
		}
		return elb.Healthy
	})
}

func TestRefresh(t *testing.T) {
	t.Parallel()
	for sentence, c := range map[string]struct {
		release func(*group)
		during  func(*group)
		tweak   func(*types.RefreshPreferences)
		ends    types.InstanceRefreshStatus
		version int
		reason  string
		kept    bool // no healthy old instance is lost
	}{
		"a good release replaces every instance and becomes the group's": {
			release: func(g *group) { g.release("# good\n" + serves) }, ends: types.InstanceRefreshStatusSuccessful, version: 2},
		"one that bakes does so after its bake": {
			release: func(g *group) { g.release("# good\n" + serves) }, ends: types.InstanceRefreshStatusSuccessful, version: 2,
			during: func(g *group) { g.reaches(types.InstanceRefreshStatusBaking) },
			tweak:  func(p *types.RefreshPreferences) { p.BakeTime = aws.Int32(300) }},
		"a release that crashes goes back after an hour": {
			release: func(g *group) { g.release("exit 7"); g.unwell(2) }, ends: types.InstanceRefreshStatusRollbackSuccessful, version: 1,
			reason: "could not make a replacement for an hour", kept: true},
		"one with a wrong digest does": {
			release: func(g *group) {
				key := "feed/" + strings.Repeat("0", 64)
				for _, path := range g.objects.path {
					g.objects.put(key, path)
					break
				}
				g.version(key)
				g.unwell(2)
			}, ends: types.InstanceRefreshStatusRollbackSuccessful, version: 1, reason: "for an hour", kept: true},
		"one that never gets ready does": {
			release: func(g *group) { g.release("# slow\n" + serves); g.unwell(2) },
			ends:    types.InstanceRefreshStatusRollbackSuccessful, version: 1, reason: "for an hour", kept: true},
		"one that raises the alarm in its bake goes back": {
			release: func(g *group) { g.release("# faulty\n" + serves) }, ends: types.InstanceRefreshStatusRollbackSuccessful, version: 1,
			during: func(g *group) { g.reaches(types.InstanceRefreshStatusBaking); g.alarms.raise("release-faults") },
			tweak:  func(p *types.RefreshPreferences) { p.BakeTime = aws.Int32(7200) }, reason: "release-faults"},
		"without auto-rollback it fails where it is": {
			release: func(g *group) { g.release("# faulty\n" + serves) }, ends: types.InstanceRefreshStatusFailed, version: 2,
			during: func(g *group) { g.reaches(types.InstanceRefreshStatusBaking); g.alarms.raise("release-faults") },
			tweak:  func(p *types.RefreshPreferences) { p.BakeTime, p.AutoRollback = aws.Int32(7200), nil }, reason: "release-faults"},
		"asked to, it goes back": {
			release: func(g *group) { g.release("# good\n" + serves) }, ends: types.InstanceRefreshStatusRollbackSuccessful, version: 1,
			during: func(g *group) {
				g.reaches(types.InstanceRefreshStatusBaking)
				if err := g.rollback(); err != nil {
					g.t.Error(err)
				}
			},
			tweak: func(p *types.RefreshPreferences) { p.BakeTime = aws.Int32(7200) }},
	} {
		t.Run(sentence, func(t *testing.T) {
			t.Parallel()
			g := newGroup(t, serves, nil).must()
			g.eventually("up", full(1))
			c.release(g)
			var keep []string
			if c.kept {
				keep = ids(g.status())
			}
			stop := g.watch(2, keep...)
			if c.tweak == nil {
				c.tweak = func(*types.RefreshPreferences) {}
			}
			if err := g.roll("2", c.tweak); err != nil {
				t.Fatal(err)
			}
			if c.during != nil {
				c.during(g)
			}
			g.reaches(c.ends)
			g.eventually("all run it", full(c.version))
			stop()
			want := "1"
			if c.ends == types.InstanceRefreshStatusSuccessful {
				want = "2"
			}
			if got := g.pointer(); got != want {
				t.Errorf("the group is at version %s, want %s", got, want)
			}
			if got := g.refreshes(); !strings.Contains(got, c.reason) {
				t.Errorf("reason %q, want %q in it", got, c.reason)
			}
		})
	}
}

// Terraform-provider-aws 34189: the new template is the group's before the
// refresh starts.
func TestTodaysShapeEndsOnTheBadVersion(t *testing.T) {
	t.Parallel()
	g := newGroup(t, serves, map[string]any{"instanceRefresh": map[string]any{"strategy": "Rolling", "preferences": map[string]any{
		"minHealthyPercentage": 100.0, "maxHealthyPercentage": 150.0, "autoRollback": true, "instanceWarmup": "600",
		"alarmSpecification": map[string]any{"alarms": []any{"release-faults"}}}}}).must()
	g.release("# faulty\n" + serves)
	if err := g.update(map[string]any{"launchTemplate": declared("2")}); err != nil {
		t.Fatal(err)
	}
	g.eventually("one is replaced", func(st autoscaling.Status) error {
		for _, i := range st.Instances {
			if i.Version == 2 && i.State == autoscaling.InService {
				return nil
			}
		}
		return errors.New("none is")
	})
	g.alarms.raise("release-faults")
	g.reaches(types.InstanceRefreshStatusRollbackSuccessful)
	g.eventually("all run the bad version", full(2))
	if got := g.pointer(); got != "2" {
		t.Errorf("the group is at version %s", got)
	}
	for _, event := range []string{"Started", "Rollback Started", "Rollback Succeeded"} {
		if !g.heard("EC2 Auto Scaling Instance Refresh " + event) {
			t.Errorf("event %q was not told", event)
		}
	}
}

func TestPointer(t *testing.T) {
	t.Parallel()
	g := newGroup(t, serves, nil).must()
	g.release("# second\n" + serves)
	if err := g.roll("2"); err != nil {
		t.Fatal(err)
	}
	g.reaches(types.InstanceRefreshStatusSuccessful)
	// The program ignores changes of the template: the engine sends version 1 again.
	if err := g.update(map[string]any{"maxSize": 6.0}); err != nil {
		t.Fatal(err)
	}
	if got := g.pointer(); got != "2" {
		t.Errorf("an update that declares version 1 as before moved the group to version %s", got)
	}
	if err := g.update(map[string]any{"launchTemplate": declared("$Default")}); err != nil {
		t.Fatal(err)
	}
	if got := g.pointer(); got != "$Default" {
		t.Errorf("a template declared anew left the group at version %s", got)
	}
}

func TestDuringARefresh(t *testing.T) {
	t.Parallel()
	g := newGroup(t, serves, map[string]any{"waitForCapacityTimeout": "0"}).must()
	g.eventually("up", full(1))
	g.release("# second\n" + serves)
	long := func(p *types.RefreshPreferences) { p.BakeTime = aws.Int32(7200) }
	if err := g.roll("2", long); err != nil {
		t.Fatal(err)
	}
	if err := g.roll("2"); code(err) != "InstanceRefreshInProgress" {
		t.Errorf("a second refresh: %v", err)
	}
	err := g.update(map[string]any{"launchTemplate": declared("2")})
	if err == nil || !strings.Contains(err.Error(), "An active instance refresh with a desired configuration exists.") {
		t.Errorf("another template: %v", err)
	}
	g.resource.Inputs["launchTemplate"] = declared("1")
	if err := g.update(map[string]any{"minSize": 3.0}); err != nil { // a promotion
		t.Errorf("a raised minimum: %v", err)
	}
	g.desire(4)
	g.eventually("the scale-out runs the new version", func(st autoscaling.Status) error {
		if st.Desired != 4 {
			return fmt.Errorf("desired %d", st.Desired)
		}
		return full(2)(st)
	})
	if got := g.pointer(); got != "1" {
		t.Errorf("before its end the refresh moved the group to version %s", got)
	}
	if err := g.cancel("web"); err != nil {
		t.Error(err)
	}
	g.reaches(types.InstanceRefreshStatusCancelled)
	if err := g.rollback(); code(err) != "ActiveInstanceRefreshNotFound" {
		t.Errorf("a rollback of nothing: %v", err)
	}
}

func TestRefusedRefreshes(t *testing.T) {
	t.Parallel()
	g := newGroup(t, serves, map[string]any{"waitForCapacityTimeout": "0", "launchTemplate": declared("$Latest")}).must()
	web := aws.String("web")
	onward := func(p *types.RefreshPreferences) { p.AutoRollback = nil }
	for sentence, c := range map[string]struct {
		err  error
		want string
	}{
		"of a version that never was":        {g.roll("7", onward), "Could not find the specified version 7"},
		"back to a version without a number": {g.roll("1"), "$Latest or $Default"},
		"of a group that is not there":       {g.cancel("none"), "AutoScalingGroup name not found - none"},
		"back without a configuration": {func() error {
			_, err := g.client.StartInstanceRefresh(t.Context(), &sdk.StartInstanceRefreshInput{AutoScalingGroupName: web,
				Preferences: &types.RefreshPreferences{AutoRollback: aws.Bool(true)}})
			return err
		}(), "The AutoRollback parameter cannot be set to true when the DesiredConfiguration parameter is empty."},
	} {
		if c.err == nil || !strings.Contains(c.err.Error(), c.want) {
			t.Errorf("a refresh %s: %v, want %q", sentence, c.err, c.want)
		}
	}
	if err := g.roll("1", func(p *types.RefreshPreferences) { p.AutoRollback, p.BakeTime = nil, aws.Int32(7200) }); err != nil {
		t.Fatal(err)
	}
	if err := g.rollback(); code(err) != "IrreversibleInstanceRefresh" {
		t.Errorf("a rollback to $Latest: %v", err)
	}
}

func TestRestartInARefresh(t *testing.T) {
	t.Parallel()
	g := newGroup(t, serves, nil).must()
	before := ids(g.status())
	g.release("# second\n" + serves)
	if err := g.roll("2", func(p *types.RefreshPreferences) { p.InstanceWarmup = aws.Int32(600) }); err != nil {
		t.Fatal(err)
	}
	g.eventually("one is replaced", func(st autoscaling.Status) error {
		if st.InService() < 3 {
			return errors.New("none is")
		}
		return nil
	})
	addresses := map[string]string{}
	for _, i := range g.status().Instances {
		addresses[i.ID] = i.Address
	}
	g.service.Close()
	g.balancer.mu.Lock()
	clear(g.balancer.targets)
	g.balancer.mu.Unlock()
	g.start()
	g.must()
	st := g.status()
	if st.InService() < 3 || !strings.HasPrefix(g.refreshes(), "InProgress") {
		t.Errorf("after the restart: %+v, refresh %s", st, g.refreshes())
	}
	for _, i := range st.Instances {
		if want := addresses[i.ID]; i.State == autoscaling.InService && want != "" && want != i.Address {
			t.Errorf("%s had address %s and has %s", i.ID, want, i.Address)
		}
	}
	for _, id := range before {
		if addresses[id] == "" {
			t.Errorf("instance %s was lost before", id)
		}
	}
	g.reaches(types.InstanceRefreshStatusSuccessful)
	g.eventually("all run it", full(2))
	if got := g.pointer(); got != "2" {
		t.Errorf("the group is at version %s", got)
	}
}
