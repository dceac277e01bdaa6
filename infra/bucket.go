package infra

import (
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/s3"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// bucket is a private, versioned, encrypted bucket.
type bucket struct {
	*s3.BucketV2
	role       string
	private    pulumi.Resource
	versioning pulumi.Resource
}

// newBucket makes a bucket that the region's key encrypts, or S3's own if
// secrets is nil.
func newBucket(s *scope, role string, args s3.BucketV2Args, secrets *Secrets, opts ...pulumi.ResourceOption) *bucket {
	b := &bucket{role: role}
	args.ForceDestroy = pulumi.Bool(len(opts) == 0) // what is not protected can be made again
	args.Tags = named(s, role)
	b.BucketV2 = add(s, role, s3.NewBucketV2, &args, opts...)
	b.private = add(s, role+"-private", s3.NewBucketPublicAccessBlock, &s3.BucketPublicAccessBlockArgs{
		Bucket:                b.ID(),
		BlockPublicAcls:       pulumi.Bool(true),
		BlockPublicPolicy:     pulumi.Bool(true),
		IgnorePublicAcls:      pulumi.Bool(true),
		RestrictPublicBuckets: pulumi.Bool(true),
	})
	add(s, role+"-owner", s3.NewBucketOwnershipControls, &s3.BucketOwnershipControlsArgs{
		Bucket: b.ID(),
		Rule:   s3.BucketOwnershipControlsRuleArgs{ObjectOwnership: pulumi.String("BucketOwnerEnforced")},
	})
	b.versioning = add(s, role+"-versions", s3.NewBucketVersioningV2, &s3.BucketVersioningV2Args{
		Bucket: b.ID(),
		VersioningConfiguration: s3.BucketVersioningV2VersioningConfigurationArgs{
			Status: pulumi.String("Enabled"),
		},
	})
	with := s3.BucketServerSideEncryptionConfigurationV2RuleApplyServerSideEncryptionByDefaultArgs{
		SseAlgorithm: pulumi.String("AES256"),
	}
	if secrets != nil {
		with.SseAlgorithm, with.KmsMasterKeyId = pulumi.String("aws:kms"), secrets.Key.Arn
	}
	add(s, role+"-encryption", s3.NewBucketServerSideEncryptionConfigurationV2, &s3.BucketServerSideEncryptionConfigurationV2Args{
		Bucket: b.ID(),
		Rules: s3.BucketServerSideEncryptionConfigurationV2RuleArray{s3.BucketServerSideEncryptionConfigurationV2RuleArgs{
			ApplyServerSideEncryptionByDefault: with,
			BucketKeyEnabled:                   pulumi.Bool(secrets != nil),
		}},
	})
	return b
}

// policy allows what statements say and nothing without TLS.
func (b *bucket) policy(s *scope, statements ...Statement) pulumi.Resource {
	statements = append(statements, Statement{Sid: "OnlyTLS", Deny: true, Principal: map[string]string{"AWS": "*"},
		Actions: []string{"s3:*"}, Resources: []pulumi.StringInput{b.Arn, objects(b.BucketV2)}, Condition: overPlainText})
	// S3 refuses to change the policy and the access block at the same time.
	return add(s, b.role+"-policy", s3.NewBucketPolicy, &s3.BucketPolicyArgs{
		Bucket: b.ID(), Policy: policy(statements...)}, pulumi.DependsOn([]pulumi.Resource{b.private}))
}

// expire deletes objects after days, and what versioning keeps of them.
func (b *bucket) expire(s *scope, days int) {
	b.lifecycle(s, s3.BucketLifecycleConfigurationV2RuleArgs{
		Id: pulumi.String("expire"), Status: pulumi.String("Enabled"),
		Expiration:                     s3.BucketLifecycleConfigurationV2RuleExpirationArgs{Days: pulumi.Int(days)},
		NoncurrentVersionExpiration:    s3.BucketLifecycleConfigurationV2RuleNoncurrentVersionExpirationArgs{NoncurrentDays: pulumi.Int(1)},
		AbortIncompleteMultipartUpload: s3.BucketLifecycleConfigurationV2RuleAbortIncompleteMultipartUploadArgs{DaysAfterInitiation: pulumi.Int(1)},
	})
}

// expireOldVersions deletes what was overwritten or deleted days ago.
func (b *bucket) expireOldVersions(s *scope, days int) {
	b.lifecycle(s, s3.BucketLifecycleConfigurationV2RuleArgs{
		Id: pulumi.String("old-versions"), Status: pulumi.String("Enabled"),
		NoncurrentVersionExpiration:    s3.BucketLifecycleConfigurationV2RuleNoncurrentVersionExpirationArgs{NoncurrentDays: pulumi.Int(days)},
		AbortIncompleteMultipartUpload: s3.BucketLifecycleConfigurationV2RuleAbortIncompleteMultipartUploadArgs{DaysAfterInitiation: pulumi.Int(1)},
	})
}

func (b *bucket) lifecycle(s *scope, rule s3.BucketLifecycleConfigurationV2RuleArgs) {
	add(s, b.role+"-lifecycle", s3.NewBucketLifecycleConfigurationV2, &s3.BucketLifecycleConfigurationV2Args{
		Bucket: b.ID(),
		Rules:  s3.BucketLifecycleConfigurationV2RuleArray{rule},
	}, pulumi.DependsOn([]pulumi.Resource{b.versioning}))
}
