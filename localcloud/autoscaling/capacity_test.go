package autoscaling_test

import (
	"strings"
	"testing"

	"newsfeed/localcloud/elb"
)

// What terraform-provider-aws 5.100 waits for around a group.
func TestProviderWaits(t *testing.T) {
	t.Parallel()
	t.Run("a raised minimum waits for exactly the count, and fails in a group that has scaled out", func(t *testing.T) {
		t.Parallel()
		g := newGroup(t, serves, map[string]any{"waitForCapacityTimeout": "10m"}).must()
		g.desire(4)
		g.eventually("scaled out", sized(4))
		err := g.update(map[string]any{"minSize": 3.0})
		if err == nil || !strings.Contains(err.Error(), "want exactly 3 healthy instance(s) in Auto Scaling Group, have 4") {
			t.Errorf("error %v", err)
		}
	})
	t.Run("a time-out of 0 waits for nothing", func(t *testing.T) {
		t.Parallel()
		g := newGroup(t, serves, map[string]any{"waitForCapacityTimeout": "0"}).must()
		if err := g.update(map[string]any{"minSize": 3.0}); err != nil {
			t.Error(err)
		}
	})
	t.Run("a creation waits for at least the minimum, and for the balancer where asked", func(t *testing.T) {
		t.Parallel()
		g := newGroup(t, serves, map[string]any{"healthCheckType": "EC2", "minElbCapacity": 2.0})
		g.balancer.says(func(string) elb.State { return elb.Initial })
		err := g.service.Apply(t.Context(), g.resource, nil)
		if err == nil || !strings.Contains(err.Error(), "want at least 2 healthy instance(s) registered to Load Balancer, have 0") {
			t.Errorf("error %v", err)
		}
	})
	t.Run("a size that AWS refuses is refused", func(t *testing.T) {
		t.Parallel()
		g := newGroup(t, serves, map[string]any{"desiredCapacity": 7.0})
		if err := g.service.Apply(t.Context(), g.resource, nil); err == nil ||
			!strings.Contains(err.Error(), "Desired capacity:7 must be between the specified min size:2 and max size:4") {
			t.Errorf("error %v", err)
		}
	})
}
