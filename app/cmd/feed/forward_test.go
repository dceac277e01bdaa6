package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"newsfeed/app"
	"newsfeed/app/apptest"
	"newsfeed/app/mysql"
	"newsfeed/localcloud/rds"
)

// tokyo is the region that doesn't write in these tests.
const tokyo = "ap-northeast-1"

// pair is two regions: one that writes, and one with a replica of its database.
type pair struct {
	*fixture
	there, here      string // web processes of the writer and of the standby
	writer           *exec.Cmd
	primary, replica *rds.Server
}

func newPair(t *testing.T) *pair {
	t.Helper()
	p := &pair{fixture: newFixture(t, 30*time.Second)}
	c, primary, replica := apptest.Current.StartPair(t)
	p.primary, p.replica = primary, replica
	if _, err := primary.Admin().Exec("UPDATE " + c.Name + ".region_lease SET writer = '" + apptest.Region + "'"); err != nil {
		t.Fatal(err)
	}
	p.database, p.databaseAddr = c.Name, c.Writer
	p.keep(mysql.Account{User: c.User, Password: c.Password}, "")
	p.set("NEWSFEED_DATABASE_NAME=" + c.Name)
	p.there, p.writer, _ = p.start("web")
	_, cache, err := apptest.Current.StartCache(t.Context(), apptest.Current.Address())
	if err != nil {
		t.Fatal(err)
	}
	p.set("NEWSFEED_REGION="+tokyo, "NEWSFEED_DATABASE_SECRET=", "NEWSFEED_DATABASE_WRITER="+c.Readers[0],
		"NEWSFEED_DATABASE_USER="+c.User, "NEWSFEED_DATABASE_PASSWORD="+c.Password,
		"NEWSFEED_CACHE_SECRET=", "NEWSFEED_CACHE="+cache, "NEWSFEED_QUEUE_URL=", "NEWSFEED_PEER_URL="+p.there, "AWS_ENDPOINT_URL=http://127.0.0.1:1") // nothing of the writer's
	p.here, _, _ = p.start("web")
	return p
}

// replicate stops the replica's following, or has it follow again.
func (p *pair) replicate(on bool) {
	p.t.Helper()
	statement := "STOP REPLICA"
	if on {
		statement = "START REPLICA"
	}
	if _, err := p.replica.Admin().Exec(statement); err != nil {
		p.t.Fatal(err)
	}
}

