package cloudwatch

import (
	"strings"
	"time"

	"newsfeed/localcloud/elb"
)

// Balancers is what a source needs of the load balancers: *elb.Service.
type Balancers interface {
	Status() []elb.Status
	TakeTimes(targetGroupARN string) (times []time.Duration, of int)
}

// BalancerSource measures the load balancers and their target groups, as
// AWS/ApplicationELB. Counts that are 0 are not reported, nor are the targets of
// a group that has none ("CloudWatch metrics for your Application Load Balancer",
// whose reporting criteria these are).
func BalancerSource(balancers Balancers) Source {
	m := &balancerMeter{balancers: balancers, before: map[string]elb.Counts{}}
	return m.measure
}

type balancerMeter struct {
	balancers Balancers
	before    map[string]elb.Counts // totals at the last look, by target group
}

const balancerNamespace = "AWS/ApplicationELB"

func (m *balancerMeter) measure(region string, _ time.Time) []Datum {
	var all []Datum
	for _, b := range m.balancers.Status() {
		if b.Region != region {
			continue
		}
		balancer := map[string]string{"LoadBalancer": suffix(b.ARN, "loadbalancer/")}
		for _, g := range b.Groups {
			group := map[string]string{"LoadBalancer": balancer["LoadBalancer"], "TargetGroup": suffix(g.ARN, "targetgroup/")}
			all = append(all, m.counts(g, balancer, group)...)
			all = append(all, m.times(g.ARN, balancer, group)...)
			all = append(all, targets(g.Targets, group)...)
		}
	}
	return all
}

// suffix is the part of an ARN that is a dimension: that of a target group keeps
// its kind.
func suffix(arn, kind string) string {
	_, name, _ := strings.Cut(arn, ":"+kind)
	if kind == "targetgroup/" {
		return kind + name
	}
	return name
}

// counts are what has been counted since the last look. What the balancer itself
// answers has no target group on AWS.
func (m *balancerMeter) counts(g elb.GroupStatus, balancer, group map[string]string) []Datum {
	was := m.before[g.ARN]
	if g.Counts.Requests < was.Requests { // the group was made anew
		was = elb.Counts{}
	}
	m.before[g.ARN] = g.Counts
	var all []Datum
	for _, c := range []struct {
		name string
		n    int64
		of   []map[string]string
	}{
		{"RequestCount", g.Counts.Requests - was.Requests, []map[string]string{balancer, group}},
		{"HTTPCode_ELB_5XX_Count", g.Counts.ELB5xx - was.ELB5xx, []map[string]string{balancer}},
		{"HTTPCode_ELB_502_Count", g.Counts.ELB502 - was.ELB502, []map[string]string{balancer}},
		{"HTTPCode_ELB_503_Count", g.Counts.ELB503 - was.ELB503, []map[string]string{balancer}},
		{"HTTPCode_ELB_504_Count", g.Counts.ELB504 - was.ELB504, []map[string]string{balancer}},
		{"HTTPCode_Target_5XX_Count", g.Counts.Target5xx - was.Target5xx, []map[string]string{balancer, group}},
		{"TargetConnectionErrorCount", g.Counts.Refused - was.Refused, []map[string]string{balancer, group}},
	} {
		if c.n <= 0 {
			continue
		}
		for _, dimensions := range c.of {
			all = append(all, Datum{Namespace: balancerNamespace, Name: c.name, Dimensions: dimensions, Unit: "Count",
				Values: []float64{1}, Count: float64(c.n)}) // each request is a sample of 1
		}
	}
	return all
}

// times are the response times since the last look, each for as many as it
// stands for.
func (m *balancerMeter) times(arn string, balancer, group map[string]string) []Datum {
	times, of := m.balancers.TakeTimes(arn)
	if len(times) == 0 {
		return nil
	}
	values := make([]float64, len(times))
	for i, d := range times {
		values[i] = d.Seconds()
	}
	d := Datum{Namespace: balancerNamespace, Name: "TargetResponseTime", Dimensions: balancer, Unit: "Seconds",
		Values: values, Count: float64(of) / float64(len(times))}
	perGroup := d
	perGroup.Dimensions = group
	return []Datum{d, perGroup}
}

// targets counts those that are healthy and those that are not. One that drains
// is neither.
func targets(all []elb.TargetHealth, group map[string]string) []Datum {
	healthy, unhealthy := 0, 0
	for _, t := range all {
		switch t.State {
		case elb.Healthy:
			healthy++
		case elb.Unhealthy:
			unhealthy++
		}
	}
	if len(all) == 0 {
		return nil
	}
	var out []Datum
	for name, n := range map[string]int{"HealthyHostCount": healthy, "UnHealthyHostCount": unhealthy} {
		out = append(out, Datum{Namespace: balancerNamespace, Name: name, Dimensions: group, Unit: "Count",
			Values: []float64{float64(n)}})
	}
	return out
}
