package redis

import (
	"context"
	"crypto/tls"
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"
	"sync"
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
	tls     bool
	auth    auth
	breaker breaker
	epoch   atomic.Int64
	cluster atomic.Pointer[goredis.ClusterClient]

	mu      sync.Mutex // held while cluster is replaced
	place   string     // of cluster
	hooks   []goredis.Hook
	retired []*goredis.ClusterClient
}

// SetEpoch tells the epoch of the lease. What was cached of stories under an
// earlier one is not seen any more: the region may have missed changes since.
func (c *Cache) SetEpoch(epoch int64) { c.epoch.Store(epoch) }

// ErrDown says that the cache doesn't answer; the database has everything.
var ErrDown = errors.New("the cache does not answer")

// ErrAbsent is the ErrDown of a region that has no cache, or has not been told
// where it is.
var ErrAbsent = fmt.Errorf("%w: there is none", ErrDown)

// Open prepares the client; it doesn't connect yet. Without addresses the cache is
// absent until Follow tells of one.
func Open(c Config) *Cache {
	cache := &Cache{tls: c.TLS, auth: auth{renew: c.Renew}, place: strings.Join(c.Addrs, ",")}
	cache.auth.token.Store(&c.Token)
	cache.breaker.absent.Store(len(c.Addrs) == 0)
	cache.hooks = []goredis.Hook{&cache.breaker, &cache.auth} // the breaker sees what auth could not mend
	cache.cluster.Store(cache.connect(c.Addrs))
	return cache
}

func (c *Cache) connect(addrs []string) *goredis.ClusterClient {
	if len(addrs) == 0 {
		addrs = []string{"127.0.0.1:1"} // never asked
	}
	options := &goredis.ClusterOptions{
		Addrs: addrs, CredentialsProviderContext: c.auth.credentials,
		// The breaker tries again; a request that waits for the cache helps nobody.
		DialerRetries: 1, DialTimeout: 500 * time.Millisecond, ReadTimeout: time.Second, WriteTimeout: time.Second, PoolTimeout: time.Second,
		PoolSize: 64, MaxRedirects: 3, MinRetryBackoff: time.Millisecond, MaxRetryBackoff: 20 * time.Millisecond,
		DisableIdentity: true, Protocol: 2,
		// A primary that is dead redirects nobody: its replica is found when the nodes
		// are asked anew, by default after a minute.
		ClusterStateReloadInterval: 5 * time.Second,
	}
	if c.tls {
		options.TLSConfig = &tls.Config{MinVersion: tls.VersionTLS12}
	}
	client := goredis.NewClusterClient(options)
	for _, h := range c.hooks {
		client.AddHook(h)
	}
	return client
}

func (c *Cache) client() *goredis.ClusterClient { return c.cluster.Load() }

// Access is the JSON object in the cache's secret.
type Access struct {
	Token    string `json:"token"`
	Endpoint string `json:"endpoint"` // host:port of the configuration endpoint; empty: there is no cache
}

// retireAfter is longer than any request that still uses the client of before.
const retireAfter = 30 * time.Second

// Follow takes up where the cluster is now, and its token: a client of another
// place replaces that of before, which finishes what is under way.
func (c *Cache) Follow(a Access) error {
	var addrs []string
	if a.Endpoint != "" {
		if host, port, err := net.SplitHostPort(a.Endpoint); err != nil || host == "" || port == "" {
			return fmt.Errorf("cache address %q is not host:port", a.Endpoint)
		}
		addrs = []string{a.Endpoint}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.auth.token.Store(&a.Token)
	if a.Endpoint == c.place {
		return nil
	}
	old := c.cluster.Swap(c.connect(addrs))
	c.breaker.absent.Store(len(addrs) == 0)
	c.place, c.retired = a.Endpoint, append(c.retired, old)
	time.AfterFunc(retireAfter, func() { old.Close() })
	return nil
}

// Close closes every connection.
func (c *Cache) Close() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, old := range c.retired {
		old.Close() // it may have been closed already
	}
	return c.client().Close()
}

// Ready says why the cache cannot serve, or nil. It asks every node, which leaves
// a connection open to each.
func (c *Cache) Ready(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	err := c.client().Ping(ctx).Err() // by way of the breaker
	if err == nil {
		err = c.client().ForEachShard(ctx, func(ctx context.Context, node *goredis.Client) error { return node.Ping(ctx).Err() })
	}
	switch {
	case err == nil:
		return nil
	case isRefused(err):
		err = app.Refused(err)
	}
	return fmt.Errorf("cache: %w", err)
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
func (c *Cache) AddHook(h goredis.Hook) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.hooks = append(c.hooks, h)
	c.client().AddHook(h)
}
