package provider

import (
	"context"
	"sync"

	"google.golang.org/grpc/stats"
)

// connection is one provider of the program: the engine dials each, default
// and explicit, on a connection of its own, and says once how it is configured.
// No later call says which provider it is for.
type connection struct {
	mu      sync.Mutex
	region  string
	tagging tagging
}

func (c *connection) configure(region string, t tagging) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.region, c.tagging = region, t
}

func (c *connection) where() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.region
}

func (c *connection) tags() tagging {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.tagging
}

type connectionKey struct{}

// connections gives every gRPC connection its state.
type connections struct{}

func (connections) TagConn(ctx context.Context, _ *stats.ConnTagInfo) context.Context {
	return context.WithValue(ctx, connectionKey{}, &connection{})
}
func (connections) HandleConn(context.Context, stats.ConnStats)                     {}
func (connections) TagRPC(ctx context.Context, _ *stats.RPCTagInfo) context.Context { return ctx }
func (connections) HandleRPC(context.Context, stats.RPCStats)                       {}

// connectionOf is the connection that a call came by.
func connectionOf(ctx context.Context) *connection { return ctx.Value(connectionKey{}).(*connection) }
