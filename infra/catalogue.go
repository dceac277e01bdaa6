package infra

import (
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// catalogue is every alarm of what the stack holds.
func catalogue(s *stack) []alarm {
	var all []alarm
	for _, part := range []func(*stack) []alarm{edgeAlarms, releaseAlarms, hostAlarms, queueAlarms, databaseAlarms, cacheAlarms, productAlarms, watchAlarms} {
		all = append(all, part(s)...)
	}
	for i := range all {
		all[i].run = s.command(all[i].run)
	}
	return all
}

// command fills the names of the stack into a command of the catalogue. Names
// that AWS chose are for Pulumi to look up: {output databaseIdentifier}.
func (c *Config) command(text string) string {
	text = strings.NewReplacer("{region}", c.Region, "{stack}", c.Stack, "{peer}", c.Peer, "{domain}", c.Domain).Replace(text)
	for {
		before, rest, found := strings.Cut(text, "{output ")
		name, after, _ := strings.Cut(rest, "}")
		if !found {
			return text
		}
		text = before + "$(pulumi stack output " + name + " --stack " + c.Stack + ")" + after
	}
}

// How far alarms reach that have it in common.
const (
	reachesRegion  = "Every user of the region."
	reachesPosting = "Everybody who posts; reading goes on."
	reachesNobody  = "Nobody yet."
	reachesCache   = "Users of the region, who wait longer for their feeds."
	reachesWatch   = "No user; but the next trouble may go unseen."
)

// What shows more of what several alarms are about.
const (
	showTargets  = "aws elbv2 describe-target-health --region {region} --target-group-arn {output targetGroupArn}"
	showRefresh  = "aws autoscaling describe-instance-refreshes --region {region} --auto-scaling-group-name {output webGroup} --max-records 1"
	showQueue    = "aws sqs get-queue-attributes --region {region} --queue-url {output queueUrl} --attribute-names All"
	showDatabase = "aws rds describe-events --region {region} --source-type db-instance --source-identifier {output databaseIdentifier} --duration 120"
	showReplica  = "aws rds describe-db-instances --region {region} --db-instance-identifier {output databaseIdentifier} --query 'DBInstances[].StatusInfos'"
	showCache    = "aws elasticache describe-replication-groups --region {region} --replication-group-id {output cacheGroup}"
	showRegion   = "curl --include https://{stack}.{domain}/healthz/region"
	showPeer     = "curl --include https://{peer}.{domain}/healthz/region"
	showSite     = "dig +short {domain}; curl --include https://{domain}/"
	showAlarms   = "aws cloudwatch describe-alarms --region {region} --state-value ALARM --query 'MetricAlarms[].[AlarmName,StateReason]' --output text"
)

// regionHealth is the health that DNS acts on; it lives where Route 53 does.
func regionHealth(s *stack) alarm {
	return alarm{name: "region-health", below: true, threshold: 1, minutes: 1, silence: silenceIsBad, runbook: "region-health",
		metrics: []metric{{"AWS/Route53", "HealthCheckStatus", "Minimum", pulumi.StringMap{"HealthCheckId": s.dns.Check.ID()}}},
		reason:  "Route 53 finds the region unhealthy and sends its users to the other one.",
		reach:   "Every user of the region, until DNS has moved them: a minute and a half.", run: s.command(showRegion)}
}

func edgeAlarms(s *stack) []alarm {
	if s.web == nil || s.web.args.Max == 0 {
		return nil // nothing serves here
	}
	balancer := pulumi.StringMap{"LoadBalancer": s.edge.Balancer.ArnSuffix}
	targets := pulumi.StringMap{"LoadBalancer": s.edge.Balancer.ArnSuffix, "TargetGroup": s.edge.Targets.ArnSuffix}
	elb := func(name, stat string, of pulumi.StringMap) metric {
		return metric{"AWS/ApplicationELB", name, stat, of}
	}
	return []alarm{
		{name: hasServed, below: true, threshold: 0, minutes: 1, silence: silenceUnknown, runbook: "too-few-hosts",
			metrics: []metric{elb("HealthyHostCount", "Maximum", targets)},
			reason:  "Never on: it is OK from the first instance behind the balancer on, and what must always report counts from then.",
			reach:   reachesNobody, run: showTargets},
		{name: "edge-errors", threshold: float64(s.Alarms.ErrorPercent), minutes: 3, silence: silenceIsFine, pages: true, runbook: "edge-errors",
			metrics: []metric{elb("HTTPCode_ELB_5XX_Count", "Sum", balancer), elb("HTTPCode_Target_5XX_Count", "Sum", balancer), elb("RequestCount", "Sum", balancer)},
			// A handful of requests at night is no rate.
			expression: "IF(c > 100, 100 * (FILL(a, 0) + FILL(b, 0)) / c, 0)",
			reason:     "Users see more errors than the objective allows them in a month.", reach: reachesRegion, run: showTargets},
		{name: "edge-latency", threshold: float64(s.Alarms.LatencySeconds), minutes: 5, silence: silenceIsFine, runbook: "edge-latency",
			metrics: []metric{elb("TargetResponseTime", "p99", balancer)},
			reason:  "One request in a hundred takes longer than a user waits.", reach: "Every user of the region, a little.", run: showTargets},
		{name: "edge-unhealthy-hosts", threshold: 0, minutes: 5, silence: silenceIsFine, runbook: "unhealthy-hosts",
			metrics: []metric{elb("UnHealthyHostCount", "Maximum", targets)},
			reason:  "An instance is unhealthy for longer than it takes to replace it.", reach: reachesNobody + " The others carry its load.", run: showTargets},
		{name: "edge-too-few-hosts", below: true, threshold: float64(max(1, s.web.args.Min)), minutes: 3, silence: silenceIsBad, pages: true, runbook: "too-few-hosts",
			metrics: []metric{elb("HealthyHostCount", "Minimum", targets)},
			reason:  "Fewer instances are healthy than the group's minimum, which is what carries the quietest hour.", reach: reachesRegion,
			run: "aws autoscaling describe-scaling-activities --region {region} --auto-scaling-group-name {output webGroup} --max-items 10"},
	}
}

// hasServed is the alarm that remembers that the region has served: it is never
// on, and OK from the first instance behind the balancer on.
const hasServed = "edge-has-served"

// ReleaseFaults is the name, within the stack, of the alarm that judges what a
// group runs.
func ReleaseFaults(group string) string { return group + "-release-faults" }

// releaseAlarms judge a release while it is rolled out, by what is its own fault:
// neither a user's input nor a store that is away ends a roll. A 503 with a code
// and a 4xx are no faults; nor is what fewer than six users meet.
func releaseAlarms(s *stack) []alarm {
	if s.web == nil || s.web.args.Max == 0 {
		return nil
	}
	balancer := pulumi.StringMap{"LoadBalancer": s.edge.Balancer.ArnSuffix}
	elb := func(name string) metric { return metric{"AWS/ApplicationELB", name, "Sum", balancer} }
	app := func(c *Compute, name string) metric {
		return metric{appNamespace, name, "Sum", pulumi.StringMap{
			"Region": pulumi.String(s.Region), "Group": pulumi.String(c.args.GroupName)}}
	}
	return []alarm{
		{name: ReleaseFaults("web"), threshold: 2, minutes: 2, of: 3, silence: silenceIsFine, runbook: "bad-deployment",
			metrics: []metric{app(s.web, "Faults"), elb("HTTPCode_ELB_502_Count"), elb("HTTPCode_ELB_504_Count"), elb("RequestCount"),
				app(s.web, "FaultyUsers")},
			// Of few requests a share says little: thirty faults are many there.
			expression: "IF(FILL(e, 0) > 5, IF(FILL(d, 0) >= 300, 100 * (FILL(a, 0) + FILL(b, 0) + FILL(c, 0)) / FILL(d, 1), " +
				"IF(FILL(a, 0) + FILL(b, 0) + FILL(c, 0) >= 30, 100, 0)), 0)",
			reason: "What the web group runs answers with faults of its own: a roll that is under way goes back.",
			reach:  "Some users of the region.", run: showRefresh},
		{name: ReleaseFaults("worker"), threshold: 5, minutes: 2, of: 3, silence: silenceIsFine, runbook: "bad-deployment",
			metrics:    []metric{app(s.worker, "JobFaults"), app(s.worker, "Jobs")},
			expression: "IF(FILL(b, 0) >= 50, 100 * FILL(a, 0) / FILL(b, 1), 0)",
			reason:     "What the worker group runs fails by its own fault: a roll that is under way goes back.",
			reach:      "Friends of whoever posts in the region: stories come late, none is lost.",
			run:        strings.Replace(showRefresh, "webGroup", "workerGroup", 1)},
	}
}

func hostAlarms(s *stack) []alarm {
	var all []alarm
	for _, c := range []*Compute{s.web, s.worker} {
		if c == nil || c.args.Max == 0 {
			continue
		}
		name, group := c.args.Command, pulumi.StringMap{"AutoScalingGroupName": c.Group.Name}
		reach := "Users of the region, who wait longer."
		if c == s.worker {
			reach = "Users of the region, whose feeds come late."
		}
		show := "aws autoscaling describe-auto-scaling-groups --region {region} --auto-scaling-group-names {output " + name + "Group}"
		all = append(all,
			alarm{name: name + "-cpu", threshold: float64(s.Alarms.CPUPercent), minutes: 10, silence: silenceUnknown, runbook: "cpu",
				metrics: []metric{{"AWS/EC2", "CPUUtilization", "Average", group}},
				reason:  "Scaling should have added instances long before this.", reach: reach, run: show},
			alarm{name: name + "-memory", threshold: float64(s.Alarms.MemoryPercent), minutes: 5, silence: silenceIsBad, runbook: "memory",
				metrics: []metric{{hostNamespace, "mem_used_percent", "Maximum", group}},
				reason:  "Beyond this the kernel soon kills the process.", reach: reachesNobody, run: show},
			alarm{name: name + "-disk", threshold: float64(s.Alarms.DiskPercent), minutes: 5, silence: silenceIsBad, runbook: "disk",
				metrics: []metric{{hostNamespace, "disk_used_percent", "Maximum", group}},
				reason:  "Logs fill the disk within a day from here.", reach: reachesNobody, run: show},
			alarm{name: name + "-at-maximum", threshold: float64(c.args.Max) - 0.5, minutes: 15, silence: silenceUnknown, runbook: "at-maximum",
				metrics: []metric{{"AWS/AutoScaling", "GroupInServiceInstances", "Minimum", group}},
				reason:  "The group cannot grow any more: the next rise in load is felt by users.", reach: reachesNobody, run: show})
	}
	return all
}

func queueAlarms(s *stack) []alarm {
	queue := func(name pulumi.StringInput) pulumi.StringMap { return pulumi.StringMap{"QueueName": name} }
	return []alarm{
		{name: "queue-age", threshold: float64(s.Alarms.BacklogSeconds), minutes: 5, silence: silenceIsFine, runbook: "backlog",
			metrics: []metric{{"AWS/SQS", "ApproximateAgeOfOldestMessage", "Maximum", queue(s.queue.FanOut.Name)}},
			reason:  "Stories reach friends later than this: workers are too few, or stuck.",
			reach:   "Friends of whoever posts in the region: stories come late, none is lost.", run: showQueue},
		{name: "queue-dead", threshold: 0, minutes: 1, silence: silenceIsFine, runbook: "dead-letters",
			metrics: []metric{{"AWS/SQS", "ApproximateNumberOfMessagesVisible", "Maximum", queue(s.queue.Dead.Name)}},
			reason:  "A fan-out failed five times: some friends do not see a story.", reach: "The friends of a few authors.",
			run: "aws sqs receive-message --region {region} --queue-url {output deadLettersUrl} --max-number-of-messages 10 --visibility-timeout 0"},
	}
}

// productAlarms watch what the app promises its users. It measures in
// milliseconds.
func productAlarms(s *stack) []alarm {
	if s.worker == nil || s.worker.args.Max == 0 {
		return nil
	}
	return []alarm{
		{name: "post-to-visible", threshold: float64(s.Alarms.VisibleSeconds) * 1000, minutes: 5, silence: silenceIsFine, runbook: "post-to-visible",
			metrics: []metric{s.product("PostToVisibleAge", "p99")},
			reason:  "The objective: a story is in friends' feeds within this time, 99 in 100.",
			reach:   "Friends of whoever posts in the region: stories come late, none is lost.", run: showQueue},
		{name: "late-partitions", threshold: 0, minutes: 1, silence: silenceIsFine, runbook: "late-partitions",
			metrics: []metric{s.product("LatePartitions", "Sum")},
			reason:  "The partition for the days ahead was made when stories were already in it; it must be ready a day before.",
			reach:   reachesNobody + " Statements grow slower from here.", run: showDatabase},
	}
}

// product is a metric that the app itself measures.
func (s *stack) product(name, stat string) metric {
	return metric{appNamespace, name, stat, pulumi.StringMap{"Region": pulumi.String(s.Region)}}
}
