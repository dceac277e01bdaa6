package iam_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	awss3 "github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	awssecrets "github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	awssqs "github.com/aws/aws-sdk-go-v2/service/sqs"
	awssts "github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go"

	"newsfeed/localcloud/cloud"
	"newsfeed/localcloud/endpoint"
	"newsfeed/localcloud/s3"
	"newsfeed/localcloud/secretsmanager"
	"newsfeed/localcloud/sqs"
	"newsfeed/localcloud/sts"
)

const secret = "arn:aws:secretsmanager:ap-northeast-2:000000000000:secret:db-abcdef"

// services are a queue, a bucket and a secret, all encrypted with one key, behind
// a guarded endpoint.
type services struct {
	*account
	server *httptest.Server
}

func newServices(t *testing.T) *services {
	t.Helper()
	s := &services{account: newAccount(t)}
	dir := t.TempDir()
	queues, err1 := sqs.New(filepath.Join(dir, "sqs"))
	buckets, err2 := s3.New(filepath.Join(dir, "s3"))
	secrets, err3 := secretsmanager.New(filepath.Join(dir, "secrets"))
	if err := errors.Join(err1, err2, err3); err != nil {
		t.Fatal(err)
	}
	for _, r := range []struct {
		bodies  map[string]cloud.Body
		typ, id string
		outputs map[string]any
	}{
		{queues.Bodies(), "aws:sqs/queue:Queue", url, map[string]any{"name": "jobs", "url": url, "arn": queue, "kmsMasterKeyId": key}},
		{buckets.Bodies(), "aws:s3/bucketV2:BucketV2", "media", map[string]any{"bucket": "media"}},
		{secrets.Bodies(), "aws:secretsmanager/secret:Secret", secret, map[string]any{"name": "db", "arn": secret, "kmsKeyId": key}},
		{secrets.Bodies(), "aws:secretsmanager/secretVersion:SecretVersion", secret + "|1", map[string]any{"secretId": secret, "secretString": "{}"}},
	} {
		x := &cloud.Resource{Type: r.typ, ID: r.id, Region: seoul, Inputs: map[string]any{}, Outputs: r.outputs}
		if err := r.bodies[r.typ].Apply(t.Context(), x, nil); err != nil {
			t.Fatal(err)
		}
		s.declare(r.typ, r.id, x.Outputs)
	}
	s.declare("aws:kms/key:Key", "k1", map[string]any{"arn": key})
	s.declare("aws:s3/bucketServerSideEncryptionConfigurationV2:BucketServerSideEncryptionConfigurationV2", "media", map[string]any{
		"bucket": "media", "rules": []any{map[string]any{"bucketKeyEnabled": true,
			"applyServerSideEncryptionByDefault": map[string]any{"sseAlgorithm": "aws:kms", "kmsMasterKeyId": key}}}})
	s.server = httptest.NewServer(endpoint.Guarded(map[string]endpoint.Service{
		"sqs": queues, "s3": buckets, "secretsmanager": secrets, "sts": sts.Service{}}, s.Account))
	t.Cleanup(s.server.Close)
	return s
}

// only lets the role do those actions, on everything.
func (s *services) only(actions ...string) {
	s.t.Helper()
	raw, err := json.Marshal(map[string]any{"Statement": []any{map[string]any{"Effect": "Allow", "Action": actions, "Resource": "*"}}})
	if err != nil {
		s.t.Fatal(err)
	}
	s.allow(string(raw))
}

// sdk signs with the role's keys, or the operator's.
func (s *services) sdk(operator bool) aws.Config {
	provider := credentials.NewStaticCredentialsProvider("local", "local", "")
	if !operator {
		keys, err := s.Credentials(role, "ec2.amazonaws.com", "i-1")
		if err != nil {
			s.t.Fatal(err)
		}
		provider = credentials.NewStaticCredentialsProvider(keys.AccessKeyID, keys.SecretAccessKey, keys.SessionToken)
	}
	return aws.Config{Region: seoul, BaseEndpoint: &s.server.URL, Credentials: provider, RetryMaxAttempts: 1}
}

