package apptest

import (
	"context"
	"fmt"
	"maps"
	"net"
	"net/http"
	"path/filepath"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsconfig "github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials"

	"newsfeed/localcloud/clock"
	"newsfeed/localcloud/cloud"
	"newsfeed/localcloud/endpoint"
	"newsfeed/localcloud/iam"
	"newsfeed/localcloud/s3"
	"newsfeed/localcloud/secretsmanager"
	"newsfeed/localcloud/sqs"
)

// Names of what StartCloud makes.
const (
	Account        = "000000000000"
	Region         = "ap-northeast-2"
	Key            = "arn:aws:kms:ap-northeast-2:000000000000:key/key"
	QueueURL       = "https://sqs.ap-northeast-2.amazonaws.com/000000000000/fanout"
	DeadURL        = "https://sqs.ap-northeast-2.amazonaws.com/000000000000/dead"
	MediaBucket    = "newsfeed-media"
	DatabaseSecret = "arn:aws:secretsmanager:ap-northeast-2:000000000000:secret:database-abcdef"
	CacheSecret    = "arn:aws:secretsmanager:ap-northeast-2:000000000000:secret:cache-abcdef"
)

// visibility is the queue's visibility timeout, as long as the worker takes it to be.
const visibility = 30 * time.Second

// StartCloud starts an AWS endpoint with the fan-out queue and its dead-letter
// queue, the media bucket and the secrets, and returns its URL.
func (s *Stores) StartCloud(ctx context.Context) (url string, err error) {
	return s.StartCloudWith(ctx, visibility)
}

// StartCloudWith is StartCloud with another visibility timeout of the queue.
func (s *Stores) StartCloudWith(ctx context.Context, visibility time.Duration) (url string, err error) {
	c, err := s.OpenCloud(ctx, visibility)
	if err != nil {
		return "", err
	}
	return c.URL, nil
}

// Cloud is an AWS endpoint that verifies who asks. What it has is encrypted with
// one key. Roles are declared into its store; the operator may do everything.
type Cloud struct {
	URL     string
	Store   *cloud.Store
	Account *iam.Account

	queues  *sqs.Service
	objects *s3.Service
	secrets *secretsmanager.Service
}

// OpenCloud starts a cloud as StartCloudWith does.
func (s *Stores) OpenCloud(ctx context.Context, visibility time.Duration) (*Cloud, error) {
	address := s.Address()
	c, err := newCloud(filepath.Join(s.Dir, "cloud-"+address))
	if err != nil {
		return nil, err
	}
	if err := c.furnish(ctx, visibility); err != nil {
		return nil, err
	}
	listener, err := net.Listen("tcp", address+":0")
	if err != nil {
		return nil, err
	}
	server := &http.Server{ReadHeaderTimeout: 5 * time.Second, Handler: endpoint.Guarded(map[string]endpoint.Service{
		"sqs": c.queues, "s3": c.objects, "secretsmanager": c.secrets}, c.Account)}
	go server.Serve(listener)
	s.onStop(func() { server.Close() })
	c.URL = "http://" + listener.Addr().String()
	return c, nil
}

func newCloud(dir string) (c *Cloud, err error) {
	c = &Cloud{}
	if c.Store, err = cloud.OpenStore(filepath.Join(dir, "records")); err != nil {
		return nil, err
	}
	if c.queues, err = sqs.New(filepath.Join(dir, "sqs")); err != nil {
		return nil, err
	}
	if c.objects, err = s3.New(filepath.Join(dir, "s3")); err != nil {
		return nil, err
	}
	if c.secrets, err = secretsmanager.New(filepath.Join(dir, "secrets")); err != nil {
		return nil, err
	}
	c.Account, err = iam.Open(iam.Config{Dir: filepath.Join(dir, "iam"), Number: Account, Store: c.Store, Clock: clock.New(1)})
	return c, err
}

