package elasticache_test

import (
	"context"
	"fmt"
	"maps"
	"strings"
	"sync"
	"testing"

	"github.com/redis/go-redis/v9"

	"newsfeed/localcloud/cloud"
	"newsfeed/localcloud/elasticache"
)

// resized is r as an update declares it, and what came of that.
func resized(t *testing.T, s *elasticache.Service, r *cloud.Resource, change map[string]any) (*cloud.Resource, error) {
	t.Helper()
	next := &cloud.Resource{Type: r.Type, ID: r.ID, Region: r.Region, Outputs: maps.Clone(r.Outputs)}
	maps.Copy(next.Outputs, change)
	return next, s.Apply(t.Context(), next, r)
}

// TestResize changes the size of a cluster that serves, and has every key after
// each step.
func TestResize(t *testing.T) {
	t.Parallel()
	s, _, r := group(t, 1, 0)
	client := cluster(t, r)
	fill(t, client)
	for _, step := range []struct {
		what    string
		change  map[string]any
		nodes   int // that the status has
		primary int
	}{
		{"more shards, with replicas", map[string]any{"numNodeGroups": 3., "replicasPerNodeGroup": 1.}, 6, 3},
		{"fewer shards", map[string]any{"numNodeGroups": 2.}, 4, 2},
		{"no replicas", map[string]any{"replicasPerNodeGroup": 0.}, 2, 2},
		{"a larger type", map[string]any{"nodeType": "cache.m7g.large"}, 2, 2},
	} {
		next, err := resized(t, s, r, step.change)
		if err != nil {
			t.Fatalf("%s: %v", step.what, err)
		}
		r = next
		primaries, least := 0, 1<<14
		for _, n := range s.Status(t.Context())[0].Nodes {
			if n.Role == "primary" {
				primaries++
			}
		}
		if nodes := len(r.Strings("memberClusters")); nodes != step.nodes || primaries != step.primary {
			t.Errorf("%s: %d nodes, %d of them primaries: %v", step.what, nodes, primaries, r.Strings("memberClusters"))
		}
		eventually(t, step.what+": every key is there", func() error { return full(t, client) })
		client.ReloadState(t.Context())
		var mu sync.Mutex // the client asks all at once
		err = client.ForEachMaster(t.Context(), func(ctx context.Context, primary *redis.Client) error {
			n, err := primary.DBSize(ctx).Result()
			mu.Lock()
			defer mu.Unlock()
			least = min(least, int(n))
			return err
		})
		if err != nil || least < keys/2/step.primary {
			t.Errorf("%s: a shard has %d keys only: %v", step.what, least, err)
		}
	}
	gib := 6.38
	limits, err := client.ConfigGet(t.Context(), "maxmemory").Result()
	if err != nil || limits["maxmemory"] != fmt.Sprint(int64(gib*(1<<30))/32) {
		t.Errorf("a node holds %v: %v", limits, err)
	}
}

// TestShrinkThatDoesNotFit keeps the shards and the type that the data need.
func TestShrinkThatDoesNotFit(t *testing.T) {
	t.Parallel()
	s, _, r := group(t, 2, 0)
	client := cluster(t, r)
	for i := range 50 {
		if err := client.Set(t.Context(), fmt.Sprint("large", i), strings.Repeat("x", 1<<20), 0).Err(); err != nil {
			t.Fatal(err)
		}
	}
	for what, change := range map[string]map[string]any{
		"fewer shards":   {"numNodeGroups": 1.},
		"a smaller type": {"nodeType": "cache.t4g.micro"},
	} {
		_, err := resized(t, s, r, change)
		if err == nil || !strings.Contains(err.Error(), "InvalidReplicationGroupState: the data take") {
			t.Errorf("%s: %v", what, err)
		}
	}
	if st := s.Status(t.Context())[0]; len(st.Nodes) != 2 || st.Keys != 50 || !st.Available {
		t.Errorf("afterwards it is %+v", st)
	}
}
