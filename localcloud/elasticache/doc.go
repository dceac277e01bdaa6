// Package elasticache gives a replication group a body: a Redis cluster of one
// redis-server for each node, in the zones of its subnets, with TLS and the
// auth token, which is rotated in place. Shards, replicas and the node type
// change while it serves: slots and their keys move for real. A node that dies
// is replaced, and where it was a primary a replica is promoted before, as
// ElastiCache's own control plane does it: Redis itself can't with fewer than
// three shards. Making and changing a group takes no longer than it does here.
//
// What it does not reproduce: snapshots, the reader endpoint, cluster mode
// disabled, memory reserved for AWS, minor upgrades, global datastores. A node
// has 1/32 of its type's memory. The cache starts empty after a restart of the
// local cloud, as a shard does that lost all its nodes.
package elasticache
