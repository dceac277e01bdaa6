package sqs_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	awssqs "github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/aws/smithy-go"

	"newsfeed/localcloud/cloud"
	"newsfeed/localcloud/endpoint"
	"newsfeed/localcloud/sqs"
)

const (
	seoul     = "ap-northeast-2"
	queueType = "aws:sqs/queue:Queue"
)

// rig is a service with a queue "jobs" and its dead-letter queue "dead", and
// an ordinary SDK client to it.
type rig struct {
	*awssqs.Client
	t       testing.TB
	dir     string
	service *sqs.Service
	jobs    string
	dead    string
	handler http.Handler
}

// inProcess is the SDK's HTTP client without a network, so that tests can run
// on the fake clock of synctest.
type inProcess struct{ r *rig }

func (p inProcess) Do(r *http.Request) (*http.Response, error) {
	if r.Body == nil {
		r.Body = http.NoBody
	}
	answer := httptest.NewRecorder()
	p.r.handler.ServeHTTP(answer, r)
	return answer.Result(), nil
}

func newRig(t testing.TB, dir string) *rig {
	t.Helper()
	r := &rig{t: t, dir: dir, jobs: queueURL("jobs"), dead: queueURL("dead")}
	r.start()
	r.Client = client("http://127.0.0.1:1", inProcess{r})
	return r
}

func client(url string, h awssqs.HTTPClient) *awssqs.Client {
	return awssqs.New(awssqs.Options{
		Region: seoul, BaseEndpoint: aws.String(url), HTTPClient: h, RetryMaxAttempts: 1,
		Credentials: credentials.NewStaticCredentialsProvider("local", "local", ""),
	})
}

// start makes a new service on the directory, as after a restart.
func (r *rig) start() {
	r.t.Helper()
	var err error
	if r.service, err = sqs.New(r.dir); err != nil {
		r.t.Fatal(err)
	}
	r.handler = endpoint.New(map[string]endpoint.Service{"sqs": r.service})
	r.apply("dead", nil)
	r.apply("jobs", map[string]any{
		"redrivePolicy": `{"deadLetterTargetArn":"arn:aws:sqs:ap-northeast-2:000000000000:dead","maxReceiveCount":"2"}`,
	})
}

func queueURL(name string) string {
	return "https://sqs." + seoul + ".amazonaws.com/000000000000/" + name
}

func resource(name string, properties map[string]any) *cloud.Resource {
	r := &cloud.Resource{Type: queueType, ID: queueURL(name), Region: seoul, Outputs: map[string]any{
		"name": name, "url": queueURL(name), "arn": "arn:aws:sqs:" + seoul + ":000000000000:" + name,
	}}
	for k, v := range properties {
		r.Outputs[k] = v
	}
	return r
}

func (r *rig) apply(name string, properties map[string]any) {
	r.t.Helper()
	if err := r.service.Bodies()[queueType].Apply(r.t.Context(), resource(name, properties), nil); err != nil {
		r.t.Fatal(err)
	}
}

func (r *rig) send(body string) {
	r.t.Helper()
	in := &awssqs.SendMessageInput{QueueUrl: &r.jobs, MessageBody: &body}
	if _, err := r.SendMessage(r.t.Context(), in); err != nil {
		r.t.Fatal(err)
	}
}

func (r *rig) receive(queue string, wait int32) []types.Message {
	r.t.Helper()
	out, err := r.ReceiveMessage(r.t.Context(), &awssqs.ReceiveMessageInput{
		QueueUrl: &queue, MaxNumberOfMessages: 10, WaitTimeSeconds: wait,
		MessageSystemAttributeNames: []types.MessageSystemAttributeName{"All"}, MessageAttributeNames: []string{"All"},
	})
	if err != nil {
		r.t.Fatal(err)
	}
	return out.Messages
}

func bodies(messages []types.Message) []string {
	var all []string
	for _, m := range messages {
		all = append(all, *m.Body)
	}
	return all
}

