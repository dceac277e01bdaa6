package infra

import (
	"fmt"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/s3"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// StorageArgs is what a Storage needs.
type StorageArgs struct {
	Domain  string // whose pages may upload media
	Account string
	Region  string
	Secrets *Secrets
}

// Storage is the stack's buckets, all private, versioned and encrypted.
type Storage struct {
	pulumi.ResourceState

	Artifacts *s3.BucketV2 // the binaries that `make release` uploads, each under its digest
	Media     *s3.BucketV2
	Logs      *s3.BucketV2    // of the load balancer
	LogsOpen  pulumi.Resource // depended on by what has logs delivered

	mediaVersioning pulumi.Resource // replication needs it first
}

// ArtifactsBucket is the name of a region's bucket for binaries: known without
// the stack's state, to what uploads them and to what instances are told.
func ArtifactsBucket(project, account, region string) string {
	return fmt.Sprintf("%s-artifacts-%s-%s", project, account, region)
}

// NewStorage makes the buckets.
func NewStorage(ctx *pulumi.Context, name string, args StorageArgs, opts ...pulumi.ResourceOption) (*Storage, error) {
	st := &Storage{}
	return st, component(ctx, "Storage", name, st, opts, func(s *scope) {
		st.artifacts(s, args)
		st.media(s, args)
		st.logs(s, args)
	})
}

func (st *Storage) artifacts(s *scope, args StorageArgs) {
	b := newBucket(s, "artifacts", s3.BucketV2Args{Bucket: pulumi.String(ArtifactsBucket(s.ctx.Project(), args.Account, args.Region))}, args.Secrets)
	st.Artifacts = b.BucketV2
	b.policy(s)
	b.expireOldVersions(s, 90)
}

func (st *Storage) media(s *scope, args StorageArgs) {
	b := newBucket(s, "media", s3.BucketV2Args{}, args.Secrets, pulumi.Protect(true), pulumi.RetainOnDelete(true))
	st.Media, st.mediaVersioning = b.BucketV2, b.versioning
	b.policy(s)
	b.expireOldVersions(s, 30)
	add(s, "media-cors", s3.NewBucketCorsConfigurationV2, &s3.BucketCorsConfigurationV2Args{
		Bucket: b.ID(),
		CorsRules: s3.BucketCorsConfigurationV2CorsRuleArray{s3.BucketCorsConfigurationV2CorsRuleArgs{
			AllowedMethods: pulumi.ToStringArray([]string{"GET", "POST"}),
			AllowedOrigins: pulumi.StringArray{pulumi.Sprintf("https://%s", args.Domain), pulumi.Sprintf("https://%s.%s", s.ctx.Stack(), args.Domain)},
			AllowedHeaders: pulumi.ToStringArray([]string{"*"}),
			ExposeHeaders:  pulumi.ToStringArray([]string{"ETag"}),
			MaxAgeSeconds:  pulumi.Int(3600),
		}},
	})
}

// logs makes the bucket that the load balancer writes to, which it can only
// with S3's own key.
func (st *Storage) logs(s *scope, args StorageArgs) {
	b := newBucket(s, "logs", s3.BucketV2Args{}, nil)
	st.Logs = b.BucketV2
	st.LogsOpen = b.policy(s, Statement{
		Sid:       "LoadBalancer",
		Principal: service("logdelivery.elasticloadbalancing.amazonaws.com"),
		Actions:   []string{"s3:PutObject"},
		Resources: one(pulumi.Sprintf("%s/%s/AWSLogs/%s/*", b.Arn, accessLogs, args.Account)),
		Condition: Condition{"StringEquals": {"aws:SourceAccount": {args.Account}}},
	})
	b.expire(s, 90)
}

// accessLogs is the prefix of the load balancer's logs.
const accessLogs = "edge"

// objects is the ARN of everything in a bucket.
func objects(b *s3.BucketV2) pulumi.StringOutput { return pulumi.Sprintf("%s/*", b.Arn) }
