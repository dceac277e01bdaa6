package http_test

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
	"strings"
	"sync"
	"testing"
	"time"

	"newsfeed/app"
	feedhttp "newsfeed/app/http"
	"newsfeed/app/inmem"
	"newsfeed/app/password"
)

// rig is a server on the in-memory store whose answers are held to the document.
type rig struct {
	t     *testing.T
	base  string
	store *inmem.Store
	back  *backend
	doc   *document
}

// backend is the in-memory store behind a gate that can be shut.
type backend struct {
	*inmem.Store
	mu     sync.Mutex
	broken error // of everything that authenticates
}

func (b *backend) fail(err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.broken = err
}

func (b *backend) gate() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.broken
}

func newRig(t *testing.T) *rig {
	r := &rig{t: t, store: inmem.New(password.New(true)), doc: readDocument(t)}
	r.store.Rates = app.Rates{Reads: 1 << 40, Writes: 1 << 40, SignIns: 1 << 40}
	r.back = &backend{Store: r.store}
	mux := http.NewServeMux()
	mux.Handle("/", r.doc.checking(t, feedhttp.NewServer(refusing{r.back}, r.store)))
	mux.Handle(inmem.MediaPath, r.store)
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	r.base = server.URL
	return r
}

// serve is a rig for what needs no store.
func serve(t *testing.T, h http.Handler) *rig {
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	return &rig{t: t, base: server.URL, doc: readDocument(t)}
}

type answer struct {
	status int
	header http.Header
	body   []byte
}

func (a answer) decode(t *testing.T, v any) {
	t.Helper()
	if err := json.Unmarshal(a.body, v); err != nil {
		t.Fatalf("%s: %v", a.body, err)
	}
}

// call sends body as it is when it is a string, else as JSON.
func (r *rig) call(method, path, token string, body any, headers ...string) answer {
	r.t.Helper()
	raw, isText := body.(string)
	if !isText && body != nil {
		b, _ := json.Marshal(body)
		raw = string(b)
	}
	request, err := http.NewRequest(method, r.base+path, strings.NewReader(raw))
	if err != nil {
		r.t.Fatal(err)
	}
	if body != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	if token != "" {
		request.Header.Set("Authorization", "Bearer "+token)
	}
	for i := 0; i < len(headers); i += 2 {
		request.Header.Set(headers[i], headers[i+1])
	}
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	response, err := client.Do(request)
	if err != nil {
		r.t.Fatal(err)
	}
	defer response.Body.Close()
	out, err := io.ReadAll(response.Body)
	if err != nil {
		r.t.Fatal(err)
	}
	return answer{response.StatusCode, response.Header, out}
}

func (r *rig) want(status int, method, path, token string, body any, headers ...string) answer {
	r.t.Helper()
	a := r.call(method, path, token, body, headers...)
	if a.status != status {
		r.t.Fatalf("%s %s: %d, want %d: %s", method, path, a.status, status, a.body)
	}
	return a
}

type account struct {
	User  app.User
	Token string
}

func login(name string) map[string]string {
	return map[string]string{"name": name, "password": "correct horse"}
}

func (r *rig) signUp(name string) (a account) {
	r.t.Helper()
	r.want(201, "POST", "/v1/users", "", login(name)).decode(r.t, &a)
	return a
}

func (r *rig) befriend(a, b account) {
	r.t.Helper()
	r.want(201, "POST", "/v1/friend-requests", a.Token, map[string]string{"user_id": b.User.ID.String()})
	r.want(204, "POST", "/v1/friend-requests/"+a.User.ID.String()+"/accept", b.Token, nil)
}

func (r *rig) post(a account, draft any) (id string) {
	r.t.Helper()
	var s struct{ ID string }
	r.want(201, "POST", "/v1/stories", a.Token, draft).decode(r.t, &s)
	return s.ID
}

func text(body string) map[string]string { return map[string]string{"kind": "text", "body": body} }

// upload sends a file as a browser does.
func (r *rig) upload(a account, contentType string, content []byte) (key string) {
	r.t.Helper()
	var ticket app.Upload
	r.want(201, "POST", "/v1/media", a.Token, map[string]any{"type": contentType, "bytes": len(content)}).decode(r.t, &ticket)
	var form bytes.Buffer
	w := multipart.NewWriter(&form)
	for k, v := range ticket.Fields {
		w.WriteField(k, v)
	}
	part, _ := w.CreateFormFile("file", "f")
	part.Write(content)
	w.Close()
	response, err := http.Post(r.base+ticket.URL, w.FormDataContentType(), &form)
	if err != nil {
		r.t.Fatal(err)
	}
	response.Body.Close()
	if response.StatusCode != http.StatusNoContent {
		r.t.Fatal(response.Status)
	}
	return ticket.Key
}

