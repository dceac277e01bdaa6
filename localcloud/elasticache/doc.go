// Package elasticache gives a replication group a body: one redis-server in
// cluster mode that holds every slot, with TLS and the auth token, which is
// rotated in place.
//
// What it does not reproduce: several shards, replicas and their failover,
// snapshots. The cache starts empty after a restart, as a lost node's does.
package elasticache
