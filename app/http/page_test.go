package http_test

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"newsfeed/app"
	feedhttp "newsfeed/app/http"
	"newsfeed/app/inmem"
	"newsfeed/app/password"
)

// budget is what the whole page may weigh, compressed.
const budget = 60 << 10

func TestThePageIsSmall(t *testing.T) {
	t.Parallel()
	total := 0
	for _, name := range pageNames(t, "*") {
		raw := pageFile(t, name)
		var zipped bytes.Buffer
		w, _ := gzip.NewWriterLevel(&zipped, gzip.BestCompression) // the level is a constant: cannot fail
		w.Write(raw)
		w.Close()
		total += min(len(raw), zipped.Len())
	}
	t.Logf("the page weighs %d bytes compressed, of %d", total, budget)
	if total > budget {
		t.Errorf("the page weighs %d bytes compressed: at most %d are allowed", total, budget)
	}
}

func TestEverythingThePageSaysIsSaidInEveryLanguage(t *testing.T) {
	t.Parallel()
	var table map[string][]string
	pageData(t, "strings.js", &table)
	sources := ""
	for _, pattern := range []string{"*.js", "*.html"} {
		for _, name := range pageNames(t, pattern) {
			if name != "strings.js" {
				sources += string(pageFile(t, name))
			}
		}
	}
	placeholders := regexp.MustCompile(`\{\w+\}`)
	for key, texts := range table {
		if len(texts) != 3 || slices.Contains(texts, "") {
			t.Errorf("%s: %q: want English, Korean and Japanese", key, texts)
			continue
		}
		want := slices.Sorted(slices.Values(placeholders.FindAllString(texts[0], -1)))
		for _, text := range texts[1:] {
			if got := slices.Sorted(slices.Values(placeholders.FindAllString(text, -1))); !slices.Equal(got, want) {
				t.Errorf("%s: %q names %q, want %q", key, text, got, want)
			}
		}
		if !said(sources, key) {
			t.Errorf("%s: the page never says it: remove it", key)
		}
	}
	for _, m := range regexp.MustCompile(`(?:\btn?\(|data-t(?:-label|-placeholder)?=|button\(user, )"([\w.-]+)"`).FindAllStringSubmatch(sources, -1) {
		if table[m[1]] == nil && table[m[1]+".other"] == nil {
			t.Errorf("%s: the page says it, but the table has no such key", m[1])
		}
	}
	for _, kind := range app.Reactions {
		if table["reaction."+kind] == nil {
			t.Errorf("reaction.%s: is missing", kind)
		}
	}
}

// said tells whether the page may say key: it is named, or made from its parts.
func said(sources, key string) bool {
	if regexp.MustCompile(`["'` + "`" + `]` + regexp.QuoteMeta(strings.TrimSuffix(strings.TrimSuffix(key, ".one"), ".other")) + `["'` + "`" + `]`).MatchString(sources) {
		return true
	}
	made := []string{"error.", "reaction.", "sign.in.", "sign.up.", "friends.accept.who", "friends.decline.who", "friends.remove.who"}
	return slices.ContainsFunc(made, func(prefix string) bool { return strings.HasPrefix(key, prefix) })
}

func TestThePageKnowsTheServicesLimits(t *testing.T) {
	t.Parallel()
	var limits struct {
		Body, Photos           int
		PhotoBytes, VideoBytes int64
		PhotoTypes, VideoTypes []string
	}
	pageData(t, "limits.js", &limits)
	if limits.Body != app.MaxBody || limits.Photos != app.MaxMedia || limits.PhotoBytes != app.MaxPhotoBytes || limits.VideoBytes != app.MaxVideoBytes {
		t.Errorf("%+v", limits)
	}
	for _, list := range [][]string{limits.PhotoTypes, limits.VideoTypes} {
		for _, contentType := range list {
			if err := app.CheckMedia(contentType, 1); err != nil {
				t.Error(err)
			}
		}
	}
	if err := app.CheckMedia("none", 1); err == nil || strings.Count(err.Error(), "/") != len(limits.PhotoTypes)+len(limits.VideoTypes) {
		t.Errorf("the service takes other types than the page: %v", err)
	}
}

