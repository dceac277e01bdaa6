package redis

import (
	"context"
	"net"
	"sync/atomic"

	goredis "github.com/redis/go-redis/v9"
)

// auth opens connections with the token of the moment. That it was rotated shows
// by a node refusing it: then the token is renewed and the commands sent again.
// Connections that are open stay good.
type auth struct {
	token atomic.Pointer[string]
	renew func(ctx context.Context, refused string) (string, error) // may be nil
}

// credentials is asked before each connection; the user is the default one.
func (a *auth) credentials(context.Context) (user, token string, err error) {
	return "", *a.token.Load(), nil
}

func isRefused(err error) bool {
	return goredis.HasErrorPrefix(err, "WRONGPASS") || goredis.HasErrorPrefix(err, "NOAUTH")
}

// again runs send once more if the token that it was refused with has changed.
func (a *auth) again(ctx context.Context, send func() error) error {
	used := a.token.Load()
	err := send()
	if a.renew == nil || !isRefused(err) {
		return err
	}
	renewed, failed := a.renew(ctx, *used)
	if failed != nil || renewed == *used {
		return err
	}
	a.token.CompareAndSwap(used, &renewed)
	return send()
}

// DialHook leaves dialling as it is.
func (a *auth) DialHook(next goredis.DialHook) goredis.DialHook {
	return func(ctx context.Context, network, addr string) (net.Conn, error) { return next(ctx, network, addr) }
}

// ProcessHook sends a command.
func (a *auth) ProcessHook(next goredis.ProcessHook) goredis.ProcessHook {
	return func(ctx context.Context, cmd goredis.Cmder) error {
		return a.again(ctx, func() error { return next(ctx, cmd) })
	}
}

// ProcessPipelineHook sends a pipeline.
func (a *auth) ProcessPipelineHook(next goredis.ProcessPipelineHook) goredis.ProcessPipelineHook {
	return func(ctx context.Context, cmds []goredis.Cmder) error {
		return a.again(ctx, func() error { return next(ctx, cmds) })
	}
}
