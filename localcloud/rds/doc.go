// Package rds gives RDS instances a body: a mariadbd each, replicas that
// follow their source continuously by GTID, and promotion in place.
//
// What it does not reproduce: Multi-AZ standbys, snapshots and point-in-time
// recovery, IAM authentication, storage limits, maintenance windows. MariaDB
// 10.11 stands for MySQL 8.4: the app speaks only the SQL that both share.
package rds
