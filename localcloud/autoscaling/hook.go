package autoscaling

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"

	"newsfeed/localcloud/cloud"
)

const launching = "autoscaling:EC2_INSTANCE_LAUNCHING"

// hook is a lifecycle hook, in the shape of the API.
type hook struct {
	AutoScalingGroupName, LifecycleHookName, LifecycleTransition, DefaultResult string
	NotificationMetadata                                                        *string
	HeartbeatTimeout, GlobalTimeout                                             int // seconds
}

// complete fills in AWS's defaults. An instance may wait 48 hours or a hundred
// times the heartbeat's timeout, whichever is less (user guide, lifecycle-hooks).
func (h *hook) complete(group string) error {
	h.AutoScalingGroupName = group
	if h.HeartbeatTimeout == 0 {
		h.HeartbeatTimeout = 3600
	}
	if h.DefaultResult == "" {
		h.DefaultResult = "ABANDON"
	}
	if h.HeartbeatTimeout < 30 || h.HeartbeatTimeout > 7200 {
		return invalid("Invalid heartbeat timeout %d: it must be between 30 and 7200 seconds.", h.HeartbeatTimeout)
	}
	h.GlobalTimeout = min(48*3600, 100*h.HeartbeatTimeout)
	return nil
}

// declaredHook is how the provider writes a hook.
type declaredHook struct {
	Name, LifecycleTransition, DefaultResult string
	NotificationMetadata                     *string
	HeartbeatTimeout                         int
}

func (d declaredHook) hook(group string) (hook, error) {
	h := hook{LifecycleHookName: d.Name, LifecycleTransition: d.LifecycleTransition, DefaultResult: d.DefaultResult,
		NotificationMetadata: d.NotificationMetadata, HeartbeatTimeout: d.HeartbeatTimeout}
	return h, h.complete(group)
}

// initialHooks are those that are there before the first launch.
func initialHooks(r *cloud.Resource) ([]hook, error) {
	var given []declaredHook
	if err := r.Decode("initialLifecycleHooks", &given); err != nil {
		return nil, err
	}
	var all []hook
	for _, d := range given {
		h, err := d.hook(r.ID)
		if err != nil {
			return nil, err
		}
		all = append(all, h)
	}
	return all, nil
}

// hooks is the body of a hook that is declared beside its group: instances that
// were launched before it do not wait for it.
type hooks struct{ *Service }

// Apply puts the hook on its group.
func (s hooks) Apply(_ context.Context, r, _ *cloud.Resource) error {
	g, err := s.named(r.Region, r.String("autoscalingGroupName"))
	if err != nil {
		return err
	}
	h, err := declaredHook{Name: r.String("name"), LifecycleTransition: r.String("lifecycleTransition"),
		DefaultResult: r.String("defaultResult"), HeartbeatTimeout: r.Int("heartbeatTimeout", 0)}.hook(g.declared().name)
	if err != nil {
		return err
	}
	if metadata := r.String("notificationMetadata"); metadata != "" {
		h.NotificationMetadata = &metadata
	}
	r.Outputs["defaultResult"] = h.DefaultResult
	g.putHook(h.LifecycleHookName, &h)
	return nil
}

// Remove takes it off; instances that wait for it go on waiting.
func (s hooks) Remove(_ context.Context, r *cloud.Resource) error {
	if g, err := s.named(r.Region, r.String("autoscalingGroupName")); err == nil {
		g.putHook(r.String("name"), nil)
	}
	return nil
}

func (g *group) putHook(name string, h *hook) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.record.Hooks = slices.DeleteFunc(g.record.Hooks, func(other hook) bool { return other.LifecycleHookName == name })
	if h != nil {
		g.record.Hooks = append(g.record.Hooks, *h)
	}
	g.save()
}

// action is what one hook wants of one instance.
type action struct {
	hook           hook
	token          string
	result         string    // CONTINUE or ABANDON, once it is told
	beat, deadline time.Time // of the heartbeat, and of all heartbeats
}

// arrived is the moment in which the machine runs: hooks hold it back.
func (g *group) arrived(i *instance) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, h := range g.record.Hooks {
		if h.LifecycleTransition != launching || i.state != Pending && i.state != PendingWait {
			continue
		}
		now := time.Now()
		i.state = PendingWait
		i.actions = append(i.actions, &action{hook: h, token: uuid.NewString(),
			beat:     now.Add(g.service.allowed(time.Duration(h.HeartbeatTimeout) * time.Second)),
			deadline: now.Add(g.service.allowed(time.Duration(h.GlobalTimeout) * time.Second))})
		i.activity.StatusCode, i.activity.Progress = midHook, 60
		g.notify("EC2 Instance-launch Lifecycle Action", i.id, map[string]any{
			"LifecycleActionToken": i.actions[len(i.actions)-1].token, "LifecycleHookName": h.LifecycleHookName,
			"EC2InstanceId": i.id, "LifecycleTransition": launching, "NotificationMetadata": value(h.NotificationMetadata),
			"Origin": "EC2", "Destination": "AutoScalingGroup",
		})
	}
	g.save()
	g.poke()
}

// judgeHooks lets an instance go on when every hook has said so, and ends it
// when one abandons it. g.mu is held.
func (g *group) judgeHooks(i *instance) {
	for _, a := range i.actions {
		reason := "Lifecycle Action Completed with " + a.result + " Result"
		if a.result == "" && time.Now().After(a.beat) {
			a.result, reason = a.hook.DefaultResult, "Heartbeat Timeout"
		}
		switch a.result {
		case "":
			return
		case "ABANDON":
			g.abandon(i, fmt.Sprintf("Instance failed to complete user's Lifecycle Action: "+
				"Lifecycle Action with token %s was abandoned: %s", a.token, reason))
			return
		}
	}
	i.state = PendingProceed
	if err := g.register(i); err != nil {
		g.abandon(i, err.Error())
		return
	}
	g.serve(i)
}

// waiting finds the action of a hook that has not been told yet.
func (g *group) waiting(hookName, id, token string) (*instance, *action, error) {
	for _, i := range g.instances {
		for _, a := range i.actions {
			meant := a.hook.LifecycleHookName == hookName && (token == a.token || token == "" && id == i.id)
			if meant && i.state == PendingWait && a.result == "" {
				return i, a, nil
			}
		}
	}
	if token != "" {
		return nil, nil, invalid("No active Lifecycle Action found with token %s", token)
	}
	return nil, nil, invalid("No active Lifecycle Action found with instance ID %s", id)
}
