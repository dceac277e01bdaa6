package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/feature/ec2/imds"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	"github.com/aws/smithy-go"
)

// The launch hook of the group, and what an instance is given to boot in. A
// heartbeat restarts the hook's own 300 s, after which Auto Scaling abandons the
// instance by itself (EC2 Auto Scaling user guide, completing-lifecycle-hooks):
// of hookBeat, three may be lost.
const (
	hookName     = "boot"
	hookEvery    = 5 * time.Second
	hookBackoff  = 40 * time.Second // at most, while the API fails
	hookBeat     = time.Minute
	hookPatience = 240 * time.Second // with an instance that is at fault itself
	hookLimit    = 30 * time.Minute  // with what all instances share
)

type hookCommand struct{}

// Run tells Auto Scaling whether this instance has booted, then ends.
func (hookCommand) Run(ctx context.Context) error {
	h, err := newHook(ctx)
	if err != nil {
		return err
	}
	return h.run(ctx)
}

// hook answers for the instance that it runs on.
type hook struct {
	url      string // of /healthz/boot
	group    string
	instance string
	pace     float64 // by which all times above are divided
	metadata *imds.Client
	groups   *autoscaling.Client
}

// apiTimeout is for one try: the SDK itself waits for an answer for ever.
const apiTimeout = 5 * time.Second

// newHook reads the environment.
func newHook(ctx context.Context) (*hook, error) {
	e := &environment{}
	address := net.JoinHostPort(e.text("ADDRESS", "127.0.0.1"), strconv.Itoa(e.number("PORT", 8080, 1, 65535)))
	h := &hook{url: "http://" + address + "/healthz/boot", group: e.text("GROUP", ""), instance: e.text("INSTANCE", "")}
	if h.group == "" {
		e.fault("GROUP", "is missing: the name of the Auto Scaling group that this instance is in")
	}
	var err error
	if h.pace, err = strconv.ParseFloat(e.text("PACE", "1"), 64); err != nil || h.pace <= 0 {
		e.fault("PACE", "%q is no number above 0", e.text("PACE", ""))
	}
	if err := errors.Join(e.errs...); err != nil {
		return nil, err
	}
	sdk, err := loadAWS(ctx, e.text("REGION", ""))
	if err != nil {
		return nil, err
	}
	h.metadata = imds.NewFromConfig(sdk, func(o *imds.Options) { o.Retryer = aws.NopRetryer{} }) // identify tries again
	h.groups = autoscaling.NewFromConfig(sdk, func(o *autoscaling.Options) {
		o.HTTPClient = awshttp.NewBuildableClient().WithTimeout(apiTimeout)
	})
	return h, nil
}

// identify finds out which instance this is, where the environment does not say
// it: by the metadata service, which may come up after the process.
func (h *hook) identify(ctx context.Context) error {
	for h.instance == "" {
		id, err := h.instanceID(ctx)
		if err != nil {
			slog.Warn("launch hook: which instance this is, the metadata service does not say: NEWSFEED_INSTANCE can", "error", err)
			if err := h.pause(ctx, hookEvery); err != nil {
				return err
			}
		}
		h.instance = id
	}
	return nil
}

func (h *hook) instanceID(ctx context.Context) (string, error) {
	out, err := h.metadata.GetMetadata(ctx, &imds.GetMetadataInput{Path: "instance-id"})
	if err != nil {
		return "", err
	}
	defer out.Content.Close()
	id, err := io.ReadAll(out.Content)
	if err != nil {
		return "", err
	}
	return string(id), nil
}

// run waits for the process to have booted. An instance for which something
// shared is missing is kept waiting, for another would find the same; but not for
// ever, and then it is abandoned: it never ran, so nobody knows whether its
// release can, and one that points at a wrong store must not pass for good.
func (h *hook) run(ctx context.Context) error {
	if err := h.identify(ctx); err != nil {
		return err
	}
	begun := time.Now()
	alive, beat := begun, time.Time{}
	for {
		status := h.ask(ctx)
		switch {
		case status == http.StatusOK:
			return h.complete(ctx, "CONTINUE")
		case h.past(begun, hookLimit):
			return h.complete(ctx, "ABANDON")
		case status == http.StatusFailedDependency:
			alive = time.Now()
			if h.past(beat, hookBeat) {
				beat = alive
				if isOpen := h.heartbeat(ctx); !isOpen && h.past(begun, hookPatience) {
					return nil
				}
			}
		case h.past(alive, hookPatience):
			return h.complete(ctx, "ABANDON")
		}
		if err := h.pause(ctx, hookEvery); err != nil {
			return err
		}
	}
}

// ask returns the status of /healthz/boot, or 0 if nobody answers.
func (h *hook) ask(ctx context.Context) int {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, h.url, nil)
	if err != nil {
		return 0
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return 0
	}
	response.Body.Close()
	return response.StatusCode
}

// heartbeat says whether there is an action to keep.
func (h *hook) heartbeat(ctx context.Context) (isOpen bool) {
	_, err := h.groups.RecordLifecycleActionHeartbeat(ctx, &autoscaling.RecordLifecycleActionHeartbeatInput{
		AutoScalingGroupName: &h.group, InstanceId: &h.instance, LifecycleHookName: aws.String(hookName)})
	switch {
	case err == nil:
		slog.Info("launch hook: something shared is missing, waiting")
	case noAction(err):
		slog.Info("launch hook: something shared is missing, and no action is open")
		return false
	default:
		slog.Warn("launch hook: no heartbeat", "error", err)
	}
	return true
}

// noAction tells Auto Scaling's answer where nothing waits for this instance. It
// says so of one in service, after a reboot, and of one so young that it has not
// come to the hook yet: only time tells them apart, for the instance may not ask.
func noAction(err error) bool { return strings.Contains(err.Error(), "No active Lifecycle Action") }

// complete tells the result until it is taken. An API that fails says nothing of
// the instance: it is called until Auto Scaling itself ends the action. What it
// says to be invalid would be so again.
func (h *hook) complete(ctx context.Context, result string) error {
	wait := hookEvery
	for begun := time.Now(); ; {
		_, err := h.groups.CompleteLifecycleAction(ctx, &autoscaling.CompleteLifecycleActionInput{
			AutoScalingGroupName: &h.group, InstanceId: &h.instance, LifecycleHookName: aws.String(hookName),
			LifecycleActionResult: &result})
		var refused smithy.APIError
		isInvalid := errors.As(err, &refused) && refused.ErrorCode() == "ValidationError"
		switch {
		case err == nil:
			slog.Info("launch hook: told", "result", result)
			return nil
		case !isInvalid:
			slog.Warn("launch hook: not told yet", "result", result, "error", err)
			wait = min(2*wait, hookBackoff)
		case !h.past(begun, hookPatience):
			wait = hookEvery
		case noAction(err):
			slog.Info("launch hook: none is open: the instance was in service before")
			return nil
		default:
			return fmt.Errorf("launch hook %s of %s: %w", hookName, h.group, err)
		}
		if err := h.pause(ctx, wait); err != nil {
			return err
		}
	}
}

func (h *hook) past(since time.Time, d time.Duration) bool { return time.Since(since) >= h.local(d) }

func (h *hook) local(d time.Duration) time.Duration { return time.Duration(float64(d) / h.pace) }

func (h *hook) pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(h.local(d))
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
