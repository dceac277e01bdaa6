package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"testing"

	awsconfig "github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials/ec2rolecreds"
	"github.com/aws/aws-sdk-go-v2/feature/ec2/imds"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"newsfeed/app"
	"newsfeed/app/apptest"
)

// unused are the permissions that no process of these tests uses, and why they are
// there.
var unused = map[string]string{
	"AmazonSSMManagedInstanceCore": "the agent of Systems Manager, for a shell without SSH",
	"CloudWatchAgentServerPolicy":  "the CloudWatch agent, which ships metrics and logs",
	"Boot":                         "an instance's launch hook: localcloud/autoscaling, TestAnInstanceSpeaksForItsOwnGroupOnly",
}

// site is the two processes at work, and what users do with them.
type site struct {
	*fleet
	web       string // URL
	logs      map[string]*log
	process   *exec.Cmd // the worker
	kim, sato account
	photo     app.Upload // one that is there
}

func newSite(t *testing.T) *site {
	t.Helper()
	s := &site{fleet: newFleet(t), logs: map[string]*log{}}
	s.web, _, s.logs["web"] = s.as("web").start("web")
	s.work()
	s.must("POST", s.web+"/v1/users", "", credentials("kim"), 201, &s.kim)
	s.must("POST", s.web+"/v1/users", "", credentials("sato"), 201, &s.sato)
	s.befriend()
	if err := errors.Join(s.upload(), s.publishes(), s.fetches("web"), s.fetches("worker")); err != nil {
		t.Fatal(err)
	}
	return s
}

func (s *site) work() {
	s.t.Helper()
	_, s.process, s.logs["worker"] = s.as("worker").start("worker")
}

func (s *site) befriend() {
	s.t.Helper()
	s.must("POST", s.web+"/v1/friend-requests", s.kim.Token, map[string]string{"name": "sato"}, 201, nil)
	s.must("POST", s.web+"/v1/friend-requests/"+s.kim.User.ID+"/accept", s.sato.Token, nil, 204, nil)
}

// publishes posts a story, which reaches the friend's feed by queue and worker.
func (s *site) publishes() error {
	var story struct{ ID string }
	if err := s.call("POST", s.web+"/v1/stories", s.kim.Token, text("hello"), 201, &story); err != nil {
		return err
	}
	apptest.Eventually(s.t, "the story is in the friend's feed", func() error {
		var feed struct{ Stories []struct{ ID string } }
		err := s.get(s.web+"/v1/feed", s.sato.Token, 200, &feed)
		if err == nil && !slices.ContainsFunc(feed.Stories, func(x struct{ ID string }) bool { return x.ID == story.ID }) {
			err = errors.New("not yet")
		}
		return err
	})
	return nil
}

// upload asks for a form and sends it, as a browser does.
func (s *site) upload() error {
	var up app.Upload
	file := map[string]any{"type": "image/png", "bytes": 4, "width": 1, "height": 1}
	if err := s.call("POST", s.web+"/v1/media", s.kim.Token, file, 201, &up); err != nil {
		return err
	}
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	for name, value := range up.Fields {
		w.WriteField(name, value)
	}
	part, err := w.CreateFormFile("file", "f")
	if err != nil {
		return err
	}
	io.WriteString(part, "1234")
	w.Close()
	if err := answered(http.Post(up.URL, w.FormDataContentType(), &b)); err != nil {
		return err
	}
	s.photo = up
	return nil
}

func answered(r *http.Response, err error) error {
	if err != nil {
		return err
	}
	defer r.Body.Close()
	if body, _ := io.ReadAll(r.Body); r.StatusCode >= 300 {
		return fmt.Errorf("%s: %s", r.Status, strings.ReplaceAll(string(body), "&#34;", `"`))
	}
	return nil
}

// share publishes a photo and opens it as the friend, by its presigned address.
func (s *site) share(key string) error {
	var story struct{ Media []struct{ URL string } }
	draft := map[string]any{"kind": "photo", "media": []string{key}}
	if err := s.call("POST", s.web+"/v1/stories", s.kim.Token, draft, 201, &story); err != nil {
		return err
	}
	r, err := http.NewRequest("GET", s.web+story.Media[0].URL, nil)
	if err != nil {
		return err
	}
	r.Header.Set("Authorization", "Bearer "+s.sato.Token)
	return answered(http.DefaultClient.Do(r))
}

