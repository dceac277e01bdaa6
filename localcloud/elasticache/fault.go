package elasticache

import (
	"context"
	"fmt"
	"syscall"
)

// KillNode ends a node as a fault does. ElastiCache notices, promotes a replica
// if it was a primary, and replaces it.
func (s *Service) KillNode(name string) error {
	for _, g := range s.groups.All() {
		for _, n := range g.nodes() {
			if n.name == name {
				return g.fail(n)
			}
		}
	}
	return fmt.Errorf("no group has a node %s", name)
}

// LoseZone ends every node of a zone; none comes back until ReturnZone.
func (s *Service) LoseZone(zone string) error {
	for _, g := range s.groups.All() {
		g.mu.Lock()
		if g.lost[zone] == nil {
			g.lost[zone] = make(chan struct{})
		}
		g.mu.Unlock()
		for _, n := range g.nodes() {
			if n.zone == zone {
				if err := g.fail(n); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// ReturnZone lets the nodes of a zone be replaced.
func (s *Service) ReturnZone(zone string) {
	for _, g := range s.groups.All() {
		g.mu.Lock()
		if back := g.lost[zone]; back != nil {
			close(back)
			delete(g.lost, zone)
		}
		g.mu.Unlock()
	}
}

// awaitZone returns when the zone is not lost, or with the error of ctx.
func (g *group) awaitZone(ctx context.Context, zone string) error {
	g.mu.Lock()
	back := g.lost[zone]
	g.mu.Unlock()
	if back == nil {
		return nil
	}
	select {
	case <-back:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// fail kills a node, if it runs.
func (g *group) fail(n *node) error {
	server := g.running(n)
	if server == nil {
		return nil
	}
	if err := server.proc.Signal(syscall.SIGKILL); err != nil {
		return err
	}
	<-server.Done()
	return nil
}
