package apptest

import (
	"context"
	"net"
	"net/http"
	"path/filepath"
	"time"

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
)

// StartCloud starts an AWS endpoint with the fan-out queue and its dead-letter
// queue, the media bucket and the database's secret, and returns its URL.
func (s *Stores) StartCloud(ctx context.Context) (url string, err error) {
	queues, err := sqs.New(filepath.Join(s.Dir, "sqs"))
	if err != nil {
		return "", err
	}
	objects, err := s3.New(filepath.Join(s.Dir, "s3"))
	if err != nil {
		return "", err
	}
	secrets, err := secretsmanager.New(filepath.Join(s.Dir, "secrets"))
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
			"visibilityTimeoutSeconds": 30.0, "redrivePolicy": `{"deadLetterTargetArn":"` + arn + `dead","maxReceiveCount":5}`}},
		{objects.Bodies(), "aws:s3/bucketV2:BucketV2", MediaBucket, map[string]any{"bucket": MediaBucket}},
		{secrets.Bodies(), "aws:secretsmanager/secret:Secret", DatabaseSecret, map[string]any{"name": "database", "arn": DatabaseSecret}},
		{secrets.Bodies(), "aws:secretsmanager/secretVersion:SecretVersion", DatabaseSecret + "|1", map[string]any{"secretId": DatabaseSecret,
			"secretString": `{"username":"` + DatabaseUser + `","password":"` + DatabasePass + `"}`}},
	} {
		resource := &cloud.Resource{Type: r.kind, ID: r.id, Region: Region, Inputs: map[string]any{}, Outputs: r.out}
		if err := r.bodies[r.kind].Apply(ctx, resource, nil); err != nil {
			return "", err
		}
	}
	listener, err := net.Listen("tcp", s.Address()+":0")
	if err != nil {
		return "", err
	}
	server := &http.Server{ReadHeaderTimeout: 5 * time.Second, Handler: endpoint.New(map[string]endpoint.Service{
		"sqs": queues, "s3": objects, "secretsmanager": secrets})}
	go server.Serve(listener)
	s.stops = append(s.stops, func() { server.Close() })
	return "http://" + listener.Addr().String(), nil
}