// fetches brings the release as an instance of the group does, by `aws s3 cp`,
// which asks for an object's head and then for it.
func (s *site) fetches(group string) error {
	ctx := s.t.Context()
	_, at, _ := strings.Cut(s.roles[group][0], "=")
	sdk, err := awsconfig.LoadDefaultConfig(ctx, awsconfig.WithRegion(apptest.Region), awsconfig.WithBaseEndpoint(s.cloud),
		awsconfig.WithCredentialsProvider(ec2rolecreds.New(func(o *ec2rolecreds.Options) { o.Client = imds.New(imds.Options{Endpoint: at}) })))
	if err != nil {
		return err
	}
	operator := s3.NewFromConfig(s.sdk, func(o *s3.Options) { o.UsePathStyle = true })
	bucket, key := artifacts, "feed/1"
	if _, err := operator.PutObject(ctx, &s3.PutObjectInput{Bucket: &bucket, Key: &key, Body: strings.NewReader("binary")}); err != nil {
		return err
	}
	client := s3.NewFromConfig(sdk, func(o *s3.Options) { o.UsePathStyle = true })
	_, head := client.HeadObject(ctx, &s3.HeadObjectInput{Bucket: &bucket, Key: &key})
	_, get := client.GetObject(ctx, &s3.GetObjectInput{Bucket: &bucket, Key: &key})
	return errors.Join(head, get)
}

// errSeen is what a refusal that a log tells of comes to.
var errSeen = errors.New("seen in the log")

// says waits until the process says so in its log.
func (s *site) says(group, text string) error {
	apptest.Eventually(s.t, group+" says "+text, func() error {
		return waitFor(strings.Contains(plain(s.logs[group]), text))
	})
	return errSeen
}

func plain(l *log) string { return strings.ReplaceAll(l.String(), `\"`, `"`) }

// boots starts one more process of the group, which must not come up and say why.
func (s *site) boots(group, reason string) error {
	base, process, out := s.as(group).launch(group)
	apptest.Eventually(s.t, group+" does not boot: "+reason, func() error {
		return errors.Join(s.get(base+"/healthz/boot", "", http.StatusServiceUnavailable, nil), waitFor(strings.Contains(plain(out), reason)))
	})
	process.Process.Signal(syscall.SIGTERM)
	process.Wait()
	return errSeen
}

// ends has the worker end while it holds a message for which the cache is away,
// and starts it again.
func (s *site) ends() {
	s.t.Helper()
	if err := s.cache.Client().Do(s.t.Context(), "CLIENT", "PAUSE", 60_000, "WRITE").Err(); err != nil {
		s.t.Fatal(err)
	}
	s.must("POST", s.web+"/v1/stories", s.kim.Token, text("held"), 201, nil)
	s.says("worker", "message held")
	s.process.Process.Signal(syscall.SIGTERM)
	s.process.Wait()
	if err := s.cache.Client().Do(s.t.Context(), "CLIENT", "UNPAUSE").Err(); err != nil {
		s.t.Fatal(err)
	}
}

// row is one permission, and what fails without it.
type row struct {
	group, sid, action string
	resource           string // the ARN begins so
	fails              func(s *site) error
}