func s3Of(c aws.Config) *awss3.Client {
	return awss3.NewFromConfig(c, func(o *awss3.Options) {
		o.UsePathStyle = true
		o.ResponseChecksumValidation = aws.ResponseChecksumValidationWhenRequired
	})
}

// received puts one message into the queue and takes it, as the operator.
func (s *services) received() *string {
	s.t.Helper()
	c := awssqs.NewFromConfig(s.sdk(true))
	_, err := c.SendMessage(s.t.Context(), &awssqs.SendMessageInput{QueueUrl: aws.String(url), MessageBody: aws.String("x")})
	if err != nil {
		s.t.Fatal(err)
	}
	out, err := c.ReceiveMessage(s.t.Context(), &awssqs.ReceiveMessageInput{QueueUrl: aws.String(url)})
	if err != nil || len(out.Messages) != 1 {
		s.t.Fatal(out, err)
	}
	return out.Messages[0].ReceiptHandle
}

// put makes an object, as the operator.
func (s *services) put(name string) *string {
	s.t.Helper()
	_, err := s3Of(s.sdk(true)).PutObject(s.t.Context(), &awss3.PutObjectInput{Bucket: aws.String("media"), Key: &name, Body: strings.NewReader("x")})
	if err != nil {
		s.t.Fatal(err)
	}
	return &name
}

// browse sends what was presigned, without keys.
func browse(method, url, kind string, body io.Reader) error {
	r, err := http.NewRequest(method, url, body)
	if err != nil {
		return err
	}
	r.Header.Set("Content-Type", kind)
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if text, _ := io.ReadAll(res.Body); res.StatusCode >= 300 {
		return fmt.Errorf("StatusCode: %d, %s", res.StatusCode, strings.ReplaceAll(string(text), "&#34;", `"`))
	}
	return nil
}

// form is a presigned upload in a browser's hands.
func form(ctx context.Context, c aws.Config) error {
	post, err := awss3.NewPresignClient(s3Of(c)).PresignPostObject(ctx, &awss3.PutObjectInput{Bucket: aws.String("media"), Key: aws.String("up")})
	if err != nil {
		return err
	}
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	for name, value := range post.Values {
		w.WriteField(name, value)
	}
	file, _ := w.CreateFormFile("file", "x")
	io.WriteString(file, "content")
	w.Close()
	return browse("POST", post.URL, w.FormDataContentType(), &b)
}

// call is one use of a service: what it needs, and it.
type call struct {
	needs []string
	run   func(ctx context.Context, s *services, c aws.Config) error
}

