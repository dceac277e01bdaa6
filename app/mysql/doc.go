// Package mysql keeps users, friendships, stories and all that must not be
// lost, in the SQL that MySQL 8.4 and MariaDB 10.11 share.
//
// Stories are partitioned by ranges of their ID, and so by time: every query by
// author bounds the ID too. Writes go to one pool, reads to others; a context
// from FromWriter asks for reads that see every committed write.
//
// A process talks to its own region's database only, where and as whom the secret
// says, which may change as it runs. It does not decide who writes: package region
// does, by the lease that is kept here.
package mysql
