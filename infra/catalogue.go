package infra

import (
	"fmt"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

const gibibyte = 1 << 30

// catalogue is every alarm of what the stack holds.
func catalogue(s *stack) []alarm {
	var all []alarm
	for _, part := range []func(*stack) []alarm{edgeAlarms, hostAlarms, queueAlarms, databaseAlarms, cacheAlarms, productAlarms} {
		all = append(all, part(s)...)
	}
	return all
}

// regionHealth is the health that DNS acts on; it lives where Route 53 does.
func regionHealth(s *stack) alarm {
	return alarm{name: "region-health", below: true, threshold: 1, minutes: 1, silence: silenceIsBad, runbook: "region-health",
		metrics: []metric{{"AWS/Route53", "HealthCheckStatus", "Minimum", pulumi.StringMap{"HealthCheckId": s.dns.Check.ID()}}},
		reason:  "Route 53 finds the region unhealthy and sends its users to the other one."}
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
		{name: "edge-errors", threshold: float64(s.Alarms.ErrorPercent), minutes: 3, silence: silenceIsFine, pages: true, runbook: "edge-errors",
			metrics: []metric{elb("HTTPCode_ELB_5XX_Count", "Sum", balancer), elb("HTTPCode_Target_5XX_Count", "Sum", balancer), elb("RequestCount", "Sum", balancer)},
			// A handful of requests at night is no rate.
			expression: "IF(c > 100, 100 * (FILL(a, 0) + FILL(b, 0)) / c, 0)",
			reason:     "Users see more errors than the objective allows them in a month."},
		{name: "edge-latency", threshold: float64(s.Alarms.LatencySeconds), minutes: 5, silence: silenceIsFine, runbook: "edge-latency",
			metrics: []metric{elb("TargetResponseTime", "p99", balancer)},
			reason:  "One request in a hundred takes longer than a user waits."},
		{name: "edge-unhealthy-hosts", threshold: 0, minutes: 5, silence: silenceIsFine, runbook: "unhealthy-hosts",
			metrics: []metric{elb("UnHealthyHostCount", "Maximum", targets)},
			reason:  "An instance is unhealthy for longer than it takes to replace it."},
		{name: "edge-too-few-hosts", below: true, threshold: float64(max(1, s.web.args.Min)), minutes: 3, silence: silenceIsBad, pages: true, runbook: "too-few-hosts",
			metrics: []metric{elb("HealthyHostCount", "Minimum", targets)},
			reason:  "Fewer instances are healthy than the group's minimum, which is what carries the quietest hour."},
	}
}

func hostAlarms(s *stack) []alarm {
	var all []alarm
	for _, c := range []*Compute{s.web, s.worker} {
		if c == nil || c.args.Max == 0 {
			continue
		}
		name, group := c.args.Command, pulumi.StringMap{"AutoScalingGroupName": c.Group.Name}
		all = append(all,
			alarm{name: name + "-cpu", threshold: float64(s.Alarms.CPUPercent), minutes: 10, silence: silenceUnknown, runbook: "cpu",
				metrics: []metric{{"AWS/EC2", "CPUUtilization", "Average", group}},
				reason:  "Scaling should have added instances long before this."},
			alarm{name: name + "-memory", threshold: float64(s.Alarms.MemoryPercent), minutes: 5, silence: silenceIsBad, runbook: "memory",
				metrics: []metric{{hostNamespace, "mem_used_percent", "Maximum", group}},
				reason:  "Beyond this the kernel soon kills the process."},
			alarm{name: name + "-disk", threshold: float64(s.Alarms.DiskPercent), minutes: 5, silence: silenceIsBad, runbook: "disk",
				metrics: []metric{{hostNamespace, "disk_used_percent", "Maximum", group}},
				reason:  "Logs fill the disk within a day from here."},
			alarm{name: name + "-at-maximum", threshold: float64(c.args.Max) - 0.5, minutes: 15, silence: silenceUnknown, runbook: "at-maximum",
				metrics: []metric{{"AWS/AutoScaling", "GroupInServiceInstances", "Minimum", group}},
				reason:  "The group cannot grow any more: the next rise in load is felt by users."})
	}
	return all
}

func queueAlarms(s *stack) []alarm {
	queue := func(name pulumi.StringInput) pulumi.StringMap { return pulumi.StringMap{"QueueName": name} }
	return []alarm{
		{name: "queue-age", threshold: float64(s.Alarms.BacklogSeconds), minutes: 5, silence: silenceIsFine, runbook: "backlog",
			metrics: []metric{{"AWS/SQS", "ApproximateAgeOfOldestMessage", "Maximum", queue(s.queue.FanOut.Name)}},
			reason:  "Stories reach friends later than this: workers are too few, or stuck."},
		{name: "queue-dead", threshold: 0, minutes: 1, silence: silenceIsFine, runbook: "dead-letters",
			metrics: []metric{{"AWS/SQS", "ApproximateNumberOfMessagesVisible", "Maximum", queue(s.queue.Dead.Name)}},
			reason:  "A fan-out failed five times: some friends do not see a story."},
	}
}

