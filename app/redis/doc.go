// Package redis caches what every page needs: sessions, each active user's
// recent feed, stories, reactions. Nothing in it is the only copy.
//
// Keys carry a hash tag, so that what one request reads together sits on one
// node of the cluster: {user} for sessions and feeds, {story} for stories.
package redis
