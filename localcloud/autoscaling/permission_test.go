package autoscaling_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	sdk "github.com/aws/aws-sdk-go-v2/service/autoscaling"

	"newsfeed/localcloud/endpoint"
)

// member may do everything to one group, by its ARN, and nothing to another.
type member string

func (m member) Identity() endpoint.Identity {
	return endpoint.Identity{ARN: "arn:aws:sts::000000000000:assumed-role/web/i-1", Account: "000000000000"}
}

func (m member) Permit(action, resource string, _ map[string]string) error {
	if resource == string(m) {
		return nil
	}
	return &endpoint.Denied{Caller: m.Identity().ARN, Action: action, Resource: resource,
		Reason: "because no identity-based policy allows the " + action + " action"}
}

func (m member) PermitKey(string, ...string) error { return nil }

// as is a client whose requests are the member's.
func (g *group) as(m member) *sdk.Client {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		g.service.ServeAWS(w, r.WithContext(endpoint.By(r.Context(), m)), region)
	}))
	g.t.Cleanup(server.Close)
	return sdk.New(sdk.Options{Region: region, BaseEndpoint: &server.URL, RetryMaxAttempts: 1,
		Credentials: credentials.NewStaticCredentialsProvider("key", "secret", "")})
}

func TestAnInstanceSpeaksForItsOwnGroupOnly(t *testing.T) {
	t.Parallel()
	g := newGroup(t, serves, map[string]any{"waitForCapacityTimeout": "0", "initialLifecycleHooks": hooked["initialLifecycleHooks"]})
	g.must()
	id, ctx, web, hook := g.waits(), t.Context(), aws.String("web"), aws.String("boot")
	speak := map[string]func(*sdk.Client) error{
		"autoscaling:RecordLifecycleActionHeartbeat": func(c *sdk.Client) error {
			_, err := c.RecordLifecycleActionHeartbeat(ctx, &sdk.RecordLifecycleActionHeartbeatInput{AutoScalingGroupName: web, LifecycleHookName: hook, InstanceId: &id})
			return err
		},
		"autoscaling:SetInstanceHealth": func(c *sdk.Client) error { // which names no group
			_, err := c.SetInstanceHealth(ctx, &sdk.SetInstanceHealthInput{InstanceId: &id, HealthStatus: aws.String("Healthy")})
			return err
		},
		"autoscaling:CompleteLifecycleAction": func(c *sdk.Client) error {
			_, err := c.CompleteLifecycleAction(ctx, &sdk.CompleteLifecycleActionInput{AutoScalingGroupName: web, LifecycleHookName: hook,
				InstanceId: &id, LifecycleActionResult: aws.String("CONTINUE")})
			return err
		},
	}
	const groups = "arn:aws:autoscaling:" + region + ":000000000000:autoScalingGroup:1:autoScalingGroupName/"
	stranger, own := g.as(groups+"worker"), g.as(groups+"web")
	for action, call := range speak {
		if err := call(stranger); err == nil || !strings.Contains(err.Error(), "is not authorized to perform: "+action+" on resource: "+groups+"web") {
			t.Errorf("another group's instance: %s: %v", action, err)
		}
	}
	for _, action := range []string{"autoscaling:RecordLifecycleActionHeartbeat", "autoscaling:SetInstanceHealth", "autoscaling:CompleteLifecycleAction"} {
		if err := speak[action](own); err != nil {
			t.Errorf("the group's own instance: %s: %v", action, err)
		}
	}
}
