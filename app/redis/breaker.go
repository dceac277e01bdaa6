package redis

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync/atomic"
	"time"

	goredis "github.com/redis/go-redis/v9"
)

// breaker refuses commands to a cluster that failed, but for one each moment that
// tries whether it is back.
type breaker struct {
	until  atomic.Int64 // Unix nanoseconds of the next try; 0: all is well
	absent atomic.Bool  // there is no cluster
}

const breakFor = 250 * time.Millisecond

// open returns nil when the cluster may be asked.
func (b *breaker) open() error {
	if b.absent.Load() {
		return ErrAbsent
	}
	until := b.until.Load()
	if until == 0 {
		return nil
	}
	now := time.Now()
	if now.UnixNano() < until || !b.until.CompareAndSwap(until, now.Add(breakFor).UnixNano()) {
		return ErrDown
	}
	return nil
}

// note remembers a failure that says the node is away, or does not know us; what
// else a node answers is none, nor that our caller gave up.
func (b *breaker) note(ctx context.Context, err error) error {
	var reply goredis.Error
	switch {
	case errors.Is(err, ErrDown), err != nil && ctx.Err() != nil:
		return err
	case err == nil, errors.As(err, &reply) && !isClusterDown(err) && !isRefused(err):
		if b.until.Load() != 0 {
			b.until.Store(0)
		}
		return err
	}
	b.until.Store(time.Now().Add(breakFor).UnixNano())
	return fmt.Errorf("%w: %w", ErrDown, err)
}

func isClusterDown(err error) bool {
	return goredis.HasErrorPrefix(err, "CLUSTERDOWN") || goredis.HasErrorPrefix(err, "LOADING")
}

// DialHook leaves dialling as it is.
func (b *breaker) DialHook(next goredis.DialHook) goredis.DialHook {
	return func(ctx context.Context, network, addr string) (net.Conn, error) { return next(ctx, network, addr) }
}

// ProcessHook refuses commands while the breaker is open.
func (b *breaker) ProcessHook(next goredis.ProcessHook) goredis.ProcessHook {
	return func(ctx context.Context, cmd goredis.Cmder) error {
		if err := b.open(); err != nil {
			cmd.SetErr(err)
			return err
		}
		return b.note(ctx, next(ctx, cmd))
	}
}

// ProcessPipelineHook refuses pipelines while the breaker is open.
func (b *breaker) ProcessPipelineHook(next goredis.ProcessPipelineHook) goredis.ProcessPipelineHook {
	return func(ctx context.Context, cmds []goredis.Cmder) error {
		if err := b.open(); err != nil {
			for _, cmd := range cmds {
				cmd.SetErr(err)
			}
			return err
		}
		return b.note(ctx, next(ctx, cmds))
	}
}