func (r *rig) expect(what string, got []types.Message, want ...string) {
	r.t.Helper()
	if b := bodies(got); !reflect.DeepEqual(b, want) {
		r.t.Fatalf("%s: got %q, want %q", what, b, want)
	}
}

func (r *rig) status(name string) sqs.Status {
	for _, s := range r.service.Status() {
		if s.Name == name {
			return s
		}
	}
	r.t.Fatalf("no queue %s", name)
	return sqs.Status{}
}

func code(err error) string {
	var api smithy.APIError
	if errors.As(err, &api) {
		return api.ErrorCode()
	}
	return fmt.Sprint(err)
}

var queueCases = map[string]func(t *testing.T, r *rig){
	"messages come in order, once, and are gone when deleted": func(t *testing.T, r *rig) {
		r.send("one")
		r.send("two")
		got := r.receive(r.jobs, 0)
		r.expect("first receive", got, "one", "two")
		r.expect("in flight", r.receive(r.jobs, 0))
		for _, m := range got {
			in := &awssqs.DeleteMessageInput{QueueUrl: &r.jobs, ReceiptHandle: m.ReceiptHandle}
			if _, err := r.DeleteMessage(t.Context(), in); err != nil {
				t.Fatal(err)
			}
		}
		time.Sleep(31 * time.Second)
		r.expect("after the visibility timeout", r.receive(r.jobs, 0))
	},
	"attributes pass through, with the digests the SDK knows": func(t *testing.T, r *rig) {
		out, err := r.SendMessage(t.Context(), &awssqs.SendMessageInput{
			QueueUrl: &r.jobs, MessageBody: aws.String("body"),
			MessageAttributes: map[string]types.MessageAttributeValue{
				"City":  {DataType: aws.String("String"), StringValue: aws.String("Any City")},
				"Bytes": {DataType: aws.String("Binary.gif"), BinaryValue: []byte{1, 2, 3}},
			},
			MessageSystemAttributes: map[string]types.MessageSystemAttributeValue{
				"AWSTraceHeader": {DataType: aws.String("String"), StringValue: aws.String("Root=1-2-3")},
			},
		})
		if err != nil {
			t.Fatal(err)
		}
		m := r.receive(r.jobs, 0)[0]
		if *m.MessageAttributes["City"].StringValue != "Any City" || string(m.MessageAttributes["Bytes"].BinaryValue) != "\x01\x02\x03" {
			t.Fatalf("attributes: %v", m.MessageAttributes)
		}
		if m.Attributes["AWSTraceHeader"] != "Root=1-2-3" || m.Attributes["ApproximateReceiveCount"] != "1" {
			t.Fatalf("system attributes: %v", m.Attributes)
		}
		if *m.MD5OfMessageAttributes != *out.MD5OfMessageAttributes {
			t.Fatalf("digest of attributes: %s, then %s", *out.MD5OfMessageAttributes, *m.MD5OfMessageAttributes)
		}
	},
	"a long poll returns as soon as a message is sent": func(t *testing.T, r *rig) {
		start := time.Now()
		go func() {
			time.Sleep(3 * time.Second)
			r.send("late")
		}()
		r.expect("poll", r.receive(r.jobs, 20), "late")
		if took := time.Since(start); took != 3*time.Second {
			t.Fatalf("took %v", took)
		}
	},
	"a long poll on nothing ends when its time is up": func(t *testing.T, r *rig) {
		start := time.Now()
		r.expect("poll", r.receive(r.jobs, 7))
		if took := time.Since(start); took != 7*time.Second {
			t.Fatalf("took %v", took)
		}
	},
	"a long poll ends with an error when its queue is removed": func(t *testing.T, r *rig) {
		go func() {
			time.Sleep(time.Second)
			if err := r.service.Bodies()[queueType].Remove(context.Background(), resource("jobs", nil)); err != nil {
				t.Error(err)
			}
		}()
		_, err := r.ReceiveMessage(t.Context(), &awssqs.ReceiveMessageInput{QueueUrl: &r.jobs, WaitTimeSeconds: 20})
		if !errors.As(err, new(*types.QueueDoesNotExist)) {
			t.Fatalf("got %v", err)
		}
		if _, err := os.Stat(filepath.Join(r.dir, seoul, "jobs.journal")); !os.IsNotExist(err) {
			t.Fatalf("journal is left: %v", err)
		}
	},
	"a long poll gets a delayed message when it is due": func(t *testing.T, r *rig) {
		in := &awssqs.SendMessageInput{QueueUrl: &r.jobs, MessageBody: aws.String("delayed"), DelaySeconds: 5}
		if _, err := r.SendMessage(t.Context(), in); err != nil {
			t.Fatal(err)
		}
		if s := r.status("jobs"); s.Delayed != 1 || s.Visible != 0 || s.InFlight != 0 {
			t.Fatalf("status %+v", s)
		}
		start := time.Now()
		r.expect("poll", r.receive(r.jobs, 20), "delayed")
		if took := time.Since(start); took != 5*time.Second {
			t.Fatalf("took %v", took)
		}
	},
	"a message comes back after its visibility timeout, and its old handle deletes nothing": func(t *testing.T, r *rig) {
		r.send("again")
		old := r.receive(r.jobs, 0)[0].ReceiptHandle
		time.Sleep(30 * time.Second)
		again := r.receive(r.jobs, 0)
		r.expect("second receive", again, "again")
		if _, err := r.DeleteMessage(t.Context(), &awssqs.DeleteMessageInput{QueueUrl: &r.jobs, ReceiptHandle: old}); err != nil {
			t.Fatal(err)
		}
		if s := r.status("jobs"); s.InFlight != 1 {
			t.Fatalf("status %+v", s)
		}
	},
	"a heartbeat keeps a message hidden, and zero gives it back at once": func(t *testing.T, r *rig) {
		r.send("held")
		handle := r.receive(r.jobs, 0)[0].ReceiptHandle
		hide := func(seconds int32) error {
			_, err := r.ChangeMessageVisibility(t.Context(), &awssqs.ChangeMessageVisibilityInput{
				QueueUrl: &r.jobs, ReceiptHandle: handle, VisibilityTimeout: seconds})
			return err
		}
		time.Sleep(29 * time.Second)
		if err := hide(60); err != nil {
			t.Fatal(err)
		}
		time.Sleep(59 * time.Second)
		r.expect("still hidden", r.receive(r.jobs, 0))
		if err := hide(0); err != nil {
			t.Fatal(err)
		}
		if err := hide(10); !errors.As(err, new(*types.MessageNotInflight)) {
			t.Fatalf("a visible message: %v", err)
		}
		r.expect("given back", r.receive(r.jobs, 0), "held")
	},
	"a message received too often moves to the dead-letter queue": func(t *testing.T, r *rig) {
		r.send("poison")
		for range 2 {
			r.expect("receive", r.receive(r.jobs, 0), "poison")
			time.Sleep(30 * time.Second)
		}
		r.expect("third receive", r.receive(r.jobs, 1))
		m := r.receive(r.dead, 0)
		r.expect("dead-letter queue", m, "poison")
		if source := m[0].Attributes["DeadLetterQueueSourceArn"]; !strings.HasSuffix(source, ":jobs") {
			t.Fatalf("source %q", source)
		}
		if s := r.status("jobs"); s.Visible+s.InFlight != 0 || s.OldestAge != 0 {
			t.Fatalf("status %+v", s)
		}
	},
	"a redrive policy declared apart counts over the queue's own": func(t *testing.T, r *rig) {
		policy := &cloud.Resource{Region: seoul, Outputs: map[string]any{"queueUrl": r.jobs,
			"redrivePolicy": `{"deadLetterTargetArn":"arn:aws:sqs:ap-northeast-2:000000000000:dead","maxReceiveCount":1}`}}
		if err := r.service.Bodies()["aws:sqs/redrivePolicy:RedrivePolicy"].Apply(t.Context(), policy, nil); err != nil {
			t.Fatal(err)
		}
		r.send("poison")
		r.expect("receive", r.receive(r.jobs, 0), "poison")
		time.Sleep(30 * time.Second)
		r.expect("second receive", r.receive(r.jobs, 0))
		r.expect("dead-letter queue", r.receive(r.dead, 0), "poison")
	},
	"a message is forgotten after the retention period": func(t *testing.T, r *rig) {
		r.apply("jobs", map[string]any{"messageRetentionSeconds": 60.0})
		r.send("old")
		time.Sleep(50 * time.Second)
		r.send("new")
		if s := r.status("jobs"); s.OldestAge != 50 {
			t.Fatalf("oldest is %v s old", s.OldestAge)
		}
		time.Sleep(10 * time.Second)
		r.expect("receive", r.receive(r.jobs, 0), "new")
	},
	"new attributes of a queue leave its messages": func(t *testing.T, r *rig) {
		r.send("kept")
		r.apply("jobs", map[string]any{"visibilityTimeoutSeconds": 1.0})
		r.expect("receive", r.receive(r.jobs, 0), "kept")
		r.expect("in flight", r.receive(r.jobs, 0))
		time.Sleep(time.Second)
		r.expect("after the new visibility timeout", r.receive(r.jobs, 0), "kept")
	},
	"a purge empties the queue": func(t *testing.T, r *rig) {
		r.send("ready")
		r.receive(r.jobs, 0)
		r.send("ready too")
		if _, err := r.PurgeQueue(t.Context(), &awssqs.PurgeQueueInput{QueueUrl: &r.jobs}); err != nil {
			t.Fatal(err)
		}
		if s := r.status("jobs"); s.Visible+s.InFlight+s.Delayed != 0 {
			t.Fatalf("status %+v", s)
		}
		r.send("after")
		r.expect("receive", r.receive(r.jobs, 0), "after")
	},
	"a batch reports each entry, and deletes and hides in one request": batches,
	"attributes and names of queues can be asked for":                  describes,
}

