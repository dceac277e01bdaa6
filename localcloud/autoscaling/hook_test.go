package autoscaling_test

import (
	"errors"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/autoscaling"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling/types"

	"newsfeed/localcloud/autoscaling"
	"newsfeed/localcloud/elb"
)

// hooked is a group whose instances wait for a hook, without a balancer.
var hooked = map[string]any{
	"healthCheckType": "EC2", "targetGroupArns": []any{}, "waitForCapacityTimeout": "0",
	"initialLifecycleHooks": []any{map[string]any{
		"name": "boot", "lifecycleTransition": "autoscaling:EC2_INSTANCE_LAUNCHING", "heartbeatTimeout": 300.0,
		"defaultResult": "ABANDON"}},
}

// waits waits until an instance waits for the hook.
func (g *group) waits() (id string) {
	g.t.Helper()
	g.eventually("one waits", func(st autoscaling.Status) error {
		for _, i := range st.Instances {
			if i.State == autoscaling.PendingWait {
				id = i.ID
				return nil
			}
		}
		return errors.New("none does")
	})
	return id
}

func (g *group) complete(id, result string) error {
	_, err := g.client.CompleteLifecycleAction(g.t.Context(), &sdk.CompleteLifecycleActionInput{AutoScalingGroupName: aws.String("web"),
		LifecycleHookName: aws.String("boot"), InstanceId: &id, LifecycleActionResult: &result})
	return err
}

// activity is the newest of an instance.
func (g *group) activity(id string) types.Activity {
	g.t.Helper()
	out, err := g.client.DescribeScalingActivities(g.t.Context(), &sdk.DescribeScalingActivitiesInput{AutoScalingGroupName: aws.String("web")})
	if err != nil {
		g.t.Fatal(err)
	}
	for _, a := range out.Activities {
		if strings.Contains(*a.Description, id) && strings.HasPrefix(*a.Description, "Launching") {
			return a
		}
	}
	g.t.Fatalf("no activity of %s: %v", id, out.Activities)
	return types.Activity{}
}

// cancelled checks how the launch of an instance is told to have ended.
func (g *group) cancelled(id, why string) {
	g.t.Helper()
	a := g.activity(id)
	if message := aws.ToString(a.StatusMessage); a.StatusCode != types.ScalingActivityStatusCodeCancelled || !strings.HasSuffix(message, why) {
		g.t.Errorf("activity %s: %s, want %q", a.StatusCode, message, why)
	}
}

func TestHook(t *testing.T) {
	t.Parallel()
	t.Run("an instance is in service when the hook is told to continue, and not before", func(t *testing.T) {
		t.Parallel()
		g := newGroup(t, serves, hooked).must()
		id := g.waits()
		g.running()
		if n := g.status().InService(); n != 0 {
			t.Errorf("%d in service", n)
		}
		if err := g.complete(id, "CONTINUE"); err != nil {
			t.Fatal(err)
		}
		g.eventually("it serves", func(st autoscaling.Status) error {
			if st.InService() != 1 {
				return errors.New("it does not")
			}
			return nil
		})
		err := g.complete(id, "CONTINUE")
		if err == nil || !strings.Contains(err.Error(), "No active Lifecycle Action found with instance ID "+id) {
			t.Errorf("told twice: %v", err)
		}
		if a := g.activity(id); a.StatusCode != types.ScalingActivityStatusCodeSuccessful ||
			!strings.Contains(*a.Cause, "a user request created an AutoScalingGroup changing the desired capacity from 0 to 2.") {
			t.Errorf("activity %s: %s", a.StatusCode, *a.Cause)
		}
		for _, event := range []string{"EC2 Instance-launch Lifecycle Action", "EC2 Instance Launch Successful"} {
			if !g.heard(event) {
				t.Errorf("event %q was not told", event)
			}
		}
	})
	t.Run("when nobody calls it is abandoned, which is no failed activity", func(t *testing.T) {
		t.Parallel()
		g := newGroup(t, serves, hooked).must()
		id := g.waits()
		g.eventually("ended", func(st autoscaling.Status) error { return gone(st, id) })
		g.cancelled(id, "was abandoned: Heartbeat Timeout")
		if n := g.status().InService(); n != 0 {
			t.Errorf("%d in service", n)
		}
	})
	t.Run("told to abandon, it is ended", func(t *testing.T) {
		t.Parallel()
		g := newGroup(t, serves, hooked).must()
		id := g.waits()
		if err := g.complete(id, "ABANDON"); err != nil {
			t.Fatal(err)
		}
		g.eventually("ended", func(st autoscaling.Status) error { return gone(st, id) })
		g.cancelled(id, "Lifecycle Action Completed with ABANDON Result")
		if !g.heard("EC2 Instance Launch Unsuccessful") {
			t.Error("no event told it")
		}
	})
	t.Run("a heartbeat keeps it waiting", func(t *testing.T) {
		t.Parallel()
		g := newGroup(t, serves, hooked).must()
		id, began := g.waits(), time.Now()
		for time.Since(began) < 1500*time.Millisecond { // three heartbeats
			if _, err := g.client.RecordLifecycleActionHeartbeat(t.Context(), &sdk.RecordLifecycleActionHeartbeatInput{
				AutoScalingGroupName: aws.String("web"), LifecycleHookName: aws.String("boot"), InstanceId: &id}); err != nil {
				t.Fatal(err)
			}
			time.Sleep(50 * time.Millisecond)
		}
		if err := g.complete(id, "CONTINUE"); err != nil {
			t.Error(err)
		}
	})
}

