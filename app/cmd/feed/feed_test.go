package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"

	"newsfeed/app/apptest"
	"newsfeed/app/mysql"
	"newsfeed/app/redis"
	"newsfeed/localcloud/elasticache"
)

func TestMain(m *testing.M) { apptest.Main(m) }

// fixture is the built binary, and the environment of its processes: a database,
// a cache, a queue and secrets of their own.
type fixture struct {
	t        *testing.T
	binary   string
	env      []string // the last of a name counts
	cloud    string   // URL of the AWS endpoint
	aws      *apptest.Cloud
	sdk      aws.Config
	database string
	cache    *elasticache.Server

	databaseAddr, cacheAddr string // as the secrets say
}

// binary builds the command once for all tests.
var binary = sync.OnceValues(func() (string, error) {
	path := filepath.Join(apptest.Current.Dir, "feed")
	build := exec.Command("go", "build", "-o", path, ".")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("%w\n%s", err, out)
	}
	return path, nil
})

func bare(t *testing.T) *fixture {
	t.Helper()
	path, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	return &fixture{t: t, binary: path, env: []string{"PATH=" + os.Getenv("PATH"), "HOME=" + t.TempDir()}}
}

var databases atomic.Int32

func newFixture(t *testing.T, visibility time.Duration) *fixture {
	t.Helper()
	f := bare(t)
	var err error
	if f.aws, err = apptest.Current.OpenCloud(t.Context(), visibility); err != nil {
		t.Fatal(err)
	}
	f.cloud = f.aws.URL
	if f.sdk, err = apptest.SDK(t.Context(), f.cloud); err != nil {
		t.Fatal(err)
	}
	f.database = fmt.Sprint(apptest.DatabaseName, "_process", databases.Add(1))
	if _, err := apptest.Current.Database.Admin().Exec("CREATE DATABASE " + f.database + " CHARACTER SET utf8mb4"); err != nil {
		t.Fatal(err)
	}
	if f.cache, f.cacheAddr, err = apptest.Current.StartCache(t.Context(), apptest.Current.Address()); err != nil {
		t.Fatal(err)
	}
	f.databaseAddr = apptest.Current.DatabaseAddr
	f.keep(mysql.Account{User: apptest.DatabaseUser, Password: apptest.DatabasePass}, "")
	f.set(
		"AWS_ENDPOINT_URL="+f.cloud, "AWS_REGION="+apptest.Region, "AWS_ACCESS_KEY_ID=local", "AWS_SECRET_ACCESS_KEY=local",
		"NEWSFEED_REGION="+apptest.Region, "NEWSFEED_DRAIN_SECONDS=1",
		"NEWSFEED_DATABASE_NAME="+f.database, "NEWSFEED_DATABASE_SECRET="+apptest.DatabaseSecret, "NEWSFEED_DATABASE_TLS=off",
		"NEWSFEED_CACHE_SECRET="+apptest.CacheSecret, "NEWSFEED_CACHE_TLS=off", "NEWSFEED_SECRETS_SECONDS=1",
		"NEWSFEED_QUEUE_URL="+apptest.QueueURL, "NEWSFEED_MEDIA_BUCKET="+apptest.MediaBucket,
	)
	return f
}

// keep puts into the secrets where the stores are and who the app is there.
func (f *fixture) keep(account mysql.Account, token string) {
	f.t.Helper()
	if err := errors.Join(
		f.put(apptest.DatabaseSecret, mysql.Access{Account: account, Endpoint: f.databaseAddr}),
		f.put(apptest.CacheSecret, redis.Access{Token: token, Endpoint: f.cacheAddr}),
	); err != nil {
		f.t.Fatal(err)
	}
}

func (f *fixture) put(arn string, value any) error {
	raw, err := json.Marshal(value)
	if err != nil {
		return err
	}
	_, err = secretsmanager.NewFromConfig(f.sdk).PutSecretValue(f.t.Context(),
		&secretsmanager.PutSecretValueInput{SecretId: &arn, SecretString: aws.String(string(raw))})
	return err
}

