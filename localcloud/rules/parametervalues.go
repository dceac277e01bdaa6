package rules

import (
	"regexp"
	"strings"
	"sync"
)

// mysqlValues are what parameters of mysql8.4 with few values take, from the MySQL 8.4
// reference manual, Server System Variables; in whatever case. RDS takes formulas too.
const mysqlValues = `
binlog_checksum NONE CRC32
binlog_error_action IGNORE_ERROR ABORT_SERVER
binlog_format ROW STATEMENT MIXED OFF
binlog_row_image FULL MINIMAL NOBLOB
binlog_row_metadata FULL MINIMAL
completion_type NO_CHAIN CHAIN RELEASE 0 1 2
concurrent_insert NEVER AUTO ALWAYS 0 1 2
delay_key_write ON OFF ALL
enforce_gtid_consistency ON OFF WARN 0 1 2
event_scheduler ON OFF DISABLED
explain_format TRADITIONAL JSON TREE DEFAULT
gtid-mode OFF OFF_PERMISSIVE ON_PERMISSIVE ON
gtid_mode OFF OFF_PERMISSIVE ON_PERMISSIVE ON
innodb_autoinc_lock_mode 0 1 2
innodb_change_buffering NONE INSERTS DELETES CHANGES PURGES ALL
innodb_default_row_format DYNAMIC COMPACT REDUNDANT
innodb_flush_log_at_trx_commit 0 1 2
innodb_flush_neighbors 0 1 2
innodb_stats_method NULLS_EQUAL NULLS_UNEQUAL NULLS_IGNORED
internal_tmp_mem_storage_engine MEMORY TEMPTABLE
log_error_verbosity 1 2 3
log_output TABLE FILE NONE TABLE,FILE FILE,TABLE
log_timestamps UTC SYSTEM
lower_case_table_names 0 1
replica_exec_mode STRICT IDEMPOTENT
replica_parallel_type LOGICAL_CLOCK DATABASE
session_track_gtids OFF OWN_GTID ALL_GTIDS
transaction_isolation READ-UNCOMMITTED READ-COMMITTED REPEATABLE-READ SERIALIZABLE
validate_password.policy LOW MEDIUM STRONG 0 1 2
autocommit foreign_key_checks general_log innodb_adaptive_hash_index innodb_deadlock_detect innodb_file_per_table
innodb_print_all_deadlocks innodb_strict_mode local_infile log_bin_trust_function_creators log_queries_not_using_indexes
log_slow_admin_statements log_slow_extra performance_schema read_only require_secure_transport skip_name_resolve
slow_query_log super_read_only unique_checks = 0 1 ON OFF
connect_timeout innodb_buffer_pool_size innodb_lock_wait_timeout innodb_log_buffer_size innodb_redo_log_capacity
interactive_timeout max_allowed_packet max_connect_errors max_connections max_execution_time max_user_connections
net_read_timeout net_write_timeout sync_binlog table_open_cache thread_cache_size tmp_table_size wait_timeout = #
`

// redisValues are those of redis7, from redis.conf of Redis 7 and the ElastiCache
// user guide, Redis OSS parameters. Letters in brackets are any of those.
const redisValues = `
appendfsync ALWAYS EVERYSEC NO
maxmemory-policy VOLATILE-LRU ALLKEYS-LRU VOLATILE-LFU ALLKEYS-LFU VOLATILE-RANDOM ALLKEYS-RANDOM VOLATILE-TTL NOEVICTION
notify-keyspace-events [KEg$lshzxetdmnA]
activedefrag activerehashing appendonly close-on-replica-write cluster-allow-pubsubshard-when-down
cluster-allow-reads-when-down cluster-enabled cluster-require-full-coverage latency-tracking lazyfree-lazy-eviction
lazyfree-lazy-expire lazyfree-lazy-server-del lazyfree-lazy-user-del replica-ignore-maxmemory replica-lazy-flush = YES NO
acllog-max-len active-expire-effort databases hash-max-listpack-entries hash-max-listpack-value hash-max-ziplist-entries
hash-max-ziplist-value hll-sparse-max-bytes lfu-decay-time lfu-log-factor list-compress-depth list-max-listpack-size
maxclients maxmemory maxmemory-samples min-replicas-max-lag min-replicas-to-write repl-backlog-size repl-backlog-ttl
repl-timeout reserved-memory reserved-memory-percent set-max-intset-entries slowlog-log-slower-than slowlog-max-len
stream-node-max-bytes stream-node-max-entries tcp-keepalive timeout tracking-table-max-keys zset-max-listpack-entries
zset-max-listpack-value zset-max-ziplist-entries zset-max-ziplist-value = #
`

// parameterValues reads such a list: a name and what it takes, or many names, = and
// what they take; # is a whole number.
func parameterValues(list string) func() map[string]*regexp.Regexp {
	return sync.OnceValue(func() map[string]*regexp.Regexp {
		all, names := map[string]*regexp.Regexp{}, []string{}
		for line := range strings.Lines(list) {
			before, values, ends := strings.Cut(strings.TrimSpace(line), " = ")
			fields := strings.Fields(before)
			switch {
			case ends:
				names = append(names, fields...)
			case len(fields) > 1 && isValue.MatchString(fields[1]):
				names, values = fields[:1], strings.Join(fields[1:], " ")
			default:
				names = append(names, fields...)
				continue
			}
			form := valueForm(strings.Fields(values))
			for _, name := range names {
				all[name] = form
			}
			names = nil
		}
		return all
	})
}

var isValue = regexp.MustCompile(`^([A-Z0-9].*|\[.*\])$`)

func valueForm(values []string) *regexp.Regexp {
	switch first := values[0]; {
	case first == "#":
		return regexp.MustCompile(`^-?\d+$`)
	case strings.HasPrefix(first, "["):
		return regexp.MustCompile(`^` + first + `*$`)
	}
	return regexp.MustCompile(`^(?i:` + strings.Join(values, "|") + `)$`)
}

var (
	mysqlForms = parameterValues(mysqlValues)
	redisForms = parameterValues(redisValues)
)
