package infra

import (
	"fmt"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

const gibibyte = 1 << 30

// databaseAlarms watch the instance, and the lag of the replicas in the region.
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
			metrics: rds("CPUUtilization", "Average"), reason: "Statements queue for a processor; find the one to blame in Performance Insights.",
			reach: "Everybody who posts, and whose feed is not in the cache.", run: showDatabase},
		{name: "database-memory", below: true, threshold: float64(memory) * gibibyte / 20, minutes: 10, silence: silenceIsBad, runbook: "database-memory",
			metrics: rds("FreeableMemory", "Minimum"), reason: "Less than a twentieth of the memory is free: the instance begins to swap.",
			reach: reachesNobody, run: showDatabase},
		{name: "database-storage", below: true, threshold: float64(s.Alarms.FreeStorageGiB) * gibibyte, minutes: 5, silence: silenceIsBad, pages: true, runbook: "database-storage",
			metrics: rds("FreeStorageSpace", "Minimum"), reason: "Storage autoscaling has not helped; a full disk stops every write.",
			reach: reachesPosting, run: showDatabase},
		{name: "database-connections", threshold: float64(s.Database.MaxConnections * s.Alarms.ConnectionsPercent / 100), minutes: 5, silence: silenceIsBad, runbook: "database-connections",
			metrics: rds("DatabaseConnections", "Maximum"), reason: "Near maxConnections; above it instances cannot connect.",
			reach: reachesNobody, run: showDatabase},
		{name: "database-io", below: true, threshold: 20, minutes: 10, silence: silenceUnknown, runbook: "database-io",
			metrics: append(rds("EBSIOBalance%", "Minimum"), rds("EBSByteBalance%", "Minimum")...), expression: "MIN([a, b])",
			reason: "The instance lives on I/O credits; at zero its throughput falls to the baseline. gp3 itself has no burst balance.",
			reach:  reachesNobody, run: showDatabase},
	}
	if s.has.Database == Replica {
		all = append(all,
			alarm{name: "database-replica-lag", threshold: float64(s.Alarms.ReplicaLagSeconds), minutes: 5, silence: silenceIsBad, runbook: "replica-lag",
				metrics: rds("ReplicaLag", "Maximum"), reason: "A failover now would lose the writes of that many seconds.",
				reach: "Nobody, unless the primary is lost now.", run: showReplica},
			alarm{name: "database-replication-stopped", below: true, threshold: 0, minutes: 2, silence: silenceIsBad, pages: true, runbook: "replication-stopped",
				metrics: rds("ReplicaLag", "Minimum"), reason: "Lag is -1: replication is broken, and the standby falls behind for good.",
				reach: "Nobody, unless the primary is lost: then all that was written since.", run: showReplica})
	}
	for i, reader := range s.database.replicated {
		all = append(all, alarm{name: fmt.Sprintf("database-reader-lag-%d", i+1), threshold: float64(s.Alarms.ReplicaLagSeconds), minutes: 5, silence: silenceIsBad, runbook: "replica-lag",
			metrics: []metric{{"AWS/RDS", "ReplicaLag", "Maximum", pulumi.StringMap{"DBInstanceIdentifier": reader.Identifier}}},
			reason:  "A reader in the region is behind: the app reads from the writer instead.", reach: reachesCache, run: showDatabase})
	}
	return all
}

// cacheAlarms has a line per shard: ElastiCache measures its nodes, and an alarm
// takes ten metrics at most. The nodes are those that there are: shards get new
// numbers when a cluster grows again (terraform-provider-aws 43884).
func cacheAlarms(s *stack) []alarm {
	if s.cache.Group == nil {
		return nil
	}
	var all []alarm
	n := s.cache.size.Replicas + 1
	for shard := 1; shard <= s.cache.size.Shards; shard++ {
		nodes := func(name, stat string) (of []metric) {
			for node := range n {
				of = append(of, metric{"AWS/ElastiCache", name, stat, pulumi.StringMap{"CacheClusterId": s.cache.node((shard-1)*n + node)}})
			}
			return of
		}
		all = append(all,
			alarm{name: fmt.Sprintf("cache-memory-%d", shard), threshold: float64(s.Alarms.MemoryPercent), minutes: 10, silence: silenceIsBad, runbook: "cache-memory",
				metrics: nodes("DatabaseMemoryUsagePercentage", "Maximum"), expression: allOf("MAX", n), reason: "The shard soon evicts feeds that are in use.",
				reach: reachesNobody, run: showCache},
			alarm{name: fmt.Sprintf("cache-evictions-%d", shard), threshold: 1000, minutes: 5, silence: silenceIsFine, runbook: "cache-memory",
				metrics: nodes("Evictions", "Sum"), expression: allOf("SUM", n), reason: "A thousand feeds a minute are rebuilt from the database.",
				reach: reachesCache, run: showCache},
			alarm{name: fmt.Sprintf("cache-cpu-%d", shard), threshold: float64(s.Alarms.CPUPercent), minutes: 5, silence: silenceIsBad, runbook: "cache-cpu",
				metrics: nodes("EngineCPUUtilization", "Maximum"), expression: allOf("MAX", n), reason: "Redis runs on one processor: the shard is near its limit.",
				reach: reachesCache, run: showCache})
	}
	return append(all, alarm{name: "cache-hit-ratio", below: true, threshold: float64(s.Alarms.CacheHitPercent), minutes: 15, silence: silenceUnknown, runbook: "cache-hit-ratio",
		metrics: []metric{s.product("CacheHits", "Sum"), s.product("CacheMisses", "Sum")},
		// Right after a flush or a failover every read misses; so does a quiet night.
		expression: "IF(a + b > 1000, 100 * a / (a + b), 100)",
		reason:     "Feeds come from the database more often than it is sized for.", reach: reachesCache, run: showCache})
}

// allOf applies a function to the first n metrics.
func allOf(function string, n int) string {
	list := ""
	for i := range n {
		list += ", " + letters[i:i+1]
	}
	return fmt.Sprintf("%s([%s])", function, list[2:])
}