// Sources of needs: service authorization reference; S3 user guide,
// using-with-s3-policy-actions; SQS developer guide, sqs-key-management; KMS
// developer guide, services-s3 and services-secrets-manager.
var calls = map[string]call{
	"SendMessage": {[]string{"sqs:SendMessage", "kms:GenerateDataKey", "kms:Decrypt"}, func(ctx context.Context, s *services, c aws.Config) error {
		_, err := awssqs.NewFromConfig(c).SendMessage(ctx, &awssqs.SendMessageInput{QueueUrl: aws.String(url), MessageBody: aws.String("x")})
		return err
	}},
	"ReceiveMessage": {[]string{"sqs:ReceiveMessage", "kms:Decrypt"}, func(ctx context.Context, s *services, c aws.Config) error {
		_, err := awssqs.NewFromConfig(c).ReceiveMessage(ctx, &awssqs.ReceiveMessageInput{QueueUrl: aws.String(url)})
		return err
	}},
	"DeleteMessage": {[]string{"sqs:DeleteMessage"}, func(ctx context.Context, s *services, c aws.Config) error {
		_, err := awssqs.NewFromConfig(c).DeleteMessage(ctx, &awssqs.DeleteMessageInput{QueueUrl: aws.String(url), ReceiptHandle: s.received()})
		return err
	}},
	"ChangeMessageVisibility": {[]string{"sqs:ChangeMessageVisibility"}, func(ctx context.Context, s *services, c aws.Config) error {
		_, err := awssqs.NewFromConfig(c).ChangeMessageVisibility(ctx, &awssqs.ChangeMessageVisibilityInput{
			QueueUrl: aws.String(url), ReceiptHandle: s.received(), VisibilityTimeout: 60})
		return err
	}},
	"GetQueueAttributes": {[]string{"sqs:GetQueueAttributes"}, func(ctx context.Context, s *services, c aws.Config) error {
		_, err := awssqs.NewFromConfig(c).GetQueueAttributes(ctx, &awssqs.GetQueueAttributesInput{QueueUrl: aws.String(url)})
		return err
	}},
	"GetQueueUrl": {[]string{"sqs:GetQueueUrl"}, func(ctx context.Context, s *services, c aws.Config) error {
		_, err := awssqs.NewFromConfig(c).GetQueueUrl(ctx, &awssqs.GetQueueUrlInput{QueueName: aws.String("jobs")})
		return err
	}},
	"PurgeQueue": {[]string{"sqs:PurgeQueue"}, func(ctx context.Context, s *services, c aws.Config) error {
		_, err := awssqs.NewFromConfig(c).PurgeQueue(ctx, &awssqs.PurgeQueueInput{QueueUrl: aws.String(url)})
		return err
	}},
	"ListQueues": {[]string{"sqs:ListQueues"}, func(ctx context.Context, s *services, c aws.Config) error {
		_, err := awssqs.NewFromConfig(c).ListQueues(ctx, &awssqs.ListQueuesInput{})
		return err
	}},
	"GetObject": {[]string{"s3:GetObject", "kms:Decrypt"}, func(ctx context.Context, s *services, c aws.Config) error {
		_, err := s3Of(c).GetObject(ctx, &awss3.GetObjectInput{Bucket: aws.String("media"), Key: s.put("a")})
		return err
	}},
	"HeadObject": {[]string{"s3:GetObject"}, func(ctx context.Context, s *services, c aws.Config) error {
		_, err := s3Of(c).HeadObject(ctx, &awss3.HeadObjectInput{Bucket: aws.String("media"), Key: s.put("a")})
		return err
	}},
	"HeadObject with checksums": {[]string{"s3:GetObject", "kms:Decrypt"}, func(ctx context.Context, s *services, c aws.Config) error {
		_, err := s3Of(c).HeadObject(ctx, &awss3.HeadObjectInput{Bucket: aws.String("media"), Key: s.put("a"), ChecksumMode: types.ChecksumModeEnabled})
		return err
	}},
	"PutObject": {[]string{"s3:PutObject", "kms:GenerateDataKey"}, func(ctx context.Context, s *services, c aws.Config) error {
		_, err := s3Of(c).PutObject(ctx, &awss3.PutObjectInput{Bucket: aws.String("media"), Key: aws.String("p"), Body: strings.NewReader("x")})
		return err
	}},
	"CopyObject": {[]string{"s3:GetObject", "s3:PutObject", "kms:Decrypt", "kms:GenerateDataKey"}, func(ctx context.Context, s *services, c aws.Config) error {
		_, err := s3Of(c).CopyObject(ctx, &awss3.CopyObjectInput{Bucket: aws.String("media"), Key: aws.String("c"), CopySource: aws.String("media/" + *s.put("a"))})
		return err
	}},
	"DeleteObject": {[]string{"s3:DeleteObject"}, func(ctx context.Context, s *services, c aws.Config) error {
		_, err := s3Of(c).DeleteObject(ctx, &awss3.DeleteObjectInput{Bucket: aws.String("media"), Key: s.put("a")})
		return err
	}},
	"ListObjectsV2": {[]string{"s3:ListBucket"}, func(ctx context.Context, s *services, c aws.Config) error {
		_, err := s3Of(c).ListObjectsV2(ctx, &awss3.ListObjectsV2Input{Bucket: aws.String("media")})
		return err
	}},
	"HeadBucket": {[]string{"s3:ListBucket"}, func(ctx context.Context, s *services, c aws.Config) error {
		_, err := s3Of(c).HeadBucket(ctx, &awss3.HeadBucketInput{Bucket: aws.String("media")})
		return err
	}},
	"a presigned GET": {[]string{"s3:GetObject", "kms:Decrypt"}, func(ctx context.Context, s *services, c aws.Config) error {
		signed, err := awss3.NewPresignClient(s3Of(c)).PresignGetObject(ctx, &awss3.GetObjectInput{Bucket: aws.String("media"), Key: s.put("a b")})
		if err != nil {
			return err
		}
		return browse("GET", signed.URL, "", nil)
	}},
	"a presigned form": {[]string{"s3:PutObject", "kms:GenerateDataKey"}, func(ctx context.Context, s *services, c aws.Config) error {
		return form(ctx, c)
	}},
	"GetSecretValue": {[]string{"secretsmanager:GetSecretValue", "kms:Decrypt"}, func(ctx context.Context, s *services, c aws.Config) error {
		_, err := awssecrets.NewFromConfig(c).GetSecretValue(ctx, &awssecrets.GetSecretValueInput{SecretId: aws.String(secret)})
		return err
	}},
	"PutSecretValue": {[]string{"secretsmanager:PutSecretValue", "kms:GenerateDataKey", "kms:Decrypt"}, func(ctx context.Context, s *services, c aws.Config) error {
		_, err := awssecrets.NewFromConfig(c).PutSecretValue(ctx, &awssecrets.PutSecretValueInput{SecretId: aws.String("db"), SecretString: aws.String("{}")})
		return err
	}},
	"DescribeSecret": {[]string{"secretsmanager:DescribeSecret"}, func(ctx context.Context, s *services, c aws.Config) error {
		_, err := awssecrets.NewFromConfig(c).DescribeSecret(ctx, &awssecrets.DescribeSecretInput{SecretId: aws.String(secret)})
		return err
	}},
	"ListSecrets": {[]string{"secretsmanager:ListSecrets"}, func(ctx context.Context, s *services, c aws.Config) error {
		_, err := awssecrets.NewFromConfig(c).ListSecrets(ctx, &awssecrets.ListSecretsInput{})
		return err
	}},
	"GetCallerIdentity": {nil, func(ctx context.Context, s *services, c aws.Config) error {
		out, err := awssts.NewFromConfig(c).GetCallerIdentity(ctx, &awssts.GetCallerIdentityInput{})
		if err == nil && *out.Arn+*out.UserId+*out.Account != "arn:aws:sts::000000000000:assumed-role/web/i-1"+"AROA1:i-1"+number {
			return fmt.Errorf("%s %s %s", *out.Arn, *out.UserId, *out.Account)
		}
		return err
	}},
}