// send sends a request whose answer is of interest beyond its body.
func (f *fixture) send(method, url, token string, in any, headers ...string) (*http.Response, string) {
	f.t.Helper()
	raw, isText := in.(string)
	if !isText {
		b, _ := json.Marshal(in)
		raw = string(b)
	}
	request, err := http.NewRequestWithContext(f.t.Context(), method, url, strings.NewReader(raw))
	if err != nil {
		f.t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/json")
	if token != "" {
		request.Header.Set("Authorization", "Bearer "+token)
	}
	for i := 0; i < len(headers); i += 2 {
		request.Header.Set(headers[i], headers[i+1])
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		f.t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		f.t.Fatal(err)
	}
	return response, string(body)
}

// isFenced checks for the refusal of who cannot reach the region that writes.
func isFenced(response *http.Response, body string) error {
	if response.StatusCode != 503 || response.Header.Get("Retry-After") == "" || !strings.Contains(body, `"urn:newsfeed:fenced"`) {
		return fmt.Errorf("%s, Retry-After %q: %s", response.Status, response.Header.Get("Retry-After"), body)
	}
	return nil
}

func TestARegionThatDoesNotWriteForwardsWhatWrites(t *testing.T) {
	t.Parallel()
	p := newPair(t)
	var region struct {
		Writer      string
		Writing, OK bool
	}
	p.must("GET", p.here+"/healthz/region", "", nil, 200, &region)
	if region.Writer != apptest.Region || region.Writing || !region.OK {
		t.Errorf("region: %+v", region)
	}

	p.replicate(false) // nothing arrives while we look
	var kim account
	p.must("POST", p.here+"/v1/users", "", credentials("kim"), 201, &kim)
	p.must("POST", p.here+"/v1/sessions", "", credentials("kim"), 201, &kim)
	var me struct{ User struct{ Name string } }
	p.must("GET", p.here+"/v1/session", kim.Token, nil, 200, &me)
	if me.User.Name != "kim" {
		t.Errorf("a session that is not here yet is of %q", me.User.Name)
	}
	p.must("GET", p.here+"/v1/feed", kim.Token, nil, 200, nil)
	stranger := app.NewToken(app.Last).String()
	p.must("GET", p.here+"/v1/feed", stranger, nil, 401, nil)

	var first, second struct{ ID string }
	response, body := p.send("POST", p.here+"/v1/stories", kim.Token, text("hello"), "Idempotency-Key", "once")
	if err := json.Unmarshal([]byte(body), &first); err != nil || response.StatusCode != 201 {
		t.Fatal(response.Status, body)
	}
	response, body = p.send("POST", p.here+"/v1/stories", kim.Token, text("hello"), "Idempotency-Key", "once")
	if err := json.Unmarshal([]byte(body), &second); err != nil || second.ID != first.ID || response.Header.Get("Idempotent-Replayed") == "" {
		t.Errorf("with the same key: %s, %v: %s, first %s", response.Status, response.Header, body, first.ID)
	}
	var upload struct{ URL string }
	p.must("POST", p.here+"/v1/media", kim.Token, map[string]any{"type": "image/png", "bytes": 3}, 201, &upload)
	response, _ = p.send("GET", p.here+"/", "", nil)
	bucket, err := url.Parse(upload.URL)
	if policy := response.Header.Get("Content-Security-Policy"); err != nil || !strings.Contains(policy, bucket.Scheme+"://"+bucket.Host) {
		t.Errorf("the page may not upload to %s, %v: %s", upload.URL, err, policy)
	}
	for what, c := range map[string]struct {
		body    any
		headers []string
		want    int
	}{
		"a body that is too long":           {`{"kind":"text","body":"` + strings.Repeat("x", 70<<10) + `"}`, nil, 413},
		"what is no story":                  {`{}`, nil, 400},
		"a page of another site":            {text("x"), []string{"Origin", "https://evil.example"}, 403},
		"a page of this site":               {text("x"), []string{"Origin", p.here}, 201},
		"a page of this site, new browsers": {text("x"), []string{"Sec-Fetch-Site", "same-origin"}, 201},
	} {
		if response, body := p.send("POST", p.here+"/v1/stories", kim.Token, c.body, c.headers...); response.StatusCode != c.want {
			t.Errorf("%s: %s: %s", what, response.Status, body)
		}
	}
	if err := isFenced(p.send("POST", p.here+"/v1/stories", kim.Token, text("x"), "Newsfeed-Forwarded", "1")); err != nil {
		t.Errorf("what was forwarded already: %v", err)
	}

	p.replicate(true)
	apptest.Eventually(t, "the session is here", func() error {
		return p.get(p.here+"/v1/stories/"+first.ID, kim.Token, 200, nil)
	})
	if err := p.writer.Process.Signal(syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	p.writer.Wait()
	if err := isFenced(p.send("POST", p.here+"/v1/stories", kim.Token, text("lost"))); err != nil {
		t.Errorf("with the writer out of reach: %v", err)
	}
	p.must("GET", p.here+"/v1/feed", kim.Token, nil, 200, nil)
	p.must("GET", p.here+"/v1/session", stranger, nil, 503, nil) // it may be a session of there

	p.replicate(false)
	promote := "SET GLOBAL read_only = 0; UPDATE " + p.database + ".region_lease SET epoch = 2, writer = '" + tokyo + "'"
	if _, err := p.replica.Admin().Exec(promote); err != nil {
		t.Fatal(err)
	}
	apptest.Eventually(t, "the standby writes", func() error {
		return p.call("POST", p.here+"/v1/stories", kim.Token, text("here now"), 201, nil)
	})
	p.must("GET", p.here+"/v1/session", stranger, nil, 401, nil)
}

func TestTwoRegionsThatTakeEachOtherForTheWriterSendNothingRound(t *testing.T) {
	t.Parallel()
	p := newPair(t)
	p.replicate(false)
	p.set("NEWSFEED_PEER_URL="+p.here, "NEWSFEED_REGION="+apptest.Region, "NEWSFEED_DATABASE_WRITER="+p.databaseAddr)
	there, _, _ := p.start("web") // of the writer's region, which p.here does not know
	if _, err := p.primary.Admin().Exec("UPDATE " + p.database + ".region_lease SET writer = '" + tokyo + "'"); err != nil {
		t.Fatal(err)
	}
	apptest.Eventually(t, "it forwards, and is refused", func() error {
		return isFenced(p.send("POST", there+"/v1/users", "", credentials("kim")))
	})
	token := app.NewToken(app.Last).String()
	if response, body := p.send("GET", there+"/v1/session", token, nil); response.StatusCode != 503 {
		t.Errorf("a session that neither has, and either may: %s: %s", response.Status, body)
	}
}