// refusing is a backend that fails with whatever it is told to, before it does
// anything.
type refusing struct{ *backend }

func (b refusing) Authenticate(ctx context.Context, token app.Token, class string) (app.User, error) {
	if err := b.gate(); err != nil {
		return app.User{}, err
	}
	return b.Store.Authenticate(ctx, token, class)
}

func (b refusing) SignUp(ctx context.Context, name, pass string) (app.User, app.Token, error) {
	if err := b.gate(); err != nil {
		return app.User{}, app.Token{}, err
	}
	return b.Store.SignUp(ctx, name, pass)
}

func (b refusing) SignIn(ctx context.Context, name, pass string) (app.User, app.Token, error) {
	if err := b.gate(); err != nil {
		return app.User{}, app.Token{}, err
	}
	return b.Store.SignIn(ctx, name, pass)
}

func (b refusing) Feed(ctx context.Context, token app.Token, q app.Query) (app.Page, error) {
	if err := b.gate(); err != nil {
		return app.Page{}, err
	}
	return b.Store.Feed(ctx, token, q)
}

func TestEveryOperationAndEveryErrorIsAsTheDocumentSays(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	a, b, stranger := r.signUp("kim"), r.signUp("佐藤"), r.signUp("stranger")
	r.befriend(a, b)
	story := r.post(a, text("hello"))
	photo := r.post(a, map[string]any{"kind": "photo", "media": []string{r.upload(a, "image/png", []byte("png"))}})
	r.happy(a, b, story, photo)
	r.refusals(a, b, stranger, story)
	r.everywhere(a, story)
	for _, name := range r.doc.operations() {
		if strings.HasPrefix(name, "GET /healthz/") && !strings.HasSuffix(name, " 200") {
			continue // the in-memory store is always well; TestHealthIsToldAsItIs sees these
		}
		if !r.doc.seen[name] {
			t.Errorf("never seen: %s", name)
		}
	}
}

func (r *rig) happy(a, b account, story, photo string) {
	r.t.Helper()
	s := "/v1/stories/" + story
	r.want(201, "POST", "/v1/sessions", "", login("kim"))
	r.want(200, "GET", "/v1/session", a.Token, nil)
	r.want(200, "GET", s, b.Token, nil)
	r.want(204, "PUT", s+"/reaction", b.Token, map[string]string{"kind": "love"})
	r.want(201, "POST", s+"/comments", b.Token, map[string]string{"body": "indeed"})
	r.want(200, "GET", s+"/comments?limit=1", a.Token, nil)
	r.want(302, "GET", "/v1/stories/"+photo+"/media/0", b.Token, nil)
	r.want(200, "GET", "/v1/feed", b.Token, nil)
	var mine struct {
		Stories []struct{ ID string }
		Next    *string `json:"next_cursor"`
	}
	r.want(200, "GET", "/v1/stories?limit=1", a.Token, nil).decode(r.t, &mine)
	if len(mine.Stories) != 1 || mine.Stories[0].ID != photo || mine.Next == nil {
		r.t.Errorf("the first of my own stories: %+v, want %s and a cursor", mine, photo)
	}
	r.want(204, "PUT", "/v1/feed/marker", b.Token, map[string]string{"story_id": story})
	r.want(200, "GET", "/v1/feed/marker?since="+story, b.Token, nil)
	r.want(204, "DELETE", s+"/reaction", b.Token, nil)
	r.want(200, "GET", "/v1/friends?limit=1", a.Token, nil)
	r.want(200, "GET", "/v1/friend-requests", a.Token, nil)
	r.want(204, "DELETE", "/v1/stories/"+photo, a.Token, nil)
	r.want(204, "DELETE", "/v1/friends/"+b.User.ID.String(), a.Token, nil)
	r.befriend(a, b)
	r.want(200, "GET", "/healthz/live", "", nil)
	r.want(200, "GET", "/healthz/boot", "", nil)
	r.want(200, "GET", "/healthz/ready", "", nil)
	r.want(200, "GET", "/healthz/region", "", nil)
	r.want(200, "GET", "/", "", nil)
	var out account
	r.want(201, "POST", "/v1/sessions", "", login("kim")).decode(r.t, &out)
	r.want(204, "DELETE", "/v1/session", out.Token, nil)
}

