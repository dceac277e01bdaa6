package paper

import (
	"context"
	"errors"
	"fmt"

	"newsfeed/localcloud/cloud"
)

// described is a body that is nothing but what AWS would tell of it.
type described func(r, old *cloud.Resource) error

// Apply tells it, or refuses what AWS refuses only when it is asked.
func (d described) Apply(_ context.Context, r, old *cloud.Resource) error { return d(r, old) }

// Remove has nothing to remove.
func (described) Remove(context.Context, *cloud.Resource) error { return nil }

// endpoints are what other resources and the other stack read of a database
// and a cache.
func endpoints(store *cloud.Store) map[string]cloud.Body {
	return map[string]cloud.Body{
		"aws:rds/instance:Instance": described(func(r, old *cloud.Resource) error {
			if old != nil && old.String("replicateSourceDb") == "" && r.String("replicateSourceDb") != "" {
				return errors.New("cannot elect new source database for replication")
			}
			r.Outputs["address"] = fmt.Sprintf("%s.%s.rds.amazonaws.com", r.ID, r.Region)
			r.Outputs["endpoint"] = fmt.Sprintf("%s:3306", r.Outputs["address"])
			inherit(store, r)
			return nil
		}),
		"aws:elasticache/replicationGroup:ReplicationGroup": described(func(r, _ *cloud.Resource) error {
			r.Outputs["configurationEndpointAddress"] = fmt.Sprintf("clustercfg.%s.%s.cache.amazonaws.com", r.ID, r.Region)
			return nil
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