func TestQueue(t *testing.T) {
	t.Parallel()
	for sentence, run := range queueCases {
		t.Run(sentence, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			synctest.Test(t, func(t *testing.T) { run(t, newRig(t, dir)) })
		})
	}
}

func batches(t *testing.T, r *rig) {
	sent, err := r.SendMessageBatch(t.Context(), &awssqs.SendMessageBatchInput{QueueUrl: &r.jobs, Entries: []types.SendMessageBatchRequestEntry{
		{Id: aws.String("a"), MessageBody: aws.String("first")},
		{Id: aws.String("b"), MessageBody: aws.String("bad \x00")},
		{Id: aws.String("c"), MessageBody: aws.String("second")},
	}})
	if err != nil || len(sent.Successful) != 2 || len(sent.Failed) != 1 || *sent.Failed[0].Code != "InvalidMessageContents" {
		t.Fatalf("%+v %v", sent, err)
	}
	got := r.receive(r.jobs, 0)
	r.expect("receive", got, "first", "second")
	hidden, err := r.ChangeMessageVisibilityBatch(t.Context(), &awssqs.ChangeMessageVisibilityBatchInput{
		QueueUrl: &r.jobs, Entries: []types.ChangeMessageVisibilityBatchRequestEntry{
			{Id: aws.String("a"), ReceiptHandle: got[0].ReceiptHandle, VisibilityTimeout: 100},
			{Id: aws.String("b"), ReceiptHandle: aws.String("nonsense"), VisibilityTimeout: 100},
		}})
	if err != nil || len(hidden.Successful) != 1 || *hidden.Failed[0].Code != "ReceiptHandleIsInvalid" {
		t.Fatalf("%+v %v", hidden, err)
	}
	deleted, err := r.DeleteMessageBatch(t.Context(), &awssqs.DeleteMessageBatchInput{
		QueueUrl: &r.jobs, Entries: []types.DeleteMessageBatchRequestEntry{{Id: aws.String("x"), ReceiptHandle: got[1].ReceiptHandle}}})
	if err != nil || len(deleted.Successful) != 1 {
		t.Fatalf("%+v %v", deleted, err)
	}
	if s := r.status("jobs"); s.InFlight != 1 {
		t.Fatalf("status %+v", s)
	}
}

