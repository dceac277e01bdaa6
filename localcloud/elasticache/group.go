package elasticache

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"newsfeed/localcloud/clock"
	"newsfeed/localcloud/process"
)

// group is a replication group that runs.
type group struct {
	clock *clock.Clock
	arn   string
	door  *door
	// release gives back the address of a node that is removed.
	release func(*node) error

	mu         sync.Mutex
	shards     []*shard
	tokens     []string // that clients may give; the first is the group's own
	parameters map[string]string
	lost       map[string]chan struct{} // zones that are down; closed when one is back
}

// shard is a primary and its replicas. The first node is the primary only until
// the first failover.
type shard struct {
	number string
	nodes  []*node
}

// form starts every node of a group that is new, and returns when the cluster
// serves and each replica follows its primary.
func (g *group) form(ctx context.Context) error {
	var all errgroup.Group
	for _, n := range g.nodes() {
		all.Go(func() error { return g.launch(ctx, n, g.layout(n)) })
	}
	if err := all.Wait(); err != nil {
		return err
	}
	return g.settled(ctx)
}

// settleTimeout is how long the nodes may take to agree.
const settleTimeout = time.Minute

// settled returns when every node says that the cluster is ok and is connected
// to all members, and every replica has its primary's data.
func (g *group) settled(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, settleTimeout)
	defer cancel()
	nodes := g.nodes()
	for _, n := range nodes {
		if err := until(ctx, func() error { return g.well(ctx, n, len(nodes)) }); err != nil {
			return fmt.Errorf("node %s: %w", n.name, err)
		}
	}
	return nil
}

// well is the reason why a node isn't yet.
func (g *group) well(ctx context.Context, n *node, members int) error {
	server := g.running(n)
	if server == nil {
		return errors.New("it is down")
	}
	info, err := server.client.ClusterInfo(ctx).Result()
	if err != nil {
		return err
	}
	known, err := server.client.ClusterNodes(ctx).Result()
	if err != nil {
		return err
	}
	if strings.Count(known, " connected") != members || !strings.Contains(info, "cluster_state:ok") {
		return fmt.Errorf("the cluster is not whole:\n%s", known)
	}
	replication, err := server.client.Info(ctx, "replication").Result()
	if err == nil && strings.Contains(replication, "role:slave") && !strings.Contains(replication, "master_link_status:up") {
		err = errors.New("it has not its primary's data yet")
	}
	return err
}

// nodes are all, shard by shard.
func (g *group) nodes() []*node {
	g.mu.Lock()
	defer g.mu.Unlock()
	return together(g.shards)
}

func together(shards []*shard) []*node {
	var all []*node
	for _, s := range shards {
		all = append(all, s.nodes...)
	}
	return all
}

// all are the shards.
func (g *group) all() []*shard {
	g.mu.Lock()
	defer g.mu.Unlock()
	return slices.Clone(g.shards)
}

// members are the nodes of a shard.
func (g *group) members(s *shard) []*node {
	g.mu.Lock()
	defer g.mu.Unlock()
	return slices.Clone(s.nodes)
}

// shardOf are the nodes of n's shard.
func (g *group) shardOf(n *node) []*node {
	for _, s := range g.all() {
		if members := g.members(s); slices.Contains(members, n) {
			return members
		}
	}
	return nil
}

// running is the node's server, or nil while it is down.
func (g *group) running(n *node) *Server {
	g.mu.Lock()
	kept := n.kept
	g.mu.Unlock()
	if kept == nil || !kept.Current().proc.Running() {
		return nil
	}
	return kept.Current()
}

// servers are those of all nodes that run.
func (g *group) servers() []*Server {
	var all []*Server
	for _, n := range g.nodes() {
		if server := g.running(n); server != nil {
			all = append(all, server)
		}
	}
	return all
}

// each does something to every server that runs.
func (g *group) each(do func(*Server) error) error {
	for _, server := range g.servers() {
		if err := do(server); err != nil {
			return err
		}
	}
	return nil
}

// addresses are those of the nodes that run.
func (g *group) addresses() []string {
	var all []string
	for _, n := range g.nodes() {
		if g.running(n) != nil {
			all = append(all, net.JoinHostPort(n.cfg.Address, strconv.Itoa(n.cfg.Port)))
		}
	}
	return all
}

func (g *group) valid() []string {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.tokens
}

func (g *group) settings() map[string]string {
	g.mu.Lock()
	defer g.mu.Unlock()
	return maps.Clone(g.parameters)
}

// configure changes what differs from before, while the group serves.
func (g *group) configure(ctx context.Context, parameters map[string]string) error {
	before := g.settings()
	g.mu.Lock()
	g.parameters = parameters
	g.mu.Unlock()
	return g.each(func(server *Server) error {
		for name, value := range parameters {
			if before[name] != value {
				if err := server.client.ConfigSet(ctx, name, value).Err(); err != nil {
					return fmt.Errorf("set %s: %w", name, err)
				}
			}
		}
		return nil
	})
}

// authenticate makes these the tokens that new connections may give.
func (g *group) authenticate(ctx context.Context, tokens ...string) error {
	g.mu.Lock()
	g.tokens = tokens
	g.mu.Unlock()
	return g.each(func(server *Server) error { return server.SetTokens(ctx, tokens...) })
}

// Stop ends every node.
func (g *group) Stop() { g.end((*process.Keeper[*Server]).Stop) }

// Kill ends them at once.
func (g *group) Kill() { g.end((*process.Keeper[*Server]).Kill) }

func (g *group) end(end func(*process.Keeper[*Server])) {
	if g.door != nil {
		g.door.Close()
	}
	var all sync.WaitGroup
	for _, n := range g.nodes() {
		g.mu.Lock()
		kept := n.kept
		g.mu.Unlock()
		if kept != nil {
			all.Go(func() { end(kept) })
		}
	}
	all.Wait()
}
