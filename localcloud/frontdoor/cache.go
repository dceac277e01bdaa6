package frontdoor

import (
	"context"
	"net/netip"
	"sync"
	"time"
)

// cache keeps the one answer that matters for as long as its TTL allows.
// Failures are not kept: the user tries again and sees what is then.
type cache struct {
	mu      sync.Mutex
	addrs   []netip.Addr
	expires time.Time
}

func (c *cache) lookup(ctx context.Context, cfg Config) ([]netip.Addr, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if time.Now().Before(c.expires) {
		return c.addrs, nil
	}
	addrs, ttl, err := cfg.Lookup(ctx, cfg.Domain)
	if err != nil {
		return nil, err
	}
	if cfg.MaxTTL > 0 {
		ttl = min(ttl, cfg.MaxTTL)
	}
	c.addrs, c.expires = addrs, time.Now().Add(ttl)
	return addrs, nil
}