func describes(t *testing.T, r *rig) {
	r.send("one")
	out, err := r.GetQueueAttributes(t.Context(), &awssqs.GetQueueAttributesInput{QueueUrl: &r.jobs, AttributeNames: []types.QueueAttributeName{"All"}})
	if err != nil {
		t.Fatal(err)
	}
	a := out.Attributes
	if a["ApproximateNumberOfMessages"] != "1" || a["VisibilityTimeout"] != "30" || !strings.Contains(a["RedrivePolicy"], "dead") ||
		a["QueueArn"] != "arn:aws:sqs:ap-northeast-2:000000000000:jobs" {
		t.Fatalf("attributes %v", a)
	}
	url, err := r.GetQueueUrl(t.Context(), &awssqs.GetQueueUrlInput{QueueName: aws.String("jobs")})
	if err != nil || *url.QueueUrl != r.jobs {
		t.Fatalf("%v %v", url, err)
	}
	list, err := r.ListQueues(t.Context(), &awssqs.ListQueuesInput{})
	if err != nil || !reflect.DeepEqual(list.QueueUrls, []string{r.dead, r.jobs}) {
		t.Fatalf("%v %v", list, err)
	}
}

func entries(n int, same bool) []types.SendMessageBatchRequestEntry {
	all := []types.SendMessageBatchRequestEntry{}
	for i := range n {
		id := fmt.Sprint(i)
		if same {
			id = "same"
		}
		all = append(all, types.SendMessageBatchRequestEntry{Id: &id, MessageBody: aws.String("x")})
	}
	return all
}

