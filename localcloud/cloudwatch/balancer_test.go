package cloudwatch

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"newsfeed/localcloud/elb"
)

// balancers are one balancer with one target group.
type balancers struct {
	group elb.GroupStatus
	times []time.Duration
}

func (b *balancers) Status() []elb.Status {
	return []elb.Status{{Region: seoul, ARN: "arn:aws:elasticloadbalancing:" + seoul + ":000000000000:loadbalancer/app/edge/1",
		Groups: []elb.GroupStatus{b.group}}}
}

func (b *balancers) TakeTimes(string) ([]time.Duration, int) {
	times := b.times
	b.times = nil
	return times, 2 * len(times)
}

func TestBalancerSource(t *testing.T) {
	t.Parallel()
	b := &balancers{group: elb.GroupStatus{ARN: "arn:aws:elasticloadbalancing:" + seoul + ":000000000000:targetgroup/web/2"}}
	w := newWorld(t, 60)
	w.declared("x", nil) // sources are asked where alarms are
	w.AddSource(BalancerSource(b))
	measured := func() string {
		w.minute()
		var out []string
		for _, one := range w.store.list(seoul) {
			if err := one.metric.exists(one.unit); err != nil {
				t.Error(err)
			}
			at := number(w.now, w.tick) - 1
			if s := one.fine.read(at, at+1); s.count > 0 {
				group := ""
				if len(one.metric.Dimensions) > 1 {
					group = " by group"
				}
				out = append(out, fmt.Sprintf("%s%s %g/%g", one.metric.Name, group, s.sum, s.count))
			}
		}
		slices.Sort(out)
		return strings.Join(out, ", ")
	}
	if got := measured(); got != "" {
		t.Errorf("without requests and targets there is nothing: %s", got)
	}
	b.group.Targets = []elb.TargetHealth{{State: elb.Healthy}, {State: elb.Unhealthy}, {State: elb.Draining}, {State: elb.Healthy}}
	b.group.Counts = elb.Counts{Requests: 10, ELB5xx: 3, ELB502: 1, ELB504: 2, Target5xx: 4}
	b.times = []time.Duration{time.Second, 3 * time.Second}
	const want = "HTTPCode_ELB_502_Count 1/1, HTTPCode_ELB_504_Count 2/2, HTTPCode_ELB_5XX_Count 3/3, HTTPCode_Target_5XX_Count 4/4, " +
		"HTTPCode_Target_5XX_Count by group 4/4, HealthyHostCount by group 2/1, RequestCount 10/10, RequestCount by group 10/10, " +
		"TargetResponseTime 8/4, TargetResponseTime by group 8/4, UnHealthyHostCount by group 1/1"
	if got := measured(); got != want {
		t.Errorf(" got %s\nwant %s", got, want)
	}
	b.group.Counts.Requests = 17
	if got := measured(); got != "HealthyHostCount by group 2/1, RequestCount 7/7, RequestCount by group 7/7, "+
		"UnHealthyHostCount by group 1/1" {
		t.Errorf("only what is new is counted: %s", got)
	}
}
