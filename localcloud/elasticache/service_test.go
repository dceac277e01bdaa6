package elasticache_test

import (
	"crypto/tls"
	"fmt"
	"maps"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"

	"newsfeed/localcloud/acm"
	"newsfeed/localcloud/clock"
	"newsfeed/localcloud/cloud"
	"newsfeed/localcloud/elasticache"
)

const (
	seoul     = "ap-northeast-2"
	groupType = "aws:elasticache/replicationGroup:ReplicationGroup"

	subnetType = "aws:ec2/subnet:Subnet"
)

// group is a service with a replication group of that size, in two zones, that
// takes the first token.
func group(t *testing.T, shards, replicas int) (*elasticache.Service, *cloud.Store, *cloud.Resource) {
	t.Helper()
	dir := t.TempDir()
	store, err := cloud.OpenStore(dir + "/records")
	if err != nil {
		t.Fatal(err)
	}
	addresses, err := cloud.OpenAddresses(dir, store)
	if err != nil {
		t.Fatal(err)
	}
	authority, err := acm.Open(dir + "/acm")
	if err != nil {
		t.Fatal(err)
	}
	s := elasticache.New(dir+"/elasticache", store, addresses, authority, clock.New(600))
	t.Cleanup(s.Close)
	r := &cloud.Resource{Type: groupType, ID: "cache", Region: seoul, Outputs: map[string]any{
		"arn": "arn:aws:elasticache:" + seoul + ":000000000000:replicationgroup:cache", "subnetGroupName": "group",
		"numNodeGroups": float64(shards), "replicasPerNodeGroup": float64(replicas), "nodeType": "cache.t4g.small",
		"transitEncryptionEnabled": true, "authToken": "the first token, long"}}
	block := fmt.Sprintf("10.%d.%d", 241+rand.IntN(10), 128+rand.IntN(128))
	for _, needed := range []*cloud.Resource{r,
		{Type: subnetType, ID: "a", Region: seoul,
			Outputs: map[string]any{"cidrBlock": block + ".0/25", "availabilityZone": seoul + "a"}},
		{Type: subnetType, ID: "c", Region: seoul,
			Outputs: map[string]any{"cidrBlock": block + ".128/25", "availabilityZone": seoul + "c"}},
		{Type: "aws:elasticache/subnetGroup:SubnetGroup", ID: "group", Region: seoul,
			Outputs: map[string]any{"subnetIds": []any{"a", "c"}}},
	} {
		if err := store.Put(needed); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Apply(t.Context(), r, nil); err != nil {
		t.Fatal(err)
	}
	return s, store, r
}

// signIn opens a connection with a token.
func signIn(t *testing.T, r *cloud.Resource, token string) (*redis.Client, error) {
	client := redis.NewClient(&redis.Options{Addr: fmt.Sprintf("%s:%d", r.String("configurationEndpointAddress"), r.Int("port", 0)),
		Password: token, MaxRetries: -1, TLSConfig: &tls.Config{InsecureSkipVerify: true}})
	t.Cleanup(func() { client.Close() })
	return client, client.Ping(t.Context()).Err()
}

// TestTokens rotates the auth token twice, with the cache in use.
func TestTokens(t *testing.T) {
	t.Parallel()
	s, store, r := group(t, 1, 1)
	open, err := signIn(t, r, "the first token, long")
	if err != nil {
		t.Fatal(err)
	}
	if err := open.Set(t.Context(), "key", "value", 0).Err(); err != nil {
		t.Fatal(err)
	}
	for _, step := range []struct {
		strategy, token  string
		accepted, denied []string
	}{
		{"ROTATE", "the second token, long", []string{"the first token, long", "the second token, long"}, []string{"", "another"}},
		{"SET", "the second token, long", []string{"the second token, long"}, []string{"the first token, long"}},
		{"ROTATE", "the third token, long", []string{"the second token, long", "the third token, long"}, []string{"the first token, long"}},
	} {
		next := &cloud.Resource{Type: r.Type, ID: r.ID, Region: r.Region, Outputs: maps.Clone(r.Outputs)}
		next.Outputs["authToken"], next.Outputs["authTokenUpdateStrategy"] = step.token, step.strategy
		if err := s.Apply(t.Context(), next, r); err != nil {
			t.Fatal(err)
		}
		if err := store.Put(next); err != nil {
			t.Fatal(err)
		}
		r = next
		for _, token := range step.accepted {
			if _, err := signIn(t, r, token); err != nil {
				t.Errorf("after %s: %q: %v", step.strategy, token, err)
			}
		}
		for _, token := range step.denied {
			if _, err := signIn(t, r, token); err == nil || !strings.Contains(err.Error(), "NOAUTH") && !strings.Contains(err.Error(), "WRONGPASS") {
				t.Errorf("after %s: %q: error %v", step.strategy, token, err)
			}
		}
	}
	straight := &cloud.Resource{Type: r.Type, ID: r.ID, Region: r.Region, Outputs: maps.Clone(r.Outputs)}
	straight.Outputs["authToken"], straight.Outputs["authTokenUpdateStrategy"] = "the fourth token, long", "SET"
	if err := s.Apply(t.Context(), straight, r); err == nil || !strings.Contains(err.Error(), "update with ROTATE first") {
		t.Errorf("a token that was never rotated in is set: %v", err)
	}
	if value, err := open.Get(t.Context(), "key").Result(); err != nil || value != "value" {
		t.Errorf("a connection that was open reads %q: %v", value, err)
	}
	if st := s.Status(t.Context()); len(st) != 1 || !st[0].Available || st[0].Keys != 1 {
		t.Errorf("the status is %+v", st)
	}
}
