package apptest

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"path/filepath"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsconfig "github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials"

	"newsfeed/localcloud/cloud"
	"newsfeed/localcloud/endpoint"
	"newsfeed/localcloud/s3"
	"newsfeed/localcloud/secretsmanager"
	"newsfeed/localcloud/sqs"
)

// Names of what StartCloud makes.
const (
	Region         = "ap-northeast-2"
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
	address := s.Address()
	dir := filepath.Join(s.Dir, "cloud-"+address)
	queues, err := sqs.New(filepath.Join(dir, "sqs"))
	if err != nil {
		return "", err
	}
	objects, err := s3.New(filepath.Join(dir, "s3"))
	if err != nil {
		return "", err
	}
	secrets, err := secretsmanager.New(filepath.Join(dir, "secrets"))
	if err != nil {
		return "", err
	}
	const arn = "arn:aws:sqs:ap-northeast-2:000000000000:"
	for _, r := range []struct {
		bodies map[string]cloud.Body
		kind   string
		id     string
		out    map[string]any
	}{
		{queues.Bodies(), "aws:sqs/queue:Queue", DeadURL, map[string]any{"name": "dead", "url": DeadURL, "arn": arn + "dead"}},
		{queues.Bodies(), "aws:sqs/queue:Queue", QueueURL, map[string]any{"name": "fanout", "url": QueueURL, "arn": arn + "fanout",
			"visibilityTimeoutSeconds": visibility.Seconds(), "redrivePolicy": `{"deadLetterTargetArn":"` + arn + `dead","maxReceiveCount":5}`}},
		{objects.Bodies(), "aws:s3/bucketV2:BucketV2", MediaBucket, map[string]any{"bucket": MediaBucket}},
		{secrets.Bodies(), "aws:secretsmanager/secret:Secret", DatabaseSecret, map[string]any{"name": "database", "arn": DatabaseSecret}},
		{secrets.Bodies(), "aws:secretsmanager/secretVersion:SecretVersion", DatabaseSecret + "|1", map[string]any{"secretId": DatabaseSecret,
			"secretString": `{"username":"` + DatabaseUser + `","password":"` + DatabasePass + `"}`}},
		{secrets.Bodies(), "aws:secretsmanager/secret:Secret", CacheSecret, map[string]any{"name": "cache", "arn": CacheSecret}},
		{secrets.Bodies(), "aws:secretsmanager/secretVersion:SecretVersion", CacheSecret + "|1", map[string]any{"secretId": CacheSecret,
			"secretString": `{"token":""}`}},
	} {
		resource := &cloud.Resource{Type: r.kind, ID: r.id, Region: Region, Inputs: map[string]any{}, Outputs: r.out}
		if err := r.bodies[r.kind].Apply(ctx, resource, nil); err != nil {
			return "", err
		}
	}
	listener, err := net.Listen("tcp", address+":0")
	if err != nil {
		return "", err
	}
	server := &http.Server{ReadHeaderTimeout: 5 * time.Second, Handler: endpoint.New(map[string]endpoint.Service{
		"sqs": queues, "s3": objects, "secretsmanager": secrets})}
	go server.Serve(listener)
	s.onStop(func() { server.Close() })
	return "http://" + listener.Addr().String(), nil
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
