// Package rds gives RDS instances a body: a mariadbd each, replicas that
// follow their source continuously by GTID, and promotion in place. Replicated
// automated backups have one too: they ship the source's binary logs to the
// other region as they are written, and an instance is restored from them to
// the latest that was shipped, also while the source's region is dark.
//
// What it does not reproduce: Multi-AZ standbys, snapshots, restoring to an
// earlier time, the five minutes that backups may be behind on AWS, IAM
// authentication, storage limits, deletion protection, maintenance windows.
// MariaDB 10.11 stands for MySQL 8.4: the app speaks only the SQL that both share.
package rds
