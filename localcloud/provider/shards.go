package provider

import (
	"fmt"
	"slices"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"

	"newsfeed/localcloud/cloud"
)

const cacheGroupType = "aws:elasticache/replicationGroup:ReplicationGroup"

// lastShard is where the highest number that a shard of the group ever had is kept.
const lastShard = "lastShard"

// reshard gives the nodes of a cache cluster their names, <group>-<shard>-<node>.
// A shard that is added has a number that none had before. To take shards away the
// provider names them by their place, and not by their number: that fails for a
// cluster which shrank and grew before (terraform-provider-aws 43884).
func reshard(r, old *cloud.Resource) error {
	if r.Type != cacheGroupType {
		return nil
	}
	var shards []string
	for _, node := range r.Strings("memberClusters") {
		shards = append(shards, strings.TrimPrefix(node[:len(node)-len("-001")], r.ID+"-"))
	}
	shards = slices.Compact(shards)
	last := 0
	if old != nil {
		last = old.Kept[lastShard]
	}
	want := r.Int("numNodeGroups", 1)
	for place := len(shards); place > want; place-- {
		number := fmt.Sprintf("%04d", place)
		i := slices.Index(shards, number)
		if i < 0 {
			return fmt.Errorf("InvalidParameterValue: replication group %s has no node group %s: it has %s (the provider removes shards by their place: "+
				"terraform-provider-aws 43884)", r.ID, number, strings.Join(shards, ", "))
		}
		shards = slices.Delete(shards, i, i+1)
	}
	for len(shards) < want {
		last++
		shards = append(shards, fmt.Sprintf("%04d", last))
	}
	nodes := []any{}
	for _, shard := range shards {
		for node := range 1 + r.Int("replicasPerNodeGroup", 0) {
			nodes = append(nodes, fmt.Sprintf("%s-%s-%03d", r.ID, shard, node+1))
		}
	}
	r.Outputs["memberClusters"] = nodes
	r.Kept = map[string]int{lastShard: last}
	return nil
}

// resized says whether an update makes or removes nodes of a cluster: their names
// are not known before it has (terraform-provider-aws, aws_elasticache_replication_group:
// ComputedIf member_clusters).
func resized(olds, news resource.PropertyMap) bool {
	for _, size := range []resource.PropertyKey{"numNodeGroups", "replicasPerNodeGroup", "numCacheClusters"} {
		if !olds[size].DeepEquals(news[size]) {
			return true
		}
	}
	return false
}
