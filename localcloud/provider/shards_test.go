package provider

import (
	"slices"
	"strings"
	"testing"

	"newsfeed/localcloud/cloud"
)

// sized is the group after an update to that many shards.
func sized(t *testing.T, old *cloud.Resource, shards, replicas float64) (*cloud.Resource, error) {
	t.Helper()
	r := &cloud.Resource{Type: cacheGroupType, ID: "c", Outputs: map[string]any{"numNodeGroups": shards, "replicasPerNodeGroup": replicas}}
	if old != nil {
		r.Outputs["memberClusters"] = old.Outputs["memberClusters"]
	}
	return r, reshard(r, old)
}

func TestAShardThatComesBackHasAnotherNumber(t *testing.T) {
	t.Parallel()
	var group *cloud.Resource
	for _, step := range []struct {
		shards, replicas float64
		want             []string
	}{
		{2, 1, []string{"c-0001-001", "c-0001-002", "c-0002-001", "c-0002-002"}},
		{1, 1, []string{"c-0001-001", "c-0001-002"}},
		{2, 0, []string{"c-0001-001", "c-0003-001"}},
	} {
		var err error
		if group, err = sized(t, group, step.shards, step.replicas); err != nil {
			t.Fatal(err)
		}
		if got := group.Strings("memberClusters"); !slices.Equal(got, step.want) {
			t.Errorf("%v shards are %v, must be %v", step.shards, got, step.want)
		}
	}
	if _, err := sized(t, group, 1, 0); err == nil || !strings.Contains(err.Error(), "has no node group 0002") {
		t.Errorf("shrunk by the old number: %v", err)
	}
}