func (f *fixture) set(env ...string) { f.env = append(f.env, env...) }

func (f *fixture) migrate() {
	f.t.Helper()
	if out, err := f.run("migrate"); err != nil {
		f.t.Fatalf("migrate: %v\n%s", err, out)
	}
}

func (f *fixture) run(args ...string) (string, error) {
	cmd := exec.Command(f.binary, args...)
	cmd.Env = f.env
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// log is a process's output, which may be read while it grows.
type log struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *log) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *log) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// launch starts a process at an address of its own.
func (f *fixture) launch(args ...string) (base string, cmd *exec.Cmd, out *log) {
	f.t.Helper()
	address := apptest.Current.Address()
	cmd, out = exec.Command(f.binary, args...), &log{}
	cmd.Env = append(slices.Clone(f.env), "NEWSFEED_ADDRESS="+address, "NEWSFEED_PORT=8080")
	cmd.Stdout, cmd.Stderr = out, out
	if err := cmd.Start(); err != nil {
		f.t.Fatal(err)
	}
	f.t.Cleanup(func() {
		cmd.Process.Signal(syscall.SIGTERM)
		cmd.Wait()
		if f.t.Failed() {
			f.t.Logf("%v:\n%s", args, out)
		}
	})
	return "http://" + address + ":8080", cmd, out
}

// start launches a process and waits until it is ready.
func (f *fixture) start(args ...string) (base string, cmd *exec.Cmd, out *log) {
	f.t.Helper()
	begun := time.Now()
	base, cmd, out = f.launch(args...)
	f.await(base, http.StatusOK)
	f.t.Logf("%v ready after %v", args, time.Since(begun).Round(time.Millisecond))
	return base, cmd, out
}

// await waits until the process's readiness is told with that status.
func (f *fixture) await(base string, status int) {
	f.t.Helper()
	apptest.Eventually(f.t, fmt.Sprint("readiness is ", status), func() error {
		return f.get(base+"/healthz/ready", "", status, nil)
	})
}

func (f *fixture) get(url, token string, status int, v any) error {
	return f.call(http.MethodGet, url, token, nil, status, v)
}

func (f *fixture) call(method, url, token string, in any, status int, v any) error {
	raw, _ := json.Marshal(in)
	request, err := http.NewRequestWithContext(f.t.Context(), method, url, bytes.NewReader(raw))
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", "application/json")
	if token != "" {
		request.Header.Set("Authorization", "Bearer "+token)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return err
	}
	if response.StatusCode != status {
		return fmt.Errorf("%s %s: %s, want %d: %s", method, url, response.Status, status, body)
	}
	if v == nil {
		return nil
	}
	return json.Unmarshal(body, v)
}

func (f *fixture) must(method, url, token string, in any, status int, v any) {
	f.t.Helper()
	if err := f.call(method, url, token, in, status, v); err != nil {
		f.t.Fatal(err)
	}
}

type account struct {
	User  struct{ ID, Name string }
	Token string
}

func credentials(name string) map[string]string {
	return map[string]string{"name": name, "password": "correct horse"}
}

func text(body string) map[string]string { return map[string]string{"kind": "text", "body": body} }

