package provider

import (
	"errors"
	"fmt"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"

	"newsfeed/localcloud/cloud"
)

// Container is a body that holds what is not declared: the objects of a bucket.
type Container interface {
	// Empty says whether nothing is left in it, old versions included.
	Empty(r *cloud.Resource) bool
}

// protections are what stops a delete, and with it a destroy half-way, as the
// state of the resource has it: 'localcloud down' lifts them there.
var protections = []struct {
	of      string // type
	key     resource.PropertyKey
	refused string // AWS's code and words
}{
	{balancerType, "enableDeletionProtection", "deleting ELBv2 Load Balancer: OperationNotPermitted: Load balancer '{arn}' " +
		"cannot be deleted because deletion protection is enabled"},
	{databaseType, "deletionProtection", "deleting RDS DB Instance ({identifier}): InvalidParameterCombination: " +
		"Cannot delete protected DB Instance, please disable deletion protection and try again."},
}

// protected is the refusal to delete what is protected, or not empty.
func (p *Provider) protected(r *cloud.Resource, state resource.PropertyMap) error {
	on := func(key resource.PropertyKey) bool { return state[key].IsBool() && state[key].BoolValue() }
	for _, of := range protections {
		if of.of == r.Type && on(of.key) {
			return fmt.Errorf("%s", expand(of.refused, r.Outputs))
		}
	}
	final := state["finalSnapshotIdentifier"]
	if r.Type == databaseType && !on("skipFinalSnapshot") && !(final.IsString() && final.StringValue() != "") {
		// terraform-provider-aws, resourceInstanceDelete, before any call.
		return fmt.Errorf("final_snapshot_identifier is required when skip_final_snapshot is false")
	}
	if r.Type == bucketType && !on("forceDestroy") && !p.empty(r) {
		return fmt.Errorf("deleting S3 Bucket (%s): BucketNotEmpty: The bucket you tried to delete is not empty. "+
			"You must delete all versions in the bucket", r.ID)
	}
	return nil
}

// empty says whether a bucket holds neither what was declared nor, if it has a
// body that can tell, anything else.
func (p *Provider) empty(bucket *cloud.Resource) bool {
	for _, typ := range []string{"aws:s3/bucketObjectv2:BucketObjectv2", "aws:s3/bucketObject:BucketObject"} {
		if own(p.store, typ, "bucket", bucket.ID) {
			return false
		}
	}
	holds, ok := p.bodies[bucket.Type].(Container)
	return !ok || holds.Empty(bucket)
}

// unchangeable is the refusal of an update that the provider does not know: it
// promotes a reader, and can do nothing else about its source
// (terraform-provider-aws, resourceInstanceUpdate; 16054).
func unchangeable(r, old *cloud.Resource) error {
	if old == nil || r.Type != databaseType {
		return nil
	}
	if now := r.String("replicateSourceDb"); now != "" && now != old.String("replicateSourceDb") {
		return errors.New("cannot elect new source database for replication")
	}
	return nil
}