// rows are every permission that the program gives to both groups, but those in
// unused. fails returns how the operation was refused, or has seen it in a log.
func rows() (all []row) {
	const queue = "arn:aws:sqs:ap-northeast-2:000000000000:fanout"
	for _, group := range []string{"web", "worker"} {
		boots := func(reason string) func(*site) error {
			return func(s *site) error { return s.boots(group, reason) }
		}
		all = append(all,
			row{group, "Binary", "s3:GetObject", "", func(s *site) error { return s.fetches(group) }},
			row{group, "Secrets", "secretsmanager:GetSecretValue", apptest.DatabaseSecret,
				boots(refuses(group, "secretsmanager:GetSecretValue", apptest.DatabaseSecret))},
			row{group, "Secrets", "secretsmanager:GetSecretValue", apptest.CacheSecret,
				boots(refuses(group, "secretsmanager:GetSecretValue", apptest.CacheSecret))},
			row{group, "Key", "kms:Decrypt", "", boots("Access to KMS is not allowed")},
			row{group, sidOf[group], "sqs:GetQueueAttributes", "", boots(refuses(group, "sqs:getqueueattributes", queue))},
		)
	}
	return append(all,
		row{"web", "Key", "kms:GenerateDataKey", "", (*site).upload},
		row{"web", "Publish", "sqs:SendMessage", "", func(s *site) error {
			return s.posts("web", refuses("web", "sqs:sendmessage", queue))
		}},
		row{"web", "Media", "s3:GetObject", "", func(s *site) error { return s.share(s.photo.Key) }},
		row{"web", "Media", "s3:PutObject", "", (*site).upload},
		row{"web", "MissingMedia", "s3:ListBucket", "", (*site).sharesNothing},
		row{"worker", "FanOut", "sqs:ReceiveMessage", "", func(s *site) error {
			return s.posts("worker", refuses("worker", "sqs:receivemessage", queue))
		}},
		row{"worker", "FanOut", "sqs:DeleteMessage", "", func(s *site) error {
			return s.posts("worker", refuses("worker", "sqs:deletemessage", queue))
		}},
		row{"worker", "FanOut", "sqs:SendMessage", "", func(s *site) error {
			return s.unfriends(refuses("worker", "sqs:sendmessage", queue))
		}},
		row{"worker", "Key", "kms:GenerateDataKey", "", func(s *site) error {
			return s.unfriends(refuses("worker", "kms:GenerateDataKey", apptest.Key))
		}},
		row{"worker", "FanOut", "sqs:ChangeMessageVisibility", "", func(s *site) error {
			s.ends()
			defer s.work()
			return s.says("worker", refuses("worker", "sqs:changemessagevisibility", queue))
		}},
	)
}

// sidOf are the statements for the queue.
var sidOf = map[string]string{"web": "Publish", "worker": "FanOut"}

// posts has a story told to the queue, or from it, and the process refused.
func (s *site) posts(group, refused string) error {
	if err := s.call("POST", s.web+"/v1/stories", s.kim.Token, text("hello"), 201, nil); err != nil {
		return err
	}
	return s.says(group, refused)
}

// unfriends has the worker send a message, and makes friends again.
func (s *site) unfriends(refused string) error {
	defer s.befriend()
	if err := s.call("DELETE", s.web+"/v1/friends/"+s.sato.User.ID, s.kim.Token, nil, 204, nil); err != nil {
		return err
	}
	return s.says("worker", refused)
}

// sharesNothing names a file that was never uploaded: a mistake of the user, which
// the process can tell from a fault only if it may list the bucket.
func (s *site) sharesNothing() error {
	draft := map[string]any{"kind": "photo", "media": []string{strings.Replace(s.photo.Key, ".png", "0.png", 1)}}
	return s.call("POST", s.web+"/v1/stories", s.kim.Token, draft, 400, nil)
}

// TestEveryPermissionIsNeeded takes each permission away from running processes,
// one at a time, and sees the operation fail; then it asks which permissions
// nothing has used.
func TestEveryPermissionIsNeeded(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	if err := errors.Join(s.share(s.photo.Key), s.sharesNothing()); err != nil {
		t.Errorf("with all permissions: %v", err)
	}
	for _, r := range rows() {
		name := strings.TrimSpace(fmt.Sprintln(r.group, r.sid, r.action, r.resource))
		s.allow(r.group, s.may[r.group].without(r.sid, r.action, r.resource))
		if err := r.fails(s); err == nil {
			t.Errorf("without %s nothing fails", name)
		} else {
			t.Logf("without %s: %v", name, err)
		}
		s.allow(r.group, s.may[r.group])
	}
	s.ends() // the last one, with the permission
	for _, group := range []string{"web", "worker"} {
		s.explained(group)
	}
}

// explained holds every permission of the group to be in rows, and used, or to be
// in unused.
func (s *site) explained(group string) {
	idle := s.aws.Account.Unused(arnOf(group))
	for _, p := range s.aws.Account.Permissions(arnOf(group)) {
		if unused[p.Policy] != "" || unused[p.Sid] != "" {
			continue
		}
		if slices.Contains(idle, p) {
			s.t.Errorf("%s: nothing used %s on %s (%s): remove it, or say in unused why it is there", group, p.Action, p.Resource, p.Sid)
		}
		if !slices.ContainsFunc(rows(), func(r row) bool {
			return r.group == group && r.sid == p.Sid && strings.EqualFold(r.action, p.Action) && strings.HasPrefix(p.Resource, r.resource)
		}) {
			s.t.Errorf("%s: no row takes away %s on %s (%s)", group, p.Action, p.Resource, p.Sid)
		}
	}
}
