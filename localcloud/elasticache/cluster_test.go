package elasticache_test

import (
	"context"
	"crypto/tls"
	"fmt"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"newsfeed/localcloud/cloud"
	"newsfeed/localcloud/elasticache"
)

// cluster is a client as the app has one: it learns the nodes at the endpoint.
func cluster(t *testing.T, r *cloud.Resource) *redis.ClusterClient {
	t.Helper()
	client := redis.NewClusterClient(&redis.ClusterOptions{
		Addrs:    []string{fmt.Sprintf("%s:%d", r.String("configurationEndpointAddress"), r.Int("port", 0))},
		Password: r.String("authToken"), TLSConfig: &tls.Config{InsecureSkipVerify: true},
		ClusterStateReloadInterval: time.Second, DialerRetries: 1})
	t.Cleanup(func() { client.Close() })
	return client
}

const keys = 300

// fill writes keys all over the slots, and returns when the replicas have them.
func fill(t *testing.T, client *redis.ClusterClient) {
	t.Helper()
	for i := range keys {
		if err := client.Set(t.Context(), fmt.Sprint("key", i), i, 0).Err(); err != nil {
			t.Fatal(err)
		}
	}
	err := client.ForEachMaster(t.Context(), func(ctx context.Context, primary *redis.Client) error {
		info, err := primary.Info(ctx, "replication").Result()
		if err == nil && !strings.Contains(info, "connected_slaves:0") {
			err = primary.Wait(ctx, 1, 10*time.Second).Err()
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// full says whether every key is there.
func full(t *testing.T, client *redis.ClusterClient) error {
	for i := range keys {
		if n, err := client.Get(t.Context(), fmt.Sprint("key", i)).Int(); err != nil || n != i {
			return fmt.Errorf("key %d is %d: %w", i, n, err)
		}
	}
	return nil
}

func eventually(t *testing.T, what string, check func() error) {
	t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.After(60 * time.Second); ; {
		err := check()
		if err == nil {
			return
		}
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("%s: %v", what, err)
		}
	}
}

// roles are the nodes that do well, by name: what each is, and where.
func roles(t *testing.T, s *elasticache.Service) map[string]string {
	t.Helper()
	is := map[string]string{}
	for _, n := range s.Status(t.Context())[0].Nodes {
		if n.Available {
			is[n.Name] = n.Role + " in " + n.Zone
		}
	}
	return is
}

// TestFaults kills nodes of a cluster, and looks who is the primary then and
// whether the data are there.
func TestFaults(t *testing.T) {
	t.Parallel()
	const a, c = " in " + seoul + "a", " in " + seoul + "c"
	begin := map[string]string{"cache-0001-001": "primary" + a, "cache-0001-002": "replica" + c,
		"cache-0002-001": "primary" + c, "cache-0002-002": "replica" + a}
	for name, tt := range map[string]struct {
		fail   func(*elasticache.Service) error
		during map[string]string // beside what stays
		after  map[string]string
	}{
		"a primary dies: its replica takes over, and it comes back as a replica": {
			fail:  func(s *elasticache.Service) error { return s.KillNode("cache-0001-001") },
			after: map[string]string{"cache-0001-001": "replica" + a, "cache-0001-002": "primary" + c}},
		"a replica dies and comes back": {
			fail: func(s *elasticache.Service) error { return s.KillNode("cache-0002-002") }},
		"a zone is lost until it returns: the other serves all": {
			fail:   func(s *elasticache.Service) error { return s.LoseZone(seoul + "a") },
			during: map[string]string{"cache-0001-001": "", "cache-0001-002": "primary" + c, "cache-0002-002": ""},
			after:  map[string]string{"cache-0001-001": "replica" + a, "cache-0001-002": "primary" + c}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, _, r := group(t, 2, 1)
			if is := roles(t, s); !maps.Equal(is, begin) {
				t.Fatalf("it begins as %v", is)
			}
			client := cluster(t, r)
			fill(t, client)
			if err := tt.fail(s); err != nil {
				t.Fatal(err)
			}
			phases := []map[string]string{tt.after}
			if tt.during != nil {
				phases = []map[string]string{tt.during, tt.after}
			}
			for _, wanted := range phases {
				want := maps.Clone(begin)
				maps.Copy(want, wanted)
				maps.DeleteFunc(want, func(_, role string) bool { return role == "" })
				eventually(t, "the nodes are what they are to be", func() error {
					if is := roles(t, s); !maps.Equal(is, want) {
						return fmt.Errorf("%v, want %v", is, want)
					}
					return nil
				})
				eventually(t, "every key is there", func() error { return full(t, client) })
				s.ReturnZone(seoul + "a")
			}
			other := cluster(t, r)
			eventually(t, "who comes new finds every key", func() error { return full(t, other) })
		})
	}
}