func TestMigrateWebAndWorkerCarryAStoryToAFriend(t *testing.T) {
	t.Parallel()
	f := newFixture(t, 30*time.Second)
	for range 2 { // the second run finds nothing to do
		f.migrate()
	}
	web, process, _ := f.start("web")
	f.start("worker")

	var kim, sato account
	f.must("POST", web+"/v1/users", "", credentials("kim"), 201, &kim)
	f.must("POST", web+"/v1/users", "", credentials("佐藤"), 201, &sato)
	f.must("POST", web+"/v1/sessions", "", credentials("kim"), 201, &kim)
	f.must("POST", web+"/v1/friend-requests", kim.Token, map[string]string{"name": "佐藤"}, 201, nil)
	var waiting struct{ Users []struct{ ID, Name string } }
	f.must("GET", web+"/v1/friend-requests", sato.Token, nil, 200, &waiting)
	if len(waiting.Users) != 1 || waiting.Users[0].Name != "kim" {
		t.Fatalf("friend requests: %+v", waiting)
	}
	f.must("POST", web+"/v1/friend-requests/"+kim.User.ID+"/accept", sato.Token, nil, 204, nil)
	for i := range 3 { // cold, building, warm
		f.must("POST", web+"/v1/stories", kim.Token, text(fmt.Sprint("hello ", i)), 201, nil)
		posted := time.Now()
		apptest.Eventually(t, "the story is in the friend's feed", func() error {
			var feed struct{ Stories []struct{ Body string } }
			if err := f.get(web+"/v1/feed", sato.Token, 200, &feed); err != nil {
				return err
			}
			if len(feed.Stories) != i+1 || feed.Stories[0].Body != fmt.Sprint("hello ", i) {
				return fmt.Errorf("feed: %+v", feed)
			}
			return nil
		})
		t.Logf("visible after %v", time.Since(posted).Round(time.Millisecond))
	}
	f.must("DELETE", web+"/v1/session", kim.Token, nil, 204, nil)
	f.must("GET", web+"/v1/feed", kim.Token, nil, 401, nil)
	if out, err := f.run("rebuild", "--user", sato.User.ID); err != nil {
		t.Fatalf("rebuild: %v\n%s", err, out)
	}
	if out, err := f.run("rebuild", "--all"); err != nil || !strings.Contains(out, `"feeds":1`) {
		t.Fatalf("rebuild --all: %v\n%s", err, out)
	}
	var region struct {
		Writer  string
		Writing bool
	}
	f.must("GET", web+"/healthz/region", "", nil, 200, &region)
	if !region.Writing || region.Writer != apptest.Region {
		t.Errorf("region: %+v", region)
	}
	f.drains(web, process)
}

// drains checks that after SIGTERM the instance is unready at once, serves on,
// finishes what is under way, and exits in time.
func (f *fixture) drains(base string, cmd *exec.Cmd) {
	f.t.Helper()
	body, rest := io.Pipe()
	request, err := http.NewRequestWithContext(f.t.Context(), http.MethodPost, base+"/v1/users", body)
	if err != nil {
		f.t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/json")
	slow := make(chan error, 1)
	go func() {
		response, err := http.DefaultClient.Do(request)
		if err == nil && response.StatusCode != http.StatusCreated {
			err = errors.New(response.Status)
		}
		slow <- err
	}()
	io.WriteString(rest, `{"name":"slow",`)
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		f.t.Fatal(err)
	}
	f.await(base, http.StatusServiceUnavailable)
	if err := f.get(base+"/healthz/live", "", 200, nil); err != nil {
		f.t.Error(err)
	}
	io.WriteString(rest, `"password":"correct horse"}`)
	rest.Close()
	if err := <-slow; err != nil {
		f.t.Errorf("the request that was under way: %v", err)
	}
	f.ends(cmd)
}

// ends waits for the process to end well.
func (f *fixture) ends(cmd *exec.Cmd) {
	f.t.Helper()
	done := make(chan error, 1)
	go func() { done <- cmd.Wait() }()
	select {
	case err := <-done:
		if err != nil {
			f.t.Errorf("the process ended with %v", err)
		}
	case <-time.After(5 * time.Second):
		f.t.Error("the process did not end")
	}
}

func TestBadEnvironmentIsToldAllAtOnce(t *testing.T) {
	t.Parallel()
	f := bare(t)
	f.env = []string{"NEWSFEED_DATABASE_WRITER=nowhere", "NEWSFEED_PORT=x", "NEWSFEED_PEER_URL=tokyo", "NEWSFEED_DATABASE_TLS=maybe"}
	out, err := f.run("web")
	if err == nil {
		t.Fatal("it ran")
	}
	for _, key := range []string{"DATABASE_WRITER", "PORT", "PEER_URL", "DATABASE_TLS", "REGION", "DATABASE_SECRET"} {
		if !strings.Contains(out, "NEWSFEED_"+key+":") {
			t.Errorf("no word of NEWSFEED_%s in:\n%s", key, out)
		}
	}
}
