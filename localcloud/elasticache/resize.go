package elasticache

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
)

// resize makes the nodes of a group those of want: it adds, then moves the
// slots, then removes, so that the data are always somewhere.
func (g *group) resize(ctx context.Context, want []*shard, nodeType string) error {
	var kept, gone []*shard
	for _, s := range g.all() {
		if named(want, s.number) == nil {
			gone = append(gone, s)
		}
	}
	if len(gone) > 0 {
		if err := g.fits(ctx, len(want), nodeType); err != nil {
			return err
		}
	}
	for _, s := range want {
		have, err := g.extend(ctx, s)
		if err != nil {
			return err
		}
		kept = append(kept, have)
	}
	if err := g.settled(ctx); err != nil {
		return err
	}
	if err := g.rebalance(ctx, kept); err != nil {
		return err
	}
	for i, s := range kept {
		if err := g.reduce(ctx, s, want[i].nodes); err != nil {
			return err
		}
	}
	for _, s := range gone {
		if err := g.reduce(ctx, s, nil); err != nil {
			return err
		}
	}
	return g.settled(ctx)
}

// extend starts the nodes of want that its shard has not; all of them if there
// is no such shard.
func (g *group) extend(ctx context.Context, want *shard) (*shard, error) {
	have := named(g.all(), want.number)
	if have == nil {
		have = &shard{number: want.number}
		g.mu.Lock()
		g.shards = append(g.shards, have)
		g.mu.Unlock()
	}
	for _, n := range want.nodes {
		if slices.ContainsFunc(g.members(have), func(o *node) bool { return o.name == n.name }) {
			continue
		}
		primary := ""
		if len(g.members(have)) > 0 {
			leader, _ := g.primary(ctx, have)
			if leader == nil {
				return nil, fmt.Errorf("shard %s has no primary: wait until its node is replaced", have.number)
			}
			primary = leader.id
		}
		g.mu.Lock()
		have.nodes = append(have.nodes, n)
		g.mu.Unlock()
		if err := g.join(ctx, n, primary); err != nil {
			return nil, err
		}
	}
	return have, nil
}

// join starts a node that follows primary, "" being a primary itself, and makes
// the others know it.
func (g *group) join(ctx context.Context, n *node, primary string) error {
	members := g.servers()
	if len(members) == 0 {
		return errors.New("every node is down")
	}
	nodes, err := members[0].client.ClusterNodes(ctx).Result()
	if err != nil {
		return err
	}
	info, err := members[0].client.ClusterInfo(ctx).Result()
	if err != nil {
		return err
	}
	_, after, _ := strings.Cut(info, "cluster_current_epoch:")
	epoch, err := strconv.Atoi(strings.TrimSpace(strings.SplitN(after, "\r", 2)[0]))
	if err != nil {
		return fmt.Errorf("the epoch of the cluster: %w", err)
	}
	if err := g.launch(ctx, n, joining(n, primary, nodes, epoch)); err != nil {
		return err
	}
	for _, member := range members {
		if err := member.client.ClusterMeet(ctx, n.cfg.Address, strconv.Itoa(n.cfg.Port)).Err(); err != nil {
			return err
		}
	}
	return nil
}

// reduce removes the nodes of a shard that are not in keep, the primary last;
// of a shard that stays another becomes the primary before.
func (g *group) reduce(ctx context.Context, s *shard, keep []*node) error {
	leader, _ := g.primary(ctx, s)
	var surplus []*node
	for _, n := range g.members(s) {
		if !slices.ContainsFunc(keep, func(o *node) bool { return o.name == n.name }) {
			surplus = append(surplus, n)
		}
	}
	if slices.Contains(surplus, leader) {
		for _, n := range g.members(s) {
			if server := g.running(n); server != nil && !slices.Contains(surplus, n) {
				if err := server.takeOver(ctx); err != nil {
					return err
				}
				break
			}
		}
		surplus = append(slices.DeleteFunc(surplus, func(n *node) bool { return n == leader }), leader)
	}
	for _, n := range surplus {
		if err := g.remove(ctx, s, n); err != nil {
			return err
		}
	}
	return nil
}

// remove ends a node, and nobody knows it any more.
func (g *group) remove(ctx context.Context, s *shard, n *node) error {
	n.kept.Stop()
	g.mu.Lock()
	s.nodes = slices.DeleteFunc(s.nodes, func(o *node) bool { return o == n })
	if len(s.nodes) == 0 {
		g.shards = slices.DeleteFunc(g.shards, func(o *shard) bool { return o == s })
	}
	g.mu.Unlock()
	err := g.each(func(server *Server) error {
		err := server.client.ClusterForget(ctx, n.id).Err()
		if err != nil && strings.Contains(err.Error(), "Unknown node") {
			return nil
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("forget node %s: %w", n.name, err)
	}
	if err := os.RemoveAll(n.cfg.Dir); err != nil {
		return err
	}
	return g.release(n)
}

// named is the shard of that number, or nil.
func named(all []*shard, number string) *shard {
	i := slices.IndexFunc(all, func(s *shard) bool { return s.number == number })
	if i < 0 {
		return nil
	}
	return all[i]
}
