// Package app holds the domain of the feed: users and friendships, stories and
// reactions, identifiers, cursors and limits, and the errors that callers act
// on. One package per technology sits below it (mysql, redis, sqs, s3, http);
// feed combines them, inmem stands in for all of them, cmd/feed wires them up.
package app