func sendBatch(r *rig, e []types.SendMessageBatchRequestEntry) error {
	_, err := r.SendMessageBatch(r.t.Context(), &awssqs.SendMessageBatchInput{QueueUrl: &r.jobs, Entries: e})
	return err
}

func send(r *rig, queue, body string, delay int32) error {
	_, err := r.SendMessage(r.t.Context(), &awssqs.SendMessageInput{QueueUrl: &queue, MessageBody: &body, DelaySeconds: delay})
	return err
}

func receive(r *rig, count, wait int32) error {
	_, err := r.ReceiveMessage(r.t.Context(), &awssqs.ReceiveMessageInput{QueueUrl: &r.jobs, MaxNumberOfMessages: count, WaitTimeSeconds: wait})
	return err
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	for sentence, c := range map[string]struct {
		code string
		run  func(r *rig) error
	}{
		"a queue that is not there": {"AWS.SimpleQueueService.NonExistentQueue", func(r *rig) error { return send(r, queueURL("none"), "x", 0) }},
		"a queue of another region": {"AWS.SimpleQueueService.NonExistentQueue", func(r *rig) error {
			return send(r, strings.Replace(r.jobs, seoul, "ap-northeast-1", 1), "x", 0)
		}},
		"a message above the queue's size":    {"InvalidParameterValue", func(r *rig) error { return send(r, r.jobs, strings.Repeat("x", 262_145), 0) }},
		"a message with forbidden characters": {"InvalidMessageContents", func(r *rig) error { return send(r, r.jobs, "\x01", 0) }},
		"an empty message":                    {"MissingParameter", func(r *rig) error { return send(r, r.jobs, "", 0) }},
		"a delay above 15 minutes":            {"InvalidParameterValue", func(r *rig) error { return send(r, r.jobs, "x", 901) }},
		"a receive of more than ten":          {"InvalidParameterValue", func(r *rig) error { return receive(r, 11, 0) }},
		"a wait above 20 seconds":             {"InvalidParameterValue", func(r *rig) error { return receive(r, 1, 21) }},
		"a batch of none":                     {"AWS.SimpleQueueService.EmptyBatchRequest", func(r *rig) error { return sendBatch(r, entries(0, false)) }},
		"a batch of eleven":                   {"AWS.SimpleQueueService.TooManyEntriesInBatchRequest", func(r *rig) error { return sendBatch(r, entries(11, false)) }},
		"a batch with one id twice":           {"AWS.SimpleQueueService.BatchEntryIdsNotDistinct", func(r *rig) error { return sendBatch(r, entries(2, true)) }},
		"a receipt handle that is nonsense": {"ReceiptHandleIsInvalid", func(r *rig) error {
			_, err := r.DeleteMessage(r.t.Context(), &awssqs.DeleteMessageInput{QueueUrl: &r.jobs, ReceiptHandle: aws.String("nonsense")})
			return err
		}},
		"a receipt handle of another queue": {"ReceiptHandleIsInvalid", func(r *rig) error {
			r.send("x")
			_, err := r.DeleteMessage(r.t.Context(), &awssqs.DeleteMessageInput{QueueUrl: &r.dead, ReceiptHandle: r.receive(r.jobs, 0)[0].ReceiptHandle})
			return err
		}},
		"an operation that is not there": {"UnknownOperationException", func(r *rig) error {
			_, err := r.CreateQueue(r.t.Context(), &awssqs.CreateQueueInput{QueueName: aws.String("new")})
			return err
		}},
	} {
		t.Run(sentence+" is refused", func(t *testing.T) {
			t.Parallel()
			if got := code(c.run(newRig(t, t.TempDir()))); got != c.code {
				t.Fatalf("code %q, want %q", got, c.code)
			}
		})
	}
}

