package redis

import (
	"context"
	"crypto/tls"
	"encoding/base64"
	"errors"
	"fmt"
	"math"
	"strconv"
	"sync/atomic"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"newsfeed/app"
)

// Config says how to reach the cluster.
type Config struct {
	Addrs []string // host:port each: the configuration endpoint, or any nodes
	Token string   // AUTH; empty: none
	TLS   bool     // verified against the system's trust store
	// Renew, when set, is asked for the token after a node refused one: it may have
	// been rotated.
	Renew func(ctx context.Context, refused string) (string, error)
}

// Cache is the cluster. Its methods are safe for concurrent use. They return
// ErrDown at once for a moment after the cluster failed to answer, so that
// requests go on without it instead of waiting one after another.
type Cache struct {
	client  *goredis.ClusterClient
	auth    auth
	breaker breaker
	epoch   atomic.Int64
}

// SetEpoch tells the epoch of the lease. What was cached of stories under an
// earlier one is not seen any more: the region may have missed changes since.
func (c *Cache) SetEpoch(epoch int64) { c.epoch.Store(epoch) }

// ErrDown says that the cache doesn't answer; the database has everything.
var ErrDown = errors.New("the cache does not answer")

// Open prepares the client; it doesn't connect yet.
func Open(c Config) *Cache {
	cache := &Cache{auth: auth{renew: c.Renew}}
	cache.auth.token.Store(&c.Token)
	options := &goredis.ClusterOptions{
		Addrs: c.Addrs, CredentialsProviderContext: cache.auth.credentials,
		// The breaker tries again; a request that waits for the cache helps nobody.
		DialerRetries: 1, DialTimeout: 500 * time.Millisecond, ReadTimeout: time.Second, WriteTimeout: time.Second, PoolTimeout: time.Second,
		PoolSize: 64, MaxRedirects: 3, MinRetryBackoff: time.Millisecond, MaxRetryBackoff: 20 * time.Millisecond,
		DisableIdentity: true, Protocol: 2,
	}
	if c.TLS {
		options.TLSConfig = &tls.Config{MinVersion: tls.VersionTLS12}
	}
	cache.client = goredis.NewClusterClient(options)
	cache.client.AddHook(&cache.breaker) // sees what auth could not mend
	cache.client.AddHook(&cache.auth)
	return cache
}

// None is the cache of a region that has none: it is always down.
func None() *Cache {
	c := Open(Config{Addrs: []string{"127.0.0.1:1"}})
	c.breaker.until.Store(math.MaxInt64)
	return c
}

// Close closes every connection.
func (c *Cache) Close() error { return c.client.Close() }

// Ready says why the cache cannot serve, or nil.
func (c *Cache) Ready(ctx context.Context) error {
	if err := c.client.Ping(ctx).Err(); err != nil {
		return fmt.Errorf("cache: %w", err)
	}
	return nil
}

// Source is where in the database a fill was read.
type Source bool

// A Replica may be behind a write whose guard was lost with the cache.
const (
	Writer  Source = false
	Replica Source = true
)

// life is how long a fill is kept: what a replica said is not wrong for long.
func (s Source) life(usual time.Duration) time.Duration {
	if s == Replica {
		return min(usual, 10*time.Minute)
	}
	return usual
}

// tag is an ID as a hash tag: 22 characters, none of them a brace.
func tag(id app.ID) string {
	var b [24]byte
	b[0], b[23] = '{', '}'
	base64.RawURLEncoding.Encode(b[1:23], id[:])
	return string(b[:])
}

func feedKey(user app.ID) string      { return "f:" + tag(user) }
func scratchKey(user app.ID) string   { return "t:" + tag(user) }
func goneKey(user app.ID) string      { return "gone:" + tag(user) }
func wroteKey(user app.ID) string     { return "w:" + tag(user) }
func rebuildKey(user app.ID) string   { return "rb:" + tag(user) }
func rateKey(class, of string) string { return "rl:{" + of + "}:" + class }

func (c *Cache) storyKey(story app.ID) string  { return c.epochKey("p", story) }
func (c *Cache) countsKey(story app.ID) string { return c.epochKey("rx", story) }

func (c *Cache) epochKey(kind string, story app.ID) string {
	b := make([]byte, 0, 48)
	b = append(b, kind...)
	b = strconv.AppendInt(b, c.epoch.Load(), 36)
	b = append(b, ':', '{')
	b = base64.RawURLEncoding.AppendEncode(b, story[:])
	return string(append(b, '}'))
}

func sessionKey(user app.ID, hash [32]byte) string {
	return "s:" + tag(user) + ":" + base64.RawURLEncoding.EncodeToString(hash[:15])
}

// sessionRateKey counts per session, not per user: else anybody could use up
// another user's rate with forged tokens.
func sessionRateKey(user app.ID, hash [32]byte, class string) string {
	return "rl:" + tag(user) + ":" + class + base64.RawURLEncoding.EncodeToString(hash[:6])
}

// AddHook has h see every command; for metrics and tests. Call it before use.
func (c *Cache) AddHook(h goredis.Hook) { c.client.AddHook(h) }
