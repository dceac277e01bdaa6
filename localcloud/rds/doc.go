// Package rds gives RDS instances a body: a mariadbd each, replicas that
// follow their source continuously by GTID, and promotion in place. Replicated
// automated backups have one too: they ship the source's binary logs to the
// other region as they are written, and an instance is restored from them to
// the latest that was shipped, also while the source's region is dark.
//
// What takes RDS minutes takes as long by the clock, and goes on when the caller
// waits no longer: the reboot of a promotion, a Multi-AZ failover, a change of
// the class (the lengths are in outages). mariadbd really stops and starts on
// the same address. Meanwhile the instance is not available, and refuses what
// RDS refuses. Failover, Backup and Slow act such times out. Dynamic parameters
// that MariaDB shares reach the running server.
//
// What it does not reproduce: Multi-AZ standbys (a failover is the same server,
// shut down in an orderly way and started again), changes that wait for the
// maintenance window (they are recorded, without an outage), the outages of an
// engine upgrade, of another port and of backups that are turned on or off, a
// creation's minutes unless Slow asks for them, backups at their window,
// snapshots, restoring to an earlier time, the five minutes that backups may be
// behind on AWS, IAM authentication, storage limits, deletion protection.
//
// MariaDB 10.11 stands for MySQL 8.4: the app speaks only the SQL that both
// share. Its max_statement_time stands for max_execution_time, which on MySQL
// ends SELECT only, here every statement of the app, with another error number.
// Parameters that are not set have MariaDB's defaults, but for log_output.
package rds
