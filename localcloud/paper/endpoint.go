package paper

import (
	"context"
	"fmt"

	"newsfeed/localcloud/cloud"
)

// described is a body that is nothing but what AWS would tell of it.
type described func(r *cloud.Resource)

// Apply tells it.
func (d described) Apply(_ context.Context, r, _ *cloud.Resource) error {
	d(r)
	return nil
}

// Remove has nothing to remove.
func (described) Remove(context.Context, *cloud.Resource) error { return nil }

// endpoints are what other resources and the other stack read of a database
// and a cache.
func endpoints(store *cloud.Store) map[string]cloud.Body {
	return map[string]cloud.Body{
		"aws:rds/instance:Instance": described(func(r *cloud.Resource) {
			r.Outputs["address"] = fmt.Sprintf("%s.%s.rds.amazonaws.com", r.ID, r.Region)
			r.Outputs["endpoint"] = fmt.Sprintf("%s:3306", r.Outputs["address"])
			inherit(store, r)
		}),
		"aws:elasticache/replicationGroup:ReplicationGroup": described(func(r *cloud.Resource) {
			r.Outputs["configurationEndpointAddress"] = fmt.Sprintf("clustercfg.%s.%s.cache.amazonaws.com", r.ID, r.Region)
		}),
	}
}

// inherit gives a replica what its source decides: to a promotion, naming the
// same is no change.
func inherit(store *cloud.Store, replica *cloud.Resource) {
	source := replica.String("replicateSourceDb")
	for _, r := range store.All() {
		if r.Type == replica.Type && source != "" && (r.String("arn") == source || r.ID == source) {
			for _, key := range []string{"username", "dbName", "engine", "engineVersion", "allocatedStorage"} {
				replica.Outputs[key] = r.Outputs[key]
			}
		}
	}
}