// The hook's unit runs beside the app's, ends by itself, and calls the API from
// the instance.
func TestHookUnit(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("curl"); err != nil {
		t.Skip("curl is not on PATH")
	}
	const program = `[ "$1" = hook ] || exec sleep 60
exec curl -sf -o answer -H "Authorization: AWS4-HMAC-SHA256 Credential=K/20261125/ap-northeast-2/autoscaling/aws4_request" \
 -d "Action=CompleteLifecycleAction&AutoScalingGroupName=web&LifecycleHookName=boot&LifecycleActionResult=CONTINUE&InstanceId=$NEWSFEED_INSTANCE" \
 "$AWS_ENDPOINT_URL"`
	g := newGroup(t, program, hooked, func(g *group) {
		g.more = "- path: /etc/systemd/system/feed-hook.service\n  content: |\n    [Service]\n    ExecStart=/opt/newsfeed/feed hook\n"
	}).must()
	g.eventually("in service", full(0))
	for _, id := range ids(g.running()) {
		if a := g.activity(id); a.StatusCode != types.ScalingActivityStatusCodeSuccessful {
			t.Errorf("activity %s", a.StatusCode)
		}
	}
}

func gone(st autoscaling.Status, id string) error {
	for _, i := range st.Instances {
		if i.ID == id {
			return errors.New(id + " is still there")
		}
	}
	return nil
}

func TestSetInstanceHealth(t *testing.T) {
	t.Parallel()
	g := newGroup(t, serves, map[string]any{"healthCheckType": "EC2", "healthCheckGracePeriod": 7200.0}).must()
	id := g.running().Instances[0].ID
	set := func(respect *bool) {
		t.Helper()
		if _, err := g.client.SetInstanceHealth(t.Context(), &sdk.SetInstanceHealthInput{InstanceId: &id,
			HealthStatus: aws.String("Unhealthy"), ShouldRespectGracePeriod: respect}); err != nil {
			t.Fatal(err)
		}
	}
	set(nil)
	for _, i := range g.describe().Instances {
		if *i.HealthStatus != "Healthy" {
			t.Errorf("within its grace period %s is %s", *i.InstanceId, *i.HealthStatus)
		}
	}
	set(aws.Bool(false))
	g.eventually("replaced", without(id))
}

// The hook lets it in, and then the balancer fails it: AWS does not wait for
// the balancer.
func TestOutageBehindAHook(t *testing.T) {
	t.Parallel()
	tweak := map[string]any{"instanceMaintenancePolicy": map[string]any{"minHealthyPercentage": 100.0, "maxHealthyPercentage": 150.0},
		"waitForCapacityTimeout": "0", "initialLifecycleHooks": hooked["initialLifecycleHooks"]}
	g := newGroup(t, serves, tweak).must()
	done := make(chan struct{})
	t.Cleanup(func() { <-done })
	go func() {
		defer close(done)
		for ; t.Context().Err() == nil; time.Sleep(10 * time.Millisecond) {
			for _, i := range g.status().Instances {
				if i.State == autoscaling.PendingWait {
					g.complete(i.ID, "CONTINUE") // a second time is refused
				}
			}
		}
	}()
	g.eventually("up", full(0))
	before := ids(g.status())
	stop := g.watch(2)
	g.balancer.says(func(string) elb.State { return elb.Unhealthy })
	g.eventually("the first two are ended", func(st autoscaling.Status) error {
		return errors.Join(gone(st, before[0]), gone(st, before[1]))
	})
	stop()
}
