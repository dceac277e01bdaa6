package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"

	"newsfeed/app/apptest"
	"newsfeed/app/mysql"
	"newsfeed/app/sqs"
	"newsfeed/localcloud/rds"
)

// ownDatabase gives the fixture's processes a MariaDB that only they use.
func (f *fixture) ownDatabase() *rds.Server {
	f.t.Helper()
	server, addr, err := apptest.Current.StartDatabase(f.t.Context(), apptest.Current.Address(), nil)
	if err != nil {
		f.t.Fatal(err)
	}
	f.database, f.databaseAddr = apptest.DatabaseName, addr
	f.set("NEWSFEED_DATABASE_NAME=" + f.database)
	f.keep(mysql.Account{User: apptest.DatabaseUser, Password: apptest.DatabasePass}, "")
	return server
}

// refused asks for what needs a store that is away.
func (f *fixture) refused(method, url, token string, in any) error {
	raw, _ := json.Marshal(in)
	request, err := http.NewRequestWithContext(f.t.Context(), method, url, strings.NewReader(string(raw)))
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Authorization", "Bearer "+token)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return err
	}
	if response.StatusCode != http.StatusServiceUnavailable || response.Header.Get("Retry-After") == "" ||
		!strings.Contains(string(body), `"urn:newsfeed:dependency"`) {
		return fmt.Errorf("%s %s: %s, Retry-After %q: %s", method, url, response.Status, response.Header.Get("Retry-After"), body)
	}
	return nil
}

// outage is longer than the lease is trusted, and than a message that comes back
// each second has tries for.
const outage = 8 * time.Second

func TestADatabaseThatGoesAwayTakesNoInstanceWithIt(t *testing.T) {
	t.Parallel()
	f := newFixture(t, time.Second)
	server := f.ownDatabase()
	f.migrate()
	web, _, _ := f.start("web")
	worker, _, _ := f.start("worker")
	var kim, sato account
	f.must("POST", web+"/v1/users", "", credentials("kim"), 201, &kim)
	f.must("POST", web+"/v1/users", "", credentials("佐藤"), 201, &sato)
	f.must("POST", web+"/v1/friend-requests", kim.Token, map[string]string{"name": "佐藤"}, 201, nil)
	f.must("POST", web+"/v1/friend-requests/"+kim.User.ID+"/accept", sato.Token, nil, 204, nil)
	var story struct{ ID string }
	f.must("POST", web+"/v1/stories", kim.Token, text("hello"), 201, &story)
	warm := func() error {
		var page struct{ Stories []struct{ ID string } }
		if err := f.get(web+"/v1/feed", sato.Token, 200, &page); err != nil || len(page.Stories) != 1 {
			return errors.Join(err, fmt.Errorf("%d stories", len(page.Stories)))
		}
		keys, err := f.cache.Client().Keys(t.Context(), "f:*").Result()
		return errors.Join(err, waitFor(len(keys) > 0), f.get(web+"/v1/stories/"+story.ID, sato.Token, 200, nil))
	}
	for range 3 { // cold, building, warm
		apptest.Eventually(t, "the feed is warm", warm)
	}
	server.Kill()
	message := fmt.Sprintf(`{"k":"fanout","s":%q,"u":%q}`, story.ID, kim.User.ID)
	if err := sqs.Open(f.sdk, apptest.QueueURL).Send(t.Context(), 0, []byte(message)); err != nil {
		t.Fatal(err)
	}
	failures := map[string]int{}
	note := func(what string, err error) {
		if err != nil {
			failures[what]++
			if failures[what] == 1 {
				t.Errorf("%s, with the database away: %v", what, err)
			}
		}
	}
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for end := time.Now().Add(outage); time.Now().Before(end); <-tick.C {
		note("web is ready", f.get(web+"/healthz/ready", "", 200, nil))
		note("worker is ready", f.get(worker+"/healthz/ready", "", 200, nil))
		note("the page", page(web))
		note("a cached feed", f.get(web+"/v1/feed", sato.Token, 200, nil))
		note("a cached story", f.get(web+"/v1/stories/"+story.ID, sato.Token, 200, nil))
		note("a cached session", f.get(web+"/v1/session", sato.Token, 200, nil))
		note("posting", f.refused("POST", web+"/v1/stories", kim.Token, text("lost")))
		note("what is not cached", f.refused("GET", web+"/v1/friends", kim.Token, nil))
	}
	t.Logf("failures by kind: %v", failures)

	host, _, _ := strings.Cut(f.databaseAddr, ":")
	if _, _, err := apptest.Current.StartDatabase(t.Context(), host, nil); err != nil {
		t.Fatal(err)
	}
	back := time.Now()
	apptest.Eventually(t, "the region is well again", func() error { return f.get(web+"/healthz/region", "", 200, nil) })
	f.must("POST", web+"/v1/stories", kim.Token, text("again"), 201, nil)
	apptest.Eventually(t, "fan-out works again", func() error {
		var page struct{ Stories []struct{ Body string } }
		return errors.Join(f.get(web+"/v1/feed", sato.Token, 200, &page), waitFor(len(page.Stories) > 1))
	})
	t.Logf("all works %v after the database is back", time.Since(back).Round(time.Millisecond))
	// A message that had used up its tries would be moved when it is next asked for.
	if dead, err := sqs.Open(f.sdk, apptest.DeadURL).Receive(t.Context(), 10); err != nil || len(dead) > 0 {
		t.Errorf("%d messages in the dead-letter queue, %v", len(dead), err)
	}
}

func page(web string) error {
	response, err := http.Get(web + "/")
	if err != nil {
		return err
	}
	defer response.Body.Close()
	return waitFor(response.StatusCode == http.StatusOK)
}

func TestAnInstanceWhoseSecretCannotBeReadSaysSoAndStays(t *testing.T) {
	t.Parallel()
	f := newFixture(t, 30*time.Second)
	f.migrate()
	f.set("AWS_ENDPOINT_URL=http://" + apptest.Current.Address() + ":1") // nothing listens there
	web, process, _ := f.launch("web")
	var answer struct{ Reasons map[string]string }
	apptest.Eventually(t, "boot says what is missing", func() error {
		return f.get(web+"/healthz/boot", "", http.StatusFailedDependency, &answer)
	})
	if answer.Reasons["database secret"] == "" {
		t.Errorf("reasons: %v", answer.Reasons)
	}
	f.must("GET", web+"/healthz/live", "", nil, 200, nil)
	f.must("GET", web+"/healthz/ready", "", nil, 503, nil)
	if err := process.Process.Signal(syscall.Signal(0)); err != nil {
		t.Errorf("the process ended: %v", err)
	}
}