func databaseAlarms(s *stack) []alarm {
	if s.database.Instance == nil {
		return nil
	}
	of := pulumi.StringMap{"DBInstanceIdentifier": s.database.Instance.Identifier}
	rds := func(name, stat string) []metric { return []metric{{"AWS/RDS", name, stat, of}} }
	var p problems
	memory := p.class("", "db.", s.Database.InstanceClass, databaseFamilies)
	all := []alarm{
		{name: "database-cpu", threshold: float64(s.Alarms.CPUPercent), minutes: 10, silence: silenceIsBad, runbook: "database-cpu",
			metrics: rds("CPUUtilization", "Average"), reason: "Statements queue for a processor; find the one to blame in Performance Insights."},
		{name: "database-memory", below: true, threshold: float64(memory) * gibibyte / 20, minutes: 10, silence: silenceIsBad, runbook: "database-memory",
			metrics: rds("FreeableMemory", "Minimum"), reason: "Less than a twentieth of the memory is free: the instance begins to swap."},
		{name: "database-storage", below: true, threshold: float64(s.Alarms.FreeStorageGiB) * gibibyte, minutes: 5, silence: silenceIsBad, pages: true, runbook: "database-storage",
			metrics: rds("FreeStorageSpace", "Minimum"), reason: "Storage autoscaling has not helped; a full disk stops every write."},
		{name: "database-connections", threshold: float64(s.Database.MaxConnections * s.Alarms.ConnectionsPercent / 100), minutes: 5, silence: silenceIsBad, runbook: "database-connections",
			metrics: rds("DatabaseConnections", "Maximum"), reason: "Near maxConnections; above it instances cannot connect."},
		{name: "database-io", below: true, threshold: 20, minutes: 10, silence: silenceUnknown, runbook: "database-io",
			metrics: append(rds("EBSIOBalance%", "Minimum"), rds("EBSByteBalance%", "Minimum")...), expression: "MIN([a, b])",
			reason: "The instance lives on I/O credits; at zero its throughput falls to the baseline. gp3 itself has no burst balance."},
	}
	if s.has.Database == Replica {
		all = append(all,
			alarm{name: "database-replica-lag", threshold: float64(s.Alarms.ReplicaLagSeconds), minutes: 5, silence: silenceIsBad, runbook: "replica-lag",
				metrics: rds("ReplicaLag", "Maximum"), reason: "A failover now would lose the writes of that many seconds."},
			alarm{name: "database-replication-stopped", below: true, threshold: 0, minutes: 2, silence: silenceIsBad, pages: true, runbook: "replication-stopped",
				metrics: rds("ReplicaLag", "Minimum"), reason: "Lag is -1: replication is broken, and the standby falls behind for good."})
	}
	return all
}

// cacheAlarms has a line per shard: ElastiCache measures its nodes, which are
// numbered in the group, and an alarm takes ten metrics at most.
func cacheAlarms(s *stack) []alarm {
	if s.cache.Group == nil {
		return nil
	}
	var all []alarm
	for shard := 1; shard <= s.cache.size.Shards; shard++ {
		nodes := func(name, stat string) (of []metric) {
			for node := 1; node <= s.cache.size.Replicas+1; node++ {
				of = append(of, metric{"AWS/ElastiCache", name, stat, pulumi.StringMap{
					"CacheClusterId": pulumi.Sprintf("%s-%04d-%03d", s.cache.Group.ID(), shard, node)}})
			}
			return of
		}
		n := s.cache.size.Replicas + 1
		all = append(all,
			alarm{name: fmt.Sprintf("cache-memory-%d", shard), threshold: float64(s.Alarms.MemoryPercent), minutes: 10, silence: silenceIsBad, runbook: "cache-memory",
				metrics: nodes("DatabaseMemoryUsagePercentage", "Maximum"), expression: allOf("MAX", n), reason: "The shard soon evicts feeds that are in use."},
			alarm{name: fmt.Sprintf("cache-evictions-%d", shard), threshold: 1000, minutes: 5, silence: silenceIsFine, runbook: "cache-memory",
				metrics: nodes("Evictions", "Sum"), expression: allOf("SUM", n), reason: "A thousand feeds a minute are rebuilt from the database."},
			alarm{name: fmt.Sprintf("cache-cpu-%d", shard), threshold: float64(s.Alarms.CPUPercent), minutes: 5, silence: silenceIsBad, runbook: "cache-cpu",
				metrics: nodes("EngineCPUUtilization", "Maximum"), expression: allOf("MAX", n), reason: "Redis runs on one processor: the shard is near its limit."})
	}
	return append(all, alarm{name: "cache-hit-ratio", below: true, threshold: float64(s.Alarms.CacheHitPercent), minutes: 15, silence: silenceUnknown, runbook: "cache-hit-ratio",
		metrics: []metric{s.product("CacheHits", "Sum"), s.product("CacheMisses", "Sum")},
		// Right after a flush or a failover every read misses; so does a quiet night.
		expression: "IF(a + b > 1000, 100 * a / (a + b), 100)",
		reason:     "Feeds come from the database more often than it is sized for."})
}

// allOf applies a function to the first n metrics.
func allOf(function string, n int) string {
	list := ""
	for i := range n {
		list += ", " + letters[i:i+1]
	}
	return fmt.Sprintf("%s([%s])", function, list[2:])
}

func productAlarms(s *stack) []alarm {
	if s.worker == nil || s.worker.args.Max == 0 {
		return nil
	}
	return []alarm{{name: "post-to-visible", threshold: float64(s.Alarms.VisibleSeconds), minutes: 5, silence: silenceIsFine, runbook: "post-to-visible",
		metrics: []metric{s.product("PostToVisibleSeconds", "p99")},
		reason:  "The objective: a story is in friends' feeds within this time, 99 in 100."}}
}

// product is a metric that the app itself measures.
func (s *stack) product(name, stat string) metric {
	return metric{appNamespace, name, stat, pulumi.StringMap{"Region": pulumi.String(s.Region)}}
}