func TestBadQueues(t *testing.T) {
	t.Parallel()
	for sentence, properties := range map[string]map[string]any{
		"FIFO":                               {"fifoQueue": true},
		"named as a path":                    {"name": "../jobs"},
		"with a wait above 20 seconds":       {"receiveWaitTimeSeconds": 21.0},
		"with a redrive policy that is none": {"redrivePolicy": `{"maxReceiveCount":3}`},
	} {
		t.Run("a queue "+sentence+" is refused", func(t *testing.T) {
			t.Parallel()
			r := newRig(t, t.TempDir())
			if err := r.service.Bodies()[queueType].Apply(t.Context(), resource("bad", properties), nil); err == nil {
				t.Fatal("accepted")
			}
		})
	}
}

func (r *rig) journal() string { return filepath.Join(r.dir, seoul, "jobs.journal") }

var restartCases = map[string]func(t *testing.T, r *rig){
	"a restart keeps what was sent, received and deleted": func(t *testing.T, r *rig) {
		for _, body := range []string{"deleted", "in flight", "waiting"} {
			r.send(body)
		}
		limit := &awssqs.ReceiveMessageInput{QueueUrl: &r.jobs, MaxNumberOfMessages: 2}
		got, err := r.ReceiveMessage(t.Context(), limit)
		if err != nil {
			t.Fatal(err)
		}
		r.DeleteMessage(t.Context(), &awssqs.DeleteMessageInput{QueueUrl: &r.jobs, ReceiptHandle: got.Messages[0].ReceiptHandle})
		r.start()
		r.expect("visible", r.receive(r.jobs, 0), "waiting")
		time.Sleep(30 * time.Second)
		again := r.receive(r.jobs, 0)
		r.expect("back", again, "in flight", "waiting")
		if count := again[0].Attributes["ApproximateReceiveCount"]; count != "2" {
			t.Fatalf("received %s times", count)
		}
		r.start()
		if _, err := r.DeleteMessage(t.Context(), &awssqs.DeleteMessageInput{QueueUrl: &r.jobs, ReceiptHandle: again[0].ReceiptHandle}); err != nil {
			t.Fatal(err)
		}
		if s := r.status("jobs"); s.InFlight != 1 {
			t.Fatalf("status %+v", s)
		}
	},
	"a last line cut short is dropped, and what follows is kept": func(t *testing.T, r *rig) {
		r.send("whole")
		r.send("torn")
		info, err := os.Stat(r.journal())
		if err != nil {
			t.Fatal(err)
		}
		if err := os.Truncate(r.journal(), info.Size()-3); err != nil {
			t.Fatal(err)
		}
		r.start()
		r.send("after")
		r.start()
		r.expect("receive", r.receive(r.jobs, 0), "whole", "after")
	},
	"a purge holds": func(t *testing.T, r *rig) {
		r.send("gone")
		r.PurgeQueue(t.Context(), &awssqs.PurgeQueueInput{QueueUrl: &r.jobs})
		r.start()
		r.expect("receive", r.receive(r.jobs, 0))
	},
	"a corrupt journal is an error that names it, and is left as it is": func(t *testing.T, r *rig) {
		corrupt := []byte("nonsense\n")
		if err := os.WriteFile(r.journal(), corrupt, 0o600); err != nil {
			t.Fatal(err)
		}
		s, _ := sqs.New(r.dir)
		err := s.Bodies()[queueType].Apply(t.Context(), resource("jobs", nil), nil)
		if err == nil || !strings.Contains(err.Error(), "jobs.journal") {
			t.Fatalf("got %v", err)
		}
		if left, _ := os.ReadFile(r.journal()); string(left) != string(corrupt) {
			t.Fatalf("left %q", left)
		}
	},
	"a large journal is compacted without loss": func(t *testing.T, r *rig) {
		r.send("kept")
		r.receive(r.jobs, 0)
		for range 100 {
			r.send(strings.Repeat("x", 200_000))
			m := r.receive(r.jobs, 0)[0]
			r.DeleteMessage(t.Context(), &awssqs.DeleteMessageInput{QueueUrl: &r.jobs, ReceiptHandle: m.ReceiptHandle})
		}
		if info, err := os.Stat(r.journal()); err != nil || info.Size() > 17<<20 {
			t.Fatalf("journal of %d bytes, %v", info.Size(), err)
		}
		r.start()
		time.Sleep(30 * time.Second)
		r.expect("receive", r.receive(r.jobs, 0), "kept")
	},
}

