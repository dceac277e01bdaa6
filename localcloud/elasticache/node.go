package elasticache

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"newsfeed/localcloud/process"
)

// What AWS takes. A failover is a matter of seconds, a new node one of minutes
// (ElastiCache user guide, Minimizing downtime with Multi-AZ); it gives no numbers.
const (
	detection   = 15 * time.Second
	replacement = 5 * time.Minute
)

// node is one cache node.
type node struct {
	name string // <group>-<shard>-<node>
	id   string // among Redis's own
	zone string
	cfg  ServerConfig

	kept *process.Keeper[*Server] // nil until it first ran; group.mu guards it
}

// launch starts a node as a member of the cluster that nodes describes, and
// keeps it running.
func (g *group) launch(ctx context.Context, n *node, nodes string) error {
	again := false
	kept, err := process.Keep(ctx, n.name, func(ctx context.Context) (*Server, error) {
		cfg := n.cfg
		cfg.Nodes = nodes
		if again {
			if err := g.replace(ctx, n); err != nil {
				return nil, err
			}
			known, err := os.ReadFile(nodesFile(cfg.Dir))
			if err != nil {
				return nil, err
			}
			cfg.Nodes = string(known)
		}
		again = true
		tokens := g.valid()
		cfg.Token, cfg.Parameters = tokens[0], g.settings()
		server, err := StartServer(ctx, cfg)
		if err != nil {
			return nil, err
		}
		if err := server.SetTokens(ctx, tokens...); err != nil {
			server.Stop()
			return nil, err
		}
		return server, nil
	})
	if err != nil {
		return fmt.Errorf("node %s: %w", n.name, err)
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	n.kept = kept
	return nil
}

// replace returns when a node that died may come back: a replica of its shard
// is the primary by then, if one lives.
func (g *group) replace(ctx context.Context, n *node) error {
	if err := g.clock.Sleep(ctx, detection); err != nil {
		return err
	}
	if err := g.promote(ctx, n); err != nil {
		return err
	}
	if err := g.awaitZone(ctx, n.zone); err != nil {
		return err
	}
	return g.clock.Sleep(ctx, replacement)
}

// promote gives the shard of a dead node a primary, if it has none and a
// replica lives.
func (g *group) promote(ctx context.Context, dead *node) error {
	var best *Server
	most := -1
	for _, n := range g.shardOf(dead) {
		server := g.running(n)
		if n == dead || server == nil {
			continue
		}
		role, offset, err := server.role(ctx)
		if err != nil {
			continue // it died, too
		}
		if role == "master" {
			return nil
		}
		if offset > most {
			best, most = server, offset
		}
	}
	if best == nil {
		return nil
	}
	return best.takeOver(ctx)
}

// takeOver makes a replica the primary, whether the one before lives or not.
func (s *Server) takeOver(ctx context.Context) error {
	if err := s.client.Do(ctx, "CLUSTER", "FAILOVER", "TAKEOVER").Err(); err != nil {
		return fmt.Errorf("promote: %w", err)
	}
	return until(ctx, func() error {
		if role, _, err := s.role(ctx); err != nil || role != "master" {
			return errors.Join(err, fmt.Errorf("it is a %s", role))
		}
		return nil
	})
}

// role is master or slave, and how far its data go.
func (s *Server) role(ctx context.Context) (role string, offset int, err error) {
	info, err := s.client.Info(ctx, "replication").Result()
	if err != nil {
		return "", 0, err
	}
	for field := range strings.Lines(info) {
		name, value, _ := strings.Cut(strings.TrimSpace(field), ":")
		switch name {
		case "role":
			role = value
		case "master_repl_offset":
			fmt.Sscan(value, &offset)
		}
	}
	return role, offset, nil
}

// until asks again until check returns nil, or fails with its last error when
// ctx ends.
func until(ctx context.Context, check func() error) error {
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		err := check()
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%w; last answer: %w", ctx.Err(), err)
		case <-tick.C:
		}
	}
}
