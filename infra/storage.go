package infra

import (
	"crypto/sha256"
	_ "embed" // the roots below
	"encoding/hex"
	"io"
	"os"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/s3"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// databaseRoots are the certificates that sign those of RDS. Instances fetch
// them with the binary: an instance that starts while a region is being lost
// must not wait for anything outside.
//
//go:embed rds.pem
var databaseRoots string

// StorageArgs is what a Storage needs.
type StorageArgs struct {
	Artifact string // path of the feed binary
	Domain   string // whose pages may upload media
	Account  string
	Secrets  *Secrets
}

// Storage is the stack's buckets, all private, versioned and encrypted, and the
// feed binary in one of them.
type Storage struct {
	pulumi.ResourceState

	Artifacts *s3.BucketV2
	Media     *s3.BucketV2
	Logs      *s3.BucketV2        // of the load balancer
	LogsOpen  pulumi.Resource     // depended on by what has logs delivered
	Binary    pulumi.StringOutput // s3://bucket/feed/<sha256>
	Roots     pulumi.StringOutput // s3://bucket/roots/<sha256>

	mediaVersioning pulumi.Resource // replication needs it first
}

// NewStorage makes the buckets and uploads the binary under its content hash.
func NewStorage(ctx *pulumi.Context, name string, args StorageArgs, opts ...pulumi.ResourceOption) (*Storage, error) {
	st := &Storage{}
	return st, component(ctx, "Storage", name, st, opts, func(s *scope) {
		st.artifacts(s, args)
		st.media(s, args)
		st.logs(s, args)
	})
}

func (st *Storage) artifacts(s *scope, args StorageArgs) {
	b := newBucket(s, "artifacts", args.Secrets)
	st.Artifacts = b.BucketV2
	b.policy(s)
	b.expireOldVersions(s, 90)
	st.Binary = b.object(s, "binary", "feed/"+must(hashOf(args.Artifact)), args.Secrets,
		s3.BucketObjectv2Args{Source: pulumi.NewFileAsset(args.Artifact)})
	sum := sha256.Sum256([]byte(databaseRoots))
	st.Roots = b.object(s, "roots", "roots/"+hex.EncodeToString(sum[:]), args.Secrets,
		s3.BucketObjectv2Args{Content: pulumi.String(databaseRoots)})
}

func (st *Storage) media(s *scope, args StorageArgs) {
	b := newBucket(s, "media", args.Secrets, pulumi.Protect(true), pulumi.RetainOnDelete(true))
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
	b := newBucket(s, "logs", nil)
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

// hashOf returns the SHA-256 of a file, in hex.
func hashOf(path string) (string, error) {
	file, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer file.Close()
	sum := sha256.New()
	if _, err := io.Copy(sum, file); err != nil {
		return "", err
	}
	return hex.EncodeToString(sum.Sum(nil)), nil
}