// TestEachCallNeedsItsPermissions makes each call with what it needs and nothing
// else, and then without one of its permissions at a time.
func TestEachCallNeedsItsPermissions(t *testing.T) {
	t.Parallel()
	for name, c := range calls {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newServices(t)
			s.only(append(c.needs, "none:Such")...)
			if err := c.run(t.Context(), s, s.sdk(false)); err != nil {
				t.Fatalf("with all that it needs: %v", err)
			}
			for i, lacking := range c.needs {
				s.only(append(slices.Delete(slices.Clone(c.needs), i, i+1), "none:Such")...)
				err := c.run(t.Context(), s, s.sdk(false))
				if err == nil || !refusal(err, lacking) {
					t.Errorf("without %s: %v", lacking, err)
				}
			}
		})
	}
}

// refusal says whether err is how AWS refuses an action to the role.
func refusal(err error, action string) bool {
	text := err.Error()
	var e smithy.APIError
	if errors.As(err, &e) && strings.Contains(text, ": Head") { // no body says more
		return strings.Contains(text, "StatusCode: 403")
	}
	switch service, _, _ := strings.Cut(action, ":"); {
	case strings.Contains(text, "Secrets Manager") && service == "kms":
		return strings.Contains(text, "StatusCode: 400") && strings.Contains(text, "AccessDeniedException: Access to KMS is not allowed")
	case strings.Contains(text, "SQS") && action == "kms:Decrypt":
		return strings.Contains(text, "KMS.AccessDeniedException: The ciphertext refers to a customer master key that does not exist")
	case service == "sqs":
		action = strings.ToLower(action)
	}
	return strings.Contains(text, "AccessDenied") && strings.Contains(text, "assumed-role/web/i-1 is not authorized to perform: "+action+" on resource: ") &&
		strings.Contains(text, "because no identity-based policy allows the "+action+" action")
}

