package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"newsfeed/app/apptest"
)

func TestMain(m *testing.M) { apptest.Main(m) }

// fixture is the built binary and the environment of its processes.
type fixture struct {
	t      *testing.T
	binary string
	env    []string
}

func newFixture(t *testing.T) *fixture {
	t.Helper()
	f := &fixture{t: t, binary: filepath.Join(t.TempDir(), "feed")}
	build := exec.Command("go", "build", "-o", f.binary, ".")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	url, err := apptest.Current.StartCloud(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	f.env = []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + t.TempDir(),
		"AWS_ENDPOINT_URL=" + url, "AWS_REGION=" + apptest.Region, "AWS_ACCESS_KEY_ID=local", "AWS_SECRET_ACCESS_KEY=local",
		"NEWSFEED_REGION=" + apptest.Region, "NEWSFEED_DRAIN_SECONDS=1",
		"NEWSFEED_DATABASE_WRITER=" + apptest.Current.DatabaseAddr, "NEWSFEED_DATABASE_READERS=" + apptest.Current.DatabaseAddr,
		"NEWSFEED_DATABASE_NAME=" + apptest.DatabaseName, "NEWSFEED_DATABASE_SECRET=" + apptest.DatabaseSecret, "NEWSFEED_DATABASE_TLS=off",
		"NEWSFEED_CACHE=" + apptest.Current.CacheAddr, "NEWSFEED_CACHE_TLS=off",
		"NEWSFEED_QUEUE_URL=" + apptest.QueueURL, "NEWSFEED_MEDIA_BUCKET=" + apptest.MediaBucket,
	}
	return f
}

func (f *fixture) run(args ...string) (string, error) {
	cmd := exec.Command(f.binary, args...)
	cmd.Env = f.env
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// start starts a process at an address of its own and waits until it is ready.
func (f *fixture) start(args ...string) (base string, cmd *exec.Cmd, log *bytes.Buffer) {
	f.t.Helper()
	address := apptest.Current.Address()
	cmd, log = exec.Command(f.binary, args...), &bytes.Buffer{}
	cmd.Env = append(f.env, "NEWSFEED_ADDRESS="+address, "NEWSFEED_PORT=8080")
	cmd.Stdout, cmd.Stderr = log, log
	begun := time.Now()
	if err := cmd.Start(); err != nil {
		f.t.Fatal(err)
	}
	f.t.Cleanup(func() {
		cmd.Process.Signal(syscall.SIGTERM)
		cmd.Wait()
		if f.t.Failed() {
			f.t.Logf("%v:\n%s", args, log)
		}
	})
	base = "http://" + address + ":8080"
	apptest.Eventually(f.t, "ready", func() error {
		return f.get(base+"/healthz/ready", "", http.StatusOK, nil)
	})
	f.t.Logf("%v ready after %v", args, time.Since(begun).Round(time.Millisecond))
	return base, cmd, log
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

func TestMigrateWebAndWorkerCarryAStoryToAFriend(t *testing.T) {
	f := newFixture(t)
	for range 2 { // the second run finds nothing to do
		if out, err := f.run("migrate"); err != nil {
			t.Fatalf("migrate: %v\n%s", err, out)
		}
	}
	web, process, _ := f.start("web")
	f.start("worker")

	var kim, sato account
	credentials := func(name string) map[string]string {
		return map[string]string{"name": name, "password": "correct horse"}
	}
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
		f.must("POST", web+"/v1/stories", kim.Token, map[string]string{"kind": "text", "body": fmt.Sprint("hello ", i)}, 201, nil)
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
// and exits in time.
func (f *fixture) drains(base string, cmd *exec.Cmd) {
	f.t.Helper()
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		f.t.Fatal(err)
	}
	apptest.Eventually(f.t, "unready", func() error { return f.get(base+"/healthz/ready", "", 503, nil) })
	if err := f.get(base+"/healthz/live", "", 200, nil); err != nil {
		f.t.Error(err)
	}
	done := make(chan error, 1)
	go func() { done <- cmd.Wait() }()
	select {
	case err := <-done:
		if err != nil {
			f.t.Errorf("web ended with %v", err)
		}
	case <-time.After(5 * time.Second):
		f.t.Error("web did not end")
	}
}

func TestBadEnvironmentIsToldAllAtOnce(t *testing.T) {
	f := &fixture{t: t, binary: filepath.Join(t.TempDir(), "feed")}
	build := exec.Command("go", "build", "-o", f.binary, ".")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	f.env = []string{"NEWSFEED_DATABASE_WRITER=nowhere", "NEWSFEED_PORT=x", "NEWSFEED_WRITES=maybe"}
	out, err := f.run("web")
	if err == nil {
		t.Fatal("it ran")
	}
	for _, key := range []string{"DATABASE_WRITER", "PORT", "WRITES", "REGION", "DATABASE_SECRET"} {
		if !strings.Contains(out, "NEWSFEED_"+key+":") {
			t.Errorf("no word of NEWSFEED_%s in:\n%s", key, out)
		}
	}
}
