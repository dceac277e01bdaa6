// Package feed is the product: it combines the database, the cache, the queue
// and the media store into what users do. Service serves requests, Worker works
// the queue. The database decides; the cache only spares it work.
package feed