func TestAMissingObjectIsNotToldToWhoMayNotList(t *testing.T) {
	t.Parallel()
	s := newServices(t)
	ctx := t.Context()
	for _, c := range []struct {
		may       string
		get, head int
	}{{"s3:ListBucket", 404, 404}, {"none:Such", 403, 403}} {
		s.only("s3:GetObject", "kms:*", c.may)
		client := s3Of(s.sdk(false))
		_, err := client.GetObject(ctx, &awss3.GetObjectInput{Bucket: aws.String("media"), Key: aws.String("missing")})
		if !strings.Contains(said(err), fmt.Sprint("StatusCode: ", c.get)) {
			t.Errorf("GET with %s: %v", c.may, err)
		}
		_, err = client.HeadObject(ctx, &awss3.HeadObjectInput{Bucket: aws.String("media"), Key: aws.String("missing")})
		if !strings.Contains(said(err), fmt.Sprint("StatusCode: ", c.head)) {
			t.Errorf("HEAD with %s: %v", c.may, err)
		}
	}
	s.only("sqs:GetQueueUrl")
	_, err := awssqs.NewFromConfig(s.sdk(false)).GetQueueUrl(ctx, &awssqs.GetQueueUrlInput{QueueName: aws.String("missing")})
	if !strings.Contains(said(err), "NonExistentQueue") {
		t.Error(err)
	}
}

func TestWhatWasPresignedIsDecidedWhenItIsUsed(t *testing.T) {
	t.Parallel()
	s := newServices(t)
	s.only("none:Such")
	signed, err := awss3.NewPresignClient(s3Of(s.sdk(false))).PresignGetObject(t.Context(),
		&awss3.GetObjectInput{Bucket: aws.String("media"), Key: s.put("a")})
	if err != nil {
		t.Fatal(err)
	}
	if got := said(browse("GET", signed.URL, "", nil)); !strings.Contains(got, `not authorized to perform: s3:GetObject on resource: "arn:aws:s3:::media/a"`) {
		t.Error(got)
	}
	s.only("s3:GetObject", "kms:Decrypt")
	if err := browse("GET", signed.URL, "", nil); err != nil {
		t.Error(err)
	}
	if got := said(browse("GET", strings.Replace(signed.URL, "/media/a", "/media/b", 1), "", nil)); !strings.Contains(got, "SignatureDoesNotMatch") {
		t.Errorf("another object: %s", got)
	}
}

func TestAFormIsSigned(t *testing.T) {
	t.Parallel()
	s := newServices(t)
	s.only("s3:PutObject", "kms:GenerateDataKey")
	wrong := s.sdk(false)
	keys, err := wrong.Credentials.Retrieve(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	wrong.Credentials = credentials.NewStaticCredentialsProvider(keys.AccessKeyID, "guessed", keys.SessionToken)
	if got := said(form(t.Context(), wrong)); !strings.Contains(got, "StatusCode: 403") || !strings.Contains(got, "SignatureDoesNotMatch") {
		t.Error(got)
	}
}

// forger puts another body into what was signed.
type forger struct{}

func (forger) Do(r *http.Request) (*http.Response, error) {
	r.Body = io.NopCloser(strings.NewReader("forged!"))
	return http.DefaultClient.Do(r)
}

func TestABodyIsTheOneThatWasSigned(t *testing.T) {
	t.Parallel()
	s := newServices(t)
	c := s.sdk(true)
	c.HTTPClient = forger{}
	_, err := s3Of(c).PutObject(t.Context(), &awss3.PutObjectInput{Bucket: aws.String("media"), Key: aws.String("a"), Body: strings.NewReader("genuine")})
	if !strings.Contains(said(err), "XAmzContentSHA256Mismatch") {
		t.Error(err)
	}
}
