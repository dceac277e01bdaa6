package feed

import (
	"context"
	"encoding/json"
	"log/slog"
	"time"

	"newsfeed/app"
	"newsfeed/app/metrics"
	"newsfeed/app/redis"
)

// Feed returns one page of the feed of the token's user. When the cache has all
// that is needed it takes two round trips to it and no SQL.
func (s *Service) Feed(ctx context.Context, token app.Token, q app.Query) (app.Page, error) {
	begun := s.Now()
	hash, user := token.Hash(), token.User()
	opening, err := s.Cache.Open(ctx, user, hash, q.Cursor.Below(), q.Limit+1)
	if err != nil {
		opening = redis.Opening{}
	}
	if _, err := s.admit(ctx, token, opening.Name, opening.Reads, s.Rates.Reads); err != nil {
		return app.Page{}, err
	}
	p := &pager{service: s, user: user, gone: opening.Gone, slice: opening.Feed, below: q.Cursor.Below(), limit: q.Limit,
		drained: len(opening.Feed.IDs) <= q.Limit}
	if epoch, fed := s.Gate.Fed(); !fed || !opening.Feed.Complete || opening.Feed.Epoch != epoch {
		p.slice = redis.Slice{}
		if fed && err == nil {
			s.wantRebuild(ctx, user)
		}
	}
	page, err := p.page(ctx)
	if err != nil {
		return page, err
	}
	s.active.note(user)
	s.Metrics.Add(metrics.FeedReads, 1)
	s.Metrics.Took(metrics.FeedReadLatency, begun, s.Now())
	if p.admitted {
		s.Metrics.Add(metrics.CacheMisses, 1)
	} else {
		s.Metrics.Add(metrics.CacheHits, 1)
	}
	return page, nil
}

// pager puts one page together: from the cached slice as far as that is
// complete, from the database beyond.
type pager struct {
	service  *Service
	user     app.ID
	gone     map[app.ID]bool
	slice    redis.Slice // read ahead from the cache; used up from the front
	drained  bool        // the cache has nothing behind slice
	below    app.ID      // everything from here on was scanned
	limit    int
	admitted bool // to the database
}

// pagerRounds bounds how often a page that came out short, because stories in it
// were deleted, is filled up. A short page with a cursor is no end of the feed.
const pagerRounds = 4

func (p *pager) page(ctx context.Context) (page app.Page, err error) {
	defer p.release()
	page.Stories = make([]json.RawMessage, 0, p.limit)
	more := true
	for round := 0; round < pagerRounds && more && len(page.Stories) < p.limit; round++ {
		var ids []app.ID
		if ids, more, err = p.next(ctx, p.limit-len(page.Stories)); err != nil {
			return page, err
		}
		found, err := p.service.stories(ctx, p.user, ids, p.gone)
		if err != nil {
			return page, err
		}
		page.Stories = append(page.Stories, found...)
		if len(ids) > 0 {
			p.below = ids[len(ids)-1]
		}
	}
	if more {
		page.Next = app.Cursor{At: p.below}
	}
	return page, nil
}

// next returns up to n IDs below p.below; more says whether there may be others
// further back.
func (p *pager) next(ctx context.Context, n int) (ids []app.ID, more bool, err error) {
	if len(p.slice.IDs) == 0 && p.slice.Complete && !p.drained {
		p.reload(ctx)
	}
	if p.slice.Complete && len(p.slice.IDs) > 0 {
		ids = p.slice.IDs[:min(n, len(p.slice.IDs))]
		p.slice.IDs = p.slice.IDs[len(ids):]
		if len(p.slice.IDs) > 0 || !p.drained {
			return ids, true, nil
		}
	}
	if p.slice.Complete && p.slice.Floor.IsZero() {
		return ids, false, nil // the cache holds the very first story
	}
	from := p.below
	if len(ids) > 0 {
		from = ids[len(ids)-1]
	}
	if p.slice.Complete && from.Compare(p.slice.Floor) > 0 {
		from = p.slice.Floor // the cache would know of any between
	}
	older, exhausted, err := p.older(ctx, from, n-len(ids)+1)
	if err != nil {
		if len(ids) > 0 && ctx.Err() == nil { // the next page may fail, this one need not
			slog.Warn("feed: page cut short", "error", err)
			return ids, true, nil
		}
		return nil, false, err
	}
	ids = append(ids, older...)
	if len(ids) > n {
		return ids[:n], true, nil
	}
	return ids, !exhausted, nil
}

// reload reads the next part of the cached feed, if that is still the same feed.
func (p *pager) reload(ctx context.Context) {
	slice, err := p.service.Cache.Range(ctx, p.user, p.below, p.limit+1)
	if err != nil || slice.Epoch != p.slice.Epoch {
		slice = redis.Slice{}
	}
	p.slice, p.drained = slice, len(slice.IDs) <= p.limit
}

// older asks the database, once this page is admitted there.
func (p *pager) older(ctx context.Context, below app.ID, n int) (ids []app.ID, exhausted bool, err error) {
	if err := p.admit(ctx); err != nil {
		return nil, false, err
	}
	ctx = p.service.fresh(ctx, p.user)
	friends, err := p.service.DB.FriendCount(ctx, p.user)
	if err != nil {
		return nil, false, err
	}
	return p.service.search(ctx, p.service.ofFriends(p.user), friends, below, n)
}

func (p *pager) admit(ctx context.Context) error {
	if p.admitted {
		return nil
	}
	wait := time.NewTimer(coldWait)
	defer wait.Stop()
	select {
	case p.service.unseen <- struct{}{}:
		p.admitted = true
		return nil
	case <-wait.C:
		return app.Overload()
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (p *pager) release() {
	if p.admitted {
		<-p.service.unseen
	}
}
