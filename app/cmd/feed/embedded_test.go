package main

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"

	"newsfeed/app/apptest"
)

func TestWithoutConfigurationTheWholeProductRunsFromMemory(t *testing.T) {
	t.Parallel()
	f := bare(t)
	begun := time.Now()
	web, process, out := f.start("web")
	if took := time.Since(begun); took > time.Second {
		t.Errorf("ready after %v", took)
	}
	for _, words := range []string{"newsfeed on http://", "No store is configured", "gone when you stop it", "make up"} {
		apptest.Eventually(t, "it says what it is not", func() error {
			if !strings.Contains(out.String(), words) {
				return fmt.Errorf("no %q in:\n%s", words, out)
			}
			return nil
		})
	}
	response, err := http.Get(web + "/")
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	page, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode != http.StatusOK || !strings.Contains(string(page), "<html") {
		t.Errorf("page: %s, %v: %.200s", response.Status, err, page)
	}
	var kim, sato account
	f.must("POST", web+"/v1/users", "", credentials("kim"), 201, &kim)
	f.must("POST", web+"/v1/users", "", credentials("佐藤"), 201, &sato)
	f.must("POST", web+"/v1/friend-requests", kim.Token, map[string]string{"name": "佐藤"}, 201, nil)
	f.must("POST", web+"/v1/friend-requests/"+kim.User.ID+"/accept", sato.Token, nil, 204, nil)
	f.must("POST", web+"/v1/stories", kim.Token, text("hello"), 201, nil)
	var feed struct{ Stories []struct{ Body string } }
	f.must("GET", web+"/v1/feed", sato.Token, nil, 200, &feed)
	if len(feed.Stories) != 1 || feed.Stories[0].Body != "hello" {
		t.Errorf("feed: %+v", feed)
	}
	f.must("GET", web+"/healthz/region", "", nil, 200, nil)
	if err := process.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	f.ends(process)
}

func TestAPortInUseIsToldWithWhatToDo(t *testing.T) {
	t.Parallel()
	f := bare(t)
	web, _, _ := f.start("web")
	address, port, _ := strings.Cut(strings.TrimPrefix(web, "http://"), ":")
	f.set("NEWSFEED_ADDRESS="+address, "NEWSFEED_PORT="+port)
	out, err := f.run("web")
	if err == nil || !strings.Contains(out, "address already in use") || !strings.Contains(out, "NEWSFEED_PORT") {
		t.Errorf("%v: %s", err, out)
	}
}
