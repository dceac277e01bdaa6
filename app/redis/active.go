package redis

import (
	"context"
	"time"

	"newsfeed/app"
)

// Active users are counted by HyperLogLog: 12 KB each, within 1%.

func dailyKey(now time.Time) string   { return "dau:{" + now.UTC().Format("2006-01-02") + "}" }
func monthlyKey(now time.Time) string { return "mau:{" + now.UTC().Format("2006-01") + "}" }

// Active notes that users were active now.
func (c *Cache) Active(ctx context.Context, now time.Time, users []app.ID) error {
	members := make([]any, len(users))
	for i := range users {
		members[i] = users[i][:]
	}
	p := c.client().Pipeline()
	for key, life := range map[string]time.Duration{dailyKey(now): 3 * 24 * time.Hour, monthlyKey(now): 62 * 24 * time.Hour} {
		p.PFAdd(ctx, key, members...)
		p.Expire(ctx, key, life)
	}
	_, err := p.Exec(ctx)
	return err
}

// ActiveUsers counts the users who were active on now's day and in its month.
func (c *Cache) ActiveUsers(ctx context.Context, now time.Time) (day, month int64, err error) {
	if day, err = c.client().PFCount(ctx, dailyKey(now)).Result(); err != nil {
		return 0, 0, err
	}
	month, err = c.client().PFCount(ctx, monthlyKey(now)).Result()
	return day, month, err
}