func TestRestart(t *testing.T) {
	t.Parallel()
	for sentence, run := range restartCases {
		t.Run(sentence, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			synctest.Test(t, func(t *testing.T) { run(t, newRig(t, dir)) })
		})
	}
}

// Over a real listener: many senders, many long-polling receivers, each
// message once.
func TestManyAtOnce(t *testing.T) {
	t.Parallel()
	r := newRig(t, t.TempDir())
	server := httptest.NewServer(r.handler)
	t.Cleanup(server.Close)
	c := client(server.URL, server.Client())
	const senders, each = 8, 25
	var wg sync.WaitGroup
	ctx, done := context.WithCancel(t.Context())
	defer done()
	for s := range senders {
		wg.Go(func() {
			for i := range each {
				in := &awssqs.SendMessageInput{QueueUrl: &r.jobs, MessageBody: aws.String(fmt.Sprint(s, "-", i))}
				if _, err := c.SendMessage(ctx, in); err != nil {
					t.Error(err)
				}
			}
		})
	}
	var mu sync.Mutex
	seen := map[string]int{}
	for range 4 {
		wg.Go(func() {
			for ctx.Err() == nil {
				out, err := c.ReceiveMessage(ctx, &awssqs.ReceiveMessageInput{QueueUrl: &r.jobs, MaxNumberOfMessages: 10, WaitTimeSeconds: 20})
				if err != nil {
					if ctx.Err() == nil {
						t.Error(err)
					}
					return
				}
				for _, m := range out.Messages {
					if _, err := c.DeleteMessage(ctx, &awssqs.DeleteMessageInput{QueueUrl: &r.jobs, ReceiptHandle: m.ReceiptHandle}); err != nil && ctx.Err() == nil {
						t.Error(err)
					}
					mu.Lock()
					seen[*m.Body]++
					if len(seen) == senders*each {
						done()
					}
					mu.Unlock()
				}
			}
		})
	}
	wg.Wait()
	for body, n := range seen {
		if n != 1 {
			t.Errorf("%s received %d times", body, n)
		}
	}
}
