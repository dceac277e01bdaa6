package elasticache

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"github.com/redis/go-redis/v9"
)

// batch is how many slots move at once.
const batch = 512

// moveTimeout is how many milliseconds a key may take to move.
const moveTimeout = 5000

// rebalance moves slots, with their keys, until the shards to keep own as many
// each and the others none. Clients go on meanwhile.
func (g *group) rebalance(ctx context.Context, keep []*shard) error {
	owned, err := g.owned(ctx)
	if err != nil {
		return err
	}
	due := map[*shard]int{}
	for i, s := range keep {
		due[s] = (i+1)*slots/len(keep) - i*slots/len(keep)
	}
	for _, from := range g.all() {
		for _, to := range keep {
			n := min(len(owned[from])-due[from], due[to]-len(owned[to]))
			if n <= 0 {
				continue
			}
			rest := len(owned[from]) - n
			moving := owned[from][rest:]
			if err := g.move(ctx, moving, from, to); err != nil {
				return fmt.Errorf("move slots from shard %s to %s: %w", from.number, to.number, err)
			}
			owned[from], owned[to] = owned[from][:rest], append(owned[to], moving...)
		}
	}
	return nil
}

// owned are the slots of each shard.
func (g *group) owned(ctx context.Context) (map[*shard][]int, error) {
	servers := g.servers()
	if len(servers) == 0 {
		return nil, errors.New("every node is down")
	}
	ranges, err := servers[0].client.ClusterSlots(ctx).Result()
	if err != nil {
		return nil, err
	}
	owned := map[*shard][]int{}
	for _, r := range ranges {
		for _, s := range g.all() {
			for _, n := range g.members(s) {
				for slot := r.Start; n.id == r.Nodes[0].ID && slot <= r.End; slot++ {
					owned[s] = append(owned[s], slot)
				}
			}
		}
	}
	return owned, nil
}

// move gives slots and their keys to another shard.
func (g *group) move(ctx context.Context, moving []int, from, to *shard) error {
	source, src := g.primary(ctx, from)
	target, dst := g.primary(ctx, to)
	if src == nil || dst == nil {
		return errors.New("it has no primary")
	}
	for len(moving) > 0 {
		part := moving[:min(batch, len(moving))]
		moving = moving[len(part):]
		if err := dst.setSlots(ctx, part, "IMPORTING", source.id); err != nil {
			return err
		}
		if err := src.setSlots(ctx, part, "MIGRATING", target.id); err != nil {
			return err
		}
		if err := src.migrate(ctx, part, target, g.valid()[0]); err != nil {
			return err
		}
		// The new owner first, then the old one, then who only looks on.
		order := append([]*Server{dst, src}, g.primaries(ctx)...)
		for _, server := range order {
			if err := server.setSlots(ctx, part, "NODE", target.id); err != nil {
				return err
			}
		}
	}
	return nil
}

// setSlots says of each slot what becomes of it.
func (s *Server) setSlots(ctx context.Context, of []int, state, node string) error {
	_, err := s.client.Pipelined(ctx, func(pipe redis.Pipeliner) error {
		for _, slot := range of {
			pipe.Do(ctx, "CLUSTER", "SETSLOT", slot, state, node)
		}
		return nil
	})
	return err
}

// migrate moves the keys of slots, until there are none.
func (s *Server) migrate(ctx context.Context, of []int, to *node, token string) error {
	for {
		found := make([]*redis.StringSliceCmd, len(of))
		_, err := s.client.Pipelined(ctx, func(pipe redis.Pipeliner) error {
			for i, slot := range of {
				found[i] = pipe.ClusterGetKeysInSlot(ctx, slot, batch)
			}
			return nil
		})
		if err != nil {
			return err
		}
		left := 0
		_, err = s.client.Pipelined(ctx, func(pipe redis.Pipeliner) error {
			for _, slot := range found {
				if keys := slot.Val(); len(keys) > 0 {
					left++
					pipe.Do(ctx, to.takes(keys, token)...)
				}
			}
			return nil
		})
		if err != nil || left == 0 {
			return err
		}
	}
}

// takes is the command by which another node gives keys of one slot to n.
func (n *node) takes(keys []string, token string) []any {
	command := []any{"MIGRATE", n.cfg.Address, strconv.Itoa(n.cfg.Port), "", 0, moveTimeout, "REPLACE"}
	if token != "" {
		command = append(command, "AUTH", token)
	}
	command = append(command, "KEYS")
	for _, key := range keys {
		command = append(command, key)
	}
	return command
}

// primary is the node of a shard that takes its writes, or nil.
func (g *group) primary(ctx context.Context, s *shard) (*node, *Server) {
	for _, n := range g.members(s) {
		if server := g.running(n); server != nil {
			if role, _, err := server.role(ctx); err == nil && role == "master" {
				return n, server
			}
		}
	}
	return nil, nil
}

// primaries are the servers that take writes.
func (g *group) primaries(ctx context.Context) []*Server {
	var all []*Server
	for _, s := range g.all() {
		if _, server := g.primary(ctx, s); server != nil {
			all = append(all, server)
		}
	}
	return all
}
