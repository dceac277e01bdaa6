package http_test

import (
	"context"
	"fmt"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"newsfeed/app"
	"newsfeed/app/apptest"
	"newsfeed/app/feed"
	feedhttp "newsfeed/app/http"
	"newsfeed/app/inmem"
	"newsfeed/app/mysql"
	"newsfeed/app/password"
	"newsfeed/app/redis"
	"newsfeed/app/s3"

	awsconfig "github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials"
)

func TestMain(m *testing.M) { apptest.Main(m) }

// open is a region that writes.
type open struct{}

func (open) Writable() error    { return nil }
func (open) Fed() (int64, bool) { return 1, true }

// newRealRig is a rig on real stores, and what its database is.
func newRealRig(t *testing.T) (*rig, mysql.Config) {
	r := &rig{t: t, store: inmem.New(password.New(true)), doc: readDocument(t)}
	config := apptest.NewDatabase(t)
	db, err := mysql.Open(config)
	if err != nil {
		t.Fatal(err)
	}
	url, err := apptest.Current.StartCloud(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	sdk, err := awsconfig.LoadDefaultConfig(t.Context(), awsconfig.WithRegion(apptest.Region), awsconfig.WithBaseEndpoint(url),
		awsconfig.WithCredentialsProvider(credentials.NewStaticCredentialsProvider("local", "local", "")))
	if err != nil {
		t.Fatal(err)
	}
	cache := redis.Open(redis.Config{Addrs: []string{apptest.Current.CacheAddr}})
	service := feed.NewService(feed.Service{DB: db, Cache: cache, Queue: &apptest.Queue{}, Gate: open{}, Files: s3.Open(sdk, apptest.MediaBucket),
		IDs: app.NewIDs(time.Now), Hasher: password.New(true), Now: time.Now,
		Rates: app.Rates{Reads: 1 << 40, Writes: 1 << 40, SignIns: 1 << 40}})
	ctx, cancel := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	wg.Go(func() { service.Run(ctx) })
	server := httptest.NewServer(r.doc.checking(t, feedhttp.NewServer(service, r.store)))
	t.Cleanup(func() {
		server.Close()
		cancel()
		wg.Wait()
		db.Close()
		cache.Close()
	})
	r.base = server.URL
	return r, config
}

// bad is a request that must be refused without a trace.
type bad struct {
	why     string
	status  int
	method  string
	path    string
	token   string
	body    any
	headers []string
}

// scene is what bad requests are aimed at.
type scene struct {
	a, b, stranger     account
	story, theirs      string // of a; of the stranger
	deleted            string
	ended              string  // a session that was signed out
	forged             string  // a's user, other random bytes
	expired            string  // a session of a's that nobody ended
	popular            account // has 5,000 friends, and the stranger's request
	longName, longBody string
}

func (r *rig) scene(config mysql.Config) scene {
	r.t.Helper()
	s := scene{a: r.signUp("kim"), b: r.signUp("佐藤"), stranger: r.signUp("stranger")}
	r.befriend(s.a, s.b)
	s.story, s.theirs, s.deleted = r.post(s.a, text("hello")), r.post(s.stranger, text("mine")), r.post(s.a, text("gone"))
	r.want(204, "DELETE", "/v1/stories/"+s.deleted, s.a.Token, nil)
	var out account
	r.want(201, "POST", "/v1/sessions", "", login("kim")).decode(r.t, &out)
	r.want(204, "DELETE", "/v1/session", out.Token, nil)
	s.ended = out.Token
	s.forged = app.NewToken(s.a.User.ID).String()
	old := app.NewToken(s.a.User.ID)
	s.expired = old.String()
	s.popular = r.signUp("popular")
	r.want(201, "POST", "/v1/friend-requests", s.stranger.Token, map[string]string{"name": "popular"})
	hash := old.Hash()
	for _, statement := range []string{
		fmt.Sprintf("INSERT INTO %s.sessions (token_hash, user_id, expires_at) VALUES (x'%x', x'%x', %d)", config.Name, hash[:], s.a.User.ID[:], time.Now().UnixMilli()),
		fmt.Sprintf("UPDATE %s.users SET friends = %d WHERE id = x'%x'", config.Name, app.MaxFriends, s.popular.User.ID[:]),
	} {
		if _, err := apptest.Current.Database.Admin().Exec(statement); err != nil {
			r.t.Fatal(err)
		}
	}
	s.longName, s.longBody = strings.Repeat("가", app.MaxName+1), strings.Repeat("字", app.MaxBody+1)
	r.want(201, "POST", "/v1/stories", s.a.Token, text("first"), "Idempotency-Key", "used")
	return s
}

func badUsers(scene) (all []bad) {
	sign := func(why string, status int, body any, headers ...string) {
		for _, path := range []string{"/v1/users", "/v1/sessions"} {
			if path == "/v1/sessions" && status == 422 {
				continue
			}
			all = append(all, bad{why + " at " + path, status, "POST", path, "", body, headers})
		}
	}
	sign("no body", 400, "")
	sign("null", 400, `null x`)
	sign("an array", 400, `[]`)
	sign("a string", 400, `"x"`)
	sign("cut short", 400, `{"name":"x`)
	sign("trailing garbage", 400, `{"name":"xx","password":"12345678"} {}`)
	sign("unknown member", 400, `{"name":"xx","password":"12345678","admin":true}`)
	sign("a number as name", 400, `{"name":1,"password":"12345678"}`)
	sign("an object as password", 400, `{"name":"xx","password":{}}`)
	sign("bad UTF-8", 400, "{\"name\":\"x\xff\xfex\",\"password\":\"12345678\"}")
	sign("too long a body", 413, `{"name":"`+strings.Repeat("x", 65<<10)+`"}`)
	sign("a form", 415, `name=x`, "Content-Type", "application/x-www-form-urlencoded")
	sign("text", 415, `{}`, "Content-Type", "text/plain")
	sign("no content type", 415, `{}`, "Content-Type", "")
	sign("from another site", 403, login("xx"), "Sec-Fetch-Site", "cross-site")
	sign("from another origin", 403, login("xx"), "Origin", "https://evil.example")
	for why, name := range map[string]string{
		"empty name": "", "one letter": "x", "41 letters": strings.Repeat("가", app.MaxName+1), "a space": "a b", "an angle bracket": "<script>",
		"a slash": "../etc", "a NUL": "a\x00b", "a newline": "a\nb", "an emoji": "😀😀", "a right-to-left override": "a\u202eb", "taken": "kim", "taken in capitals": "KIM",
	} {
		status := 400
		if strings.HasPrefix(why, "taken") {
			status = 409
		}
		all = append(all, bad{"sign up: " + why, status, "POST", "/v1/users", "", login(name), nil})
	}
	for why, pass := range map[string]string{"no password": "", "seven letters": "1234567", "201 letters": strings.Repeat("x", app.MaxPassword+1)} {
		all = append(all, bad{"sign up: " + why, 400, "POST", "/v1/users", "", map[string]string{"name": "fresh", "password": pass}, nil})
		all = append(all, bad{"sign in: " + why, 401, "POST", "/v1/sessions", "", map[string]string{"name": "kim", "password": pass}, nil})
	}
	return append(all, bad{"sign in: nobody", 401, "POST", "/v1/sessions", "", login("nobody"), nil},
		bad{"sign in: wrong password", 401, "POST", "/v1/sessions", "", map[string]string{"name": "kim", "password": "battery staple"}, nil},
		bad{"sign in: SQL as name", 401, "POST", "/v1/sessions", "", login("' OR 1=1 -- "), nil})
}

func badSessions(s scene) (all []bad) {
	for why, token := range map[string]string{"ended": s.ended, "expired": s.expired, "forged": s.forged, "garbage": "garbage", "too long": strings.Repeat("A", 5000),
		"64 characters that are no base64": strings.Repeat("!", 64), "of nobody": app.NewToken(app.Last).String(), "all zero": app.Token{}.String()} {
		all = append(all, bad{"session " + why + " reads", 401, "GET", "/v1/feed", token, nil, nil},
			bad{"session " + why + " posts", 401, "POST", "/v1/stories", token, text("x"), nil},
			bad{"session " + why + " signs out", 401, "DELETE", "/v1/session", token, nil, nil})
	}
	return append(all,
		bad{"Basic authorization", 401, "GET", "/v1/feed", "", nil, []string{"Authorization", "Basic eDp5"}},
		bad{"empty Bearer", 401, "GET", "/v1/feed", "", nil, []string{"Authorization", "Bearer "}},
		bad{"garbage in the cookie", 401, "GET", "/v1/feed", "", nil, []string{"Cookie", "session=%00"}},
		bad{"cookie from another site", 403, "POST", "/v1/stories", "", text("x"), []string{"Cookie", "session=" + s.a.Token, "Origin", "https://evil.example"}})
}

func badStories(s scene) (all []bad) {
	post := func(why string, status int, body any, headers ...string) {
		all = append(all, bad{"post: " + why, status, "POST", "/v1/stories", s.a.Token, body, headers})
	}
	draft := func(kv ...any) map[string]any {
		m := map[string]any{}
		for i := 0; i < len(kv); i += 2 {
			m[kv[i].(string)] = kv[i+1]
		}
		return m
	}
	post("no kind", 400, draft("body", "x"))
	post("unknown kind", 400, draft("kind", "poll", "body", "x"))
	post("empty text", 400, text(""))
	post("only spaces", 400, text(" \n\t"))
	post("5,001 characters", 400, text(s.longBody))
	post("a NUL", 400, text("a\x00b"))
	post("a text with a link", 400, draft("kind", "text", "body", "x", "link", "https://example.com"))
	post("a text with media", 400, draft("kind", "text", "body", "x", "media", []string{"m"}))
	for why, link := range map[string]string{"nothing": "", "javascript": "javascript:alert(1)", "data": "data:text/html,x", "a path": "/etc/passwd",
		"a password in it": "https://u:p@example.com", "no host": "https://", "2,001 bytes": "https://example.com/" + strings.Repeat("x", 2000), "a space": "https://exa mple.com"} {
		post("link of "+why, 400, draft("kind", "link", "link", link))
	}
	post("photo without media", 400, draft("kind", "photo"))
	post("11 photos", 400, draft("kind", "photo", "media", strings.Split("0123456789a", "")))
	post("two videos", 400, draft("kind", "video", "media", []string{"a", "b"}))
	post("the same photo twice", 400, draft("kind", "photo", "media", []string{"a", "a"}))
	post("photo of somebody else", 400, draft("kind", "photo", "media", []string{app.MediaKey(s.b.User.ID, s.b.User.ID, app.File{Type: "image/png"})}))
	post("photo never uploaded", 400, draft("kind", "photo", "media", []string{app.MediaKey(s.a.User.ID, s.b.User.ID, app.File{Type: "image/png"})}))
	post("path in the key", 400, draft("kind", "photo", "media", []string{"media/" + s.a.User.ID.String() + "/../x"}))
	post("media as a string", 400, draft("kind", "photo", "media", "x"))
	post("key replayed with another body", 409, text("second"), "Idempotency-Key", "used")
	post("65 bytes of key", 400, text("x"), "Idempotency-Key", strings.Repeat("k", 65))
	for why, body := range map[string]any{"no type": draft("bytes", 5), "a page": draft("type", "text/html", "bytes", 5), "svg": draft("type", "image/svg+xml", "bytes", 5),
		"no bytes": draft("type", "image/png"), "negative bytes": draft("type", "image/png", "bytes", -1), "16 MiB of photo": draft("type", "image/png", "bytes", 16<<20),
		"a GiB of video": draft("type", "video/mp4", "bytes", 1<<30), "bytes as text": draft("type", "image/png", "bytes", "5"), "half a byte": `{"type":"image/png","bytes":0.5}`,
		"a width without a height": draft("type", "image/png", "bytes", 5, "width", 10), "a negative height": draft("type", "image/png", "bytes", 5, "width", 10, "height", -1),
		"a giant":                draft("type", "image/png", "bytes", 5, "width", 20_001, "height", 1),
		"more bytes than an int": `{"type":"image/png","bytes":99999999999999999999}`} {
		all = append(all, bad{"upload: " + why, 400, "POST", "/v1/media", s.a.Token, body, nil})
	}
	return all
}

func badPaths(s scene) (all []bad) {
	for why, id := range map[string]string{"a stranger's story": s.theirs, "a deleted story": s.deleted, "no story": app.Last.String(), "no identifier": "1",
		"SQL": "'%20OR%201=1", "a dot path": "..%2f..", "too long": strings.Repeat("0", 200)} {
		path := "/v1/stories/" + id
		all = append(all, bad{"get: " + why, 404, "GET", path, s.a.Token, nil, nil},
			bad{"delete: " + why, 404, "DELETE", path, s.a.Token, nil, nil},
			bad{"react: " + why, 404, "PUT", path + "/reaction", s.a.Token, map[string]string{"kind": "like"}, nil},
			bad{"comment: " + why, 404, "POST", path + "/comments", s.a.Token, map[string]string{"body": "x"}, nil},
			bad{"media: " + why, 404, "GET", path + "/media/0", s.a.Token, nil, nil})
	}
	mine := "/v1/stories/" + s.story
	all = append(all,
		bad{"delete a friend's story", 404, "DELETE", mine, s.b.Token, nil, nil},
		bad{"react with nothing", 400, "PUT", mine + "/reaction", s.b.Token, map[string]string{"kind": ""}, nil},
		bad{"react with HTML", 400, "PUT", mine + "/reaction", s.b.Token, map[string]string{"kind": "<b>"}, nil},
		bad{"empty comment", 400, "POST", mine + "/comments", s.b.Token, map[string]string{"body": ""}, nil},
		bad{"1,001 characters of comment", 400, "POST", mine + "/comments", s.b.Token, map[string]string{"body": strings.Repeat("字", 1001)}, nil},
		bad{"media number that is none", 404, "GET", mine + "/media/x", s.b.Token, nil, nil},
		bad{"negative media number", 404, "GET", mine + "/media/-1", s.b.Token, nil, nil},
		bad{"unknown operation", 404, "GET", "/v1/admin", s.a.Token, nil, nil},
		bad{"wrong method", 405, "PATCH", "/v1/feed", s.a.Token, nil, nil},
		bad{"marker without a story", 400, "PUT", "/v1/feed/marker", s.a.Token, `{}`, nil},
		bad{"marker at no identifier", 400, "PUT", "/v1/feed/marker", s.a.Token, `{"story_id":"x"}`, nil},
		bad{"marker at null", 400, "PUT", "/v1/feed/marker", s.a.Token, `{"story_id":null}`, nil},
		bad{"since no identifier", 400, "GET", "/v1/feed/marker?since=x", s.a.Token, nil, nil})
	for why, query := range map[string]string{"limit 0": "limit=0", "limit -1": "limit=-1", "limit 51": "limit=51", "limit huge": "limit=99999999999999999999", "limit x": "limit=x",
		"garbage cursor": "cursor=garbage", "stale cursor, of another version": "cursor=AgAAAAAAAAAAAAAAAAAAAAAA", "cut cursor": "cursor=AQ", "huge cursor": "cursor=" + strings.Repeat("A", 4000)} {
		all = append(all, bad{"feed: " + why, 400, "GET", "/v1/feed?" + query, s.a.Token, nil, nil},
			bad{"comments: " + why, 400, "GET", mine + "/comments?" + query, s.a.Token, nil, nil})
	}
	return all
}

func badFriends(s scene) (all []bad) {
	request := func(why string, status int, body any) {
		all = append(all, bad{"request: " + why, status, "POST", "/v1/friend-requests", s.a.Token, body, nil})
	}
	request("nobody named", 400, `{}`)
	request("name and ID", 400, map[string]string{"name": "stranger", "user_id": s.stranger.User.ID.String()})
	request("myself", 400, map[string]string{"name": "kim"})
	request("a friend", 409, map[string]string{"name": "佐藤"})
	all = append(all, bad{"accept the 5,001st friend", 409, "POST", "/v1/friend-requests/" + s.stranger.User.ID.String() + "/accept", s.popular.Token, nil, nil})
	request("no such name", 404, map[string]string{"name": "nobody"})
	request("no such ID", 404, map[string]string{"user_id": app.Last.String()})
	request("no identifier", 400, map[string]string{"user_id": "5"})
	request("a number as ID", 400, `{"user_id":5}`)
	for _, id := range []string{s.stranger.User.ID.String(), app.Last.String(), "x"} {
		all = append(all, bad{"accept " + id, 404, "POST", "/v1/friend-requests/" + id + "/accept", s.a.Token, nil, nil},
			bad{"unfriend " + id, 404, "DELETE", "/v1/friends/" + id, s.a.Token, nil, nil})
	}
	return all
}

func TestBadRequestsAreRefusedAndLeaveNoTrace(t *testing.T) {
	t.Parallel()
	r, config := newRealRig(t)
	s := r.scene(config)
	var all []bad
	for _, table := range []func(scene) []bad{badUsers, badSessions, badStories, badPaths, badFriends} {
		all = append(all, table(s)...)
	}
	t.Logf("%d bad requests", len(all))
	apptest.Eventually(t, "outbox empty", func() error {
		if n := rows(t, config)["outbox"]; n > 0 {
			return fmt.Errorf("%d rows", n)
		}
		return nil
	})
	before := rows(t, config)
	for _, b := range all {
		a := r.call(b.method, b.path, b.token, b.body, b.headers...)
		if a.status != b.status {
			t.Errorf("%s: %d, want %d: %s", b.why, a.status, b.status, a.body)
		}
		if len(a.body) > 1000 {
			t.Errorf("%s: the answer echoes %d bytes", b.why, len(a.body))
		}
	}
	if after := rows(t, config); fmt.Sprint(after) != fmt.Sprint(before) {
		t.Errorf("rows before %v, after %v", before, after)
	}
}

// rows counts every table's rows in this test's database.
func rows(t *testing.T, config mysql.Config) map[string]int {
	t.Helper()
	counts := map[string]int{}
	for _, table := range []string{"users", "sessions", "friend_requests", "friendships", "stories", "media", "comments", "reactions", "idempotency", "outbox"} {
		var n int
		if err := apptest.Current.Database.Admin().QueryRow("SELECT COUNT(*) FROM " + config.Name + "." + table).Scan(&n); err != nil {
			t.Fatal(err)
		}
		counts[table] = n
	}
	return counts
}