// refusals are errors that belong to single operations.
func (r *rig) refusals(a, b, stranger account, story string) {
	r.t.Helper()
	r.want(409, "POST", "/v1/users", "", login("KIM"))
	r.want(401, "POST", "/v1/sessions", "", map[string]string{"name": "kim", "password": "wrong password"})
	r.want(409, "POST", "/v1/friend-requests", a.Token, map[string]string{"name": "佐藤"})
	r.want(404, "POST", "/v1/friend-requests", a.Token, map[string]string{"name": "nobody"})
	r.want(201, "POST", "/v1/stories", a.Token, text("x"), "Idempotency-Key", "k")
	r.want(409, "POST", "/v1/stories", a.Token, text("y"), "Idempotency-Key", "k")
	for _, op := range []string{"GET ", "GET /comments", "GET /media/0", "DELETE ", "DELETE /reaction", "PUT /reaction", "POST /comments"} {
		method, rest, _ := strings.Cut(op, " ")
		body := map[string]any{"GET": nil, "DELETE": nil, "PUT": map[string]string{"kind": "like"}, "POST": map[string]string{"body": "x"}}[method]
		r.want(404, method, "/v1/stories/"+story+rest, stranger.Token, body)
	}
	r.want(404, "POST", "/v1/friend-requests/"+stranger.User.ID.String()+"/accept", a.Token, nil)
	r.want(404, "DELETE", "/v1/friends/"+stranger.User.ID.String(), a.Token, nil)
	r.full(a, stranger)
}

// full gives stranger's request to a user who has 5,000 friends.
func (r *rig) full(_, stranger account) {
	r.t.Helper()
	popular := r.signUp("popular")
	for i := range app.MaxFriends {
		u, _, err := r.store.SignUp(r.t.Context(), fmt.Sprint("fan", i), "correct horse")
		if err != nil {
			r.t.Fatal(err)
		}
		r.store.RequestFriend(r.t.Context(), u, popular.User)
		if err := r.store.AcceptFriend(r.t.Context(), popular.User, u.ID); err != nil {
			r.t.Fatal(err)
		}
	}
	r.want(201, "POST", "/v1/friend-requests", stranger.Token, map[string]string{"name": "popular"})
	r.want(409, "POST", "/v1/friend-requests/"+stranger.User.ID.String()+"/accept", popular.Token, nil)
}

// everywhere are the errors that all operations share.
func (r *rig) everywhere(a account, story string) {
	r.t.Helper()
	fill := strings.NewReplacer("{story}", story, "{user}", a.User.ID.String(), "{idx}", "0")
	for path, item := range r.doc.at(r.doc.root, "paths").(map[string]any) {
		for method, operation := range item.(map[string]any) {
			method, path := strings.ToUpper(method), fill.Replace(path)
			declared := r.doc.at(operation, "responses").(map[string]any)
			if strings.HasPrefix(path, "/healthz/") {
				continue
			}
			r.shared(a, method, path, declared)
		}
	}
}

func (r *rig) shared(a account, method, path string, declared map[string]any) {
	r.t.Helper()
	has := func(status string) bool { return declared[status] != nil }
	good := map[string]any{"POST": map[string]string{}, "PUT": map[string]string{}}[method]
	if path != "/v1/users" && path != "/v1/sessions" {
		r.want(401, method, path, "", good)
	}
	if has("400") && method == "GET" {
		key := "limit"
		if !strings.Contains(path, "comments") && strings.Contains(path, "marker") {
			key = "since"
		}
		r.want(400, method, path+"?"+key+"=none", a.Token, nil)
	}
	if has("415") {
		r.want(415, method, path, a.Token, nil, "Content-Type", "text/plain")
		r.want(413, method, path, a.Token, `{"x":"`+strings.Repeat("x", 70<<10)+`"}`)
		if path != "/v1/sessions" {
			r.want(400, method, path, a.Token, `{"no":"such member"}`)
		} else {
			r.want(400, method, path, a.Token, `[]`)
		}
	}
	if has("403") {
		r.want(403, method, path, a.Token, good, "Sec-Fetch-Site", "cross-site")
	}
	for status, err := range map[int]error{429: app.RateLimited(time.Minute), 503: app.Fenced("elsewhere")} {
		if has(fmt.Sprint(status)) {
			r.back.fail(err)
			body := good
			if path == "/v1/users" || path == "/v1/sessions" {
				body = login("nobody-else")
			}
			if got := r.want(status, method, path, a.Token, body); got.header.Get("Retry-After") == "" {
				r.t.Errorf("%s %s %d: no Retry-After", method, path, status)
			}
			r.back.fail(nil)
		}
	}
}

func TestAFailureOfOursTellsNothing(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	a := r.signUp("kim")
	r.back.fail(errors.New("secret detail"))
	response, err := http.Get(r.base + "/v1/none")
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	if response.StatusCode != http.StatusNotFound {
		t.Error(response.Status)
	}
	recorder := httptest.NewRecorder()
	request := httptest.NewRequest("GET", "/v1/feed", nil)
	request.Header.Set("Authorization", "Bearer "+a.Token)
	feedhttp.NewServer(refusing{r.back}, r.store).ServeHTTP(recorder, request)
	if recorder.Code != http.StatusInternalServerError || strings.Contains(recorder.Body.String(), "secret") {
		t.Errorf("%d %s", recorder.Code, recorder.Body)
	}
}