// furnish declares the queues, the bucket and the secrets.
func (c *Cloud) furnish(ctx context.Context, visibility time.Duration) error {
	const arn = "arn:aws:sqs:ap-northeast-2:000000000000:"
	queue := func(name, url string, more map[string]any) map[string]any {
		out := map[string]any{"name": name, "url": url, "arn": arn + name, "kmsMasterKeyId": Key}
		maps.Copy(out, more)
		return out
	}
	for _, r := range []struct {
		kind, id string
		out      map[string]any
	}{
		{"aws:kms/key:Key", "key", map[string]any{"arn": Key, "keyId": "key"}},
		{queueType, DeadURL, queue("dead", DeadURL, nil)},
		{queueType, QueueURL, queue("fanout", QueueURL, map[string]any{"visibilityTimeoutSeconds": visibility.Seconds(),
			"redrivePolicy": `{"deadLetterTargetArn":"` + arn + `dead","maxReceiveCount":5}`})},
		{"aws:s3/bucketV2:BucketV2", MediaBucket, map[string]any{"bucket": MediaBucket}},
		{"aws:s3/bucketServerSideEncryptionConfigurationV2:BucketServerSideEncryptionConfigurationV2", MediaBucket, map[string]any{
			"bucket": MediaBucket, "rules": []any{map[string]any{"bucketKeyEnabled": true,
				"applyServerSideEncryptionByDefault": map[string]any{"sseAlgorithm": "aws:kms", "kmsMasterKeyId": Key}}}}},
		{secretType, DatabaseSecret, map[string]any{"name": "database", "arn": DatabaseSecret, "kmsKeyId": Key}},
		{versionType, DatabaseSecret + "|1", map[string]any{"secretId": DatabaseSecret,
			"secretString": `{"username":"` + DatabaseUser + `","password":"` + DatabasePass + `"}`}},
		{secretType, CacheSecret, map[string]any{"name": "cache", "arn": CacheSecret, "kmsKeyId": Key}},
		{versionType, CacheSecret + "|1", map[string]any{"secretId": CacheSecret, "secretString": `{"token":""}`}},
	} {
		if err := c.Declare(ctx, r.kind, r.id, r.out); err != nil {
			return err
		}
	}
	return nil
}

const (
	queueType   = "aws:sqs/queue:Queue"
	secretType  = "aws:secretsmanager/secret:Secret"
	versionType = "aws:secretsmanager/secretVersion:SecretVersion"
)

// Declare makes a resource of the cloud what the outputs say.
func (c *Cloud) Declare(ctx context.Context, typ, id string, outputs map[string]any) error {
	r := &cloud.Resource{Type: typ, ID: id, Region: Region, Inputs: map[string]any{}, Outputs: outputs}
	for _, bodies := range []map[string]cloud.Body{c.queues.Bodies(), c.objects.Bodies(), c.secrets.Bodies()} {
		if body := bodies[typ]; body != nil {
			if err := body.Apply(ctx, r, nil); err != nil {
				return err
			}
		}
	}
	return c.Store.Put(r)
}

// NewCloud starts an endpoint for one test, without any store, and returns how the
// SDK is told to use it.
func NewCloud(t testing.TB, visibility time.Duration) aws.Config {
	t.Helper()
	s := &Stores{Dir: t.TempDir(), block: randomBlock()}
	t.Cleanup(s.Stop)
	url, err := s.StartCloudWith(t.Context(), visibility)
	if err != nil {
		t.Fatal(err)
	}
	sdk, err := SDK(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	return sdk
}

// SDK is how the ordinary AWS SDK is told to use the endpoint at url.
func SDK(ctx context.Context, url string) (aws.Config, error) {
	config, err := awsconfig.LoadDefaultConfig(ctx, awsconfig.WithRegion(Region), awsconfig.WithBaseEndpoint(url),
		awsconfig.WithCredentialsProvider(credentials.NewStaticCredentialsProvider("local", "local", "")))
	if err != nil {
		return config, fmt.Errorf("AWS settings: %w", err)
	}
	return config, nil
}