func TestThePagesFilesAreServedToBeKeptAsLongAsTheyHold(t *testing.T) {
	t.Parallel()
	store := inmem.New(password.New(true))
	server := feedhttp.NewServer(store, store)
	server.MediaOrigin = "https://media.example.com"
	r := serve(t, server)
	index := r.want(200, "GET", "/", "", nil)
	version := regexp.MustCompile(`/static/([0-9a-f]{12})/main\.js`).FindStringSubmatch(string(index.body))
	if version == nil || strings.Contains(string(index.body), "{{") {
		t.Fatalf("the page names no version: %s", index.body)
	}
	for name, c := range map[string]struct {
		path, cache string
		status      int
	}{
		"the page asks again":                   {"/", "no-cache", 200},
		"so does the service worker":            {"/sw.js", "no-cache", 200},
		"what is named by version is kept":      {"/static/" + version[1] + "/main.js", "public, max-age=31536000, immutable", 200},
		"another version's name is not kept":    {"/static/000000000000/main.js", "no-store", 200},
		"there is nothing else":                 {"/static/" + version[1] + "/none.js", "", 404},
		"nor anything outside of the directory": {"/page.go", "", 404},
	} {
		t.Run(name, func(t *testing.T) {
			got := r.call("GET", c.path, "", nil)
			if got.status != c.status || got.header.Get("Cache-Control") != c.cache {
				t.Errorf("%s: %d %q", c.path, got.status, got.header.Get("Cache-Control"))
			}
			if c.status != 200 {
				return
			}
			if again := r.call("GET", c.path, "", nil, "If-None-Match", got.header.Get("ETag")); again.status != http.StatusNotModified || len(again.body) > 0 {
				t.Errorf("asked again: %d", again.status)
			}
			plain := r.call("GET", c.path, "", nil, "Accept-Encoding", "identity")
			if plain.header.Get("Content-Encoding") != "" || !bytes.Equal(plain.body, got.body) {
				t.Errorf("%s: without compression it differs", c.path)
			}
		})
	}
	policy := index.header.Get("Content-Security-Policy")
	for _, part := range []string{"default-src 'none'", "script-src 'self'", "connect-src 'self' https://media.example.com", "img-src 'self' blob: https://media.example.com"} {
		if !strings.Contains(policy, part) {
			t.Errorf("policy %q lacks %q", policy, part)
		}
	}
	if strings.Contains(policy, "unsafe") {
		t.Errorf("policy %q", policy)
	}
	for _, file := range strings.Fields(regexp.MustCompile(`files = "([^"]*)"`).FindStringSubmatch(string(r.want(200, "GET", "/sw.js", "", nil).body))[1]) {
		r.want(200, "GET", file, "", nil)
	}
}

func TestThePageIsCompressedForWhoTakesThat(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	got := r.call("GET", "/main.js", "", nil, "Accept-Encoding", "gzip, br")
	if got.header.Get("Content-Encoding") != "gzip" || got.header.Get("Vary") != "Accept-Encoding" {
		t.Fatalf("headers: %v", slices.Sorted(maps.Keys(got.header)))
	}
	z, err := gzip.NewReader(bytes.NewReader(got.body))
	if err != nil {
		t.Fatal(err)
	}
	if raw, err := io.ReadAll(z); err != nil || !bytes.Equal(raw, pageFile(t, "main.js")) {
		t.Errorf("%d bytes, %v", len(raw), err)
	}
}

func pageNames(t *testing.T, pattern string) (names []string) {
	t.Helper()
	paths, err := filepath.Glob("page/" + pattern)
	if err != nil || len(paths) == 0 {
		t.Fatalf("%s: %v", pattern, err)
	}
	for _, p := range paths {
		names = append(names, filepath.Base(p))
	}
	return names
}

func pageFile(t *testing.T, name string) []byte {
	t.Helper()
	raw, err := os.ReadFile("page/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// pageData reads a file that is JSON between "export default" and a semicolon.
func pageData(t *testing.T, name string, v any) {
	t.Helper()
	_, rest, found := strings.Cut(string(pageFile(t, name)), "export default ")
	if err := json.Unmarshal([]byte(strings.TrimSuffix(strings.TrimSpace(rest), ";")), v); err != nil || !found {
		t.Fatalf("%s: %v", name, err)
	}
}
