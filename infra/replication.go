package infra

import (
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/iam"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/s3"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// ReplicationArgs is what a Replication needs.
type ReplicationArgs struct {
	Peer     *Peer
	Provider *aws.Provider // of the peer's region
	Storage  *Storage
	Secrets  *Secrets
}

// Replication copies media both ways between the regions. Like Peering, one
// stack owns both directions for good: after a failover media uploaded here
// are on their way back as soon as the other region is.
type Replication struct {
	pulumi.ResourceState
}

// side is a media bucket with the key that encrypts it.
type side struct{ bucket, arn, key pulumi.StringInput }

// NewReplication makes the role and a rule in each bucket.
func NewReplication(ctx *pulumi.Context, name string, args ReplicationArgs, opts ...pulumi.ResourceOption) (*Replication, error) {
	r := &Replication{}
	return r, component(ctx, "Replication", name, r, opts, func(s *scope) {
		here := side{args.Storage.Media.Bucket, args.Storage.Media.Arn, args.Secrets.Key.Arn}
		there := side{pulumi.String(args.Peer.MediaBucket), pulumi.String("arn:aws:s3:::" + args.Peer.MediaBucket), pulumi.String(args.Peer.KeyARN)}
		copier, may := s.permitted("copier", "s3.amazonaws.com", copies(here, there)...)
		versioned := pulumi.DependsOn([]pulumi.Resource{args.Storage.mediaVersioning})
		add(s, "there", s3.NewBucketReplicationConfig, rule(copier, here, there), versioned, may)
		// The other bucket outlives this rule: leave it when the stack goes, so
		// that going does not need the other region.
		add(s, "here", s3.NewBucketReplicationConfig, rule(copier, there, here), versioned, may,
			pulumi.Provider(args.Provider), pulumi.RetainOnDelete(true))
	})
}

// copies is what the role needs to read and decrypt one side and to write the
// other, for both.
func copies(sides ...side) []Statement {
	var buckets, objects, keys []pulumi.StringInput
	for _, side := range sides {
		buckets = append(buckets, side.arn)
		objects = append(objects, pulumi.Sprintf("%s/*", side.arn))
		keys = append(keys, side.key)
	}
	return []Statement{
		{Sid: "List", Actions: []string{"s3:GetReplicationConfiguration", "s3:ListBucket"}, Resources: buckets},
		{Sid: "Copy", Actions: []string{"s3:GetObjectVersionForReplication", "s3:GetObjectVersionAcl", "s3:GetObjectVersionTagging",
			"s3:ReplicateObject", "s3:ReplicateDelete", "s3:ReplicateTags"}, Resources: objects},
		{Sid: "Keys", Actions: []string{"kms:Decrypt", "kms:Encrypt"}, Resources: keys},
	}
}

// rule copies everything, deletions as well, from one side to the other.
func rule(copier *iam.Role, from, to side) *s3.BucketReplicationConfigArgs {
	enabled := pulumi.String("Enabled")
	return &s3.BucketReplicationConfigArgs{
		Bucket: from.bucket,
		Role:   copier.Arn,
		Rules: s3.BucketReplicationConfigRuleArray{s3.BucketReplicationConfigRuleArgs{
			Id:                      pulumi.String("media"),
			Status:                  enabled,
			Filter:                  s3.BucketReplicationConfigRuleFilterArgs{Prefix: pulumi.String("")},
			DeleteMarkerReplication: s3.BucketReplicationConfigRuleDeleteMarkerReplicationArgs{Status: enabled},
			SourceSelectionCriteria: s3.BucketReplicationConfigRuleSourceSelectionCriteriaArgs{
				SseKmsEncryptedObjects: s3.BucketReplicationConfigRuleSourceSelectionCriteriaSseKmsEncryptedObjectsArgs{Status: enabled},
				ReplicaModifications:   s3.BucketReplicationConfigRuleSourceSelectionCriteriaReplicaModificationsArgs{Status: enabled},
			},
			Destination: s3.BucketReplicationConfigRuleDestinationArgs{
				Bucket: to.arn,
				EncryptionConfiguration: s3.BucketReplicationConfigRuleDestinationEncryptionConfigurationArgs{
					ReplicaKmsKeyId: to.key},
			},
		}},
	}
}
