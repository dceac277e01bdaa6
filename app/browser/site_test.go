package browser

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"math"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"

	"newsfeed/app"
	feedhttp "newsfeed/app/http"
	"newsfeed/app/inmem"
	"newsfeed/app/password"
)

const secret = "correct horse battery"

// site is the product as the embedded mode serves it, with faults to switch on.
type site struct {
	t      *testing.T
	url    string
	store  *inmem.Store
	bucket string // another origin, which holds the files if away is set
	away   bool

	workers bool // whether browsers may keep the page in a service worker, which takes time

	mu       sync.Mutex
	refusals map[string]error // of requests of class "r" and "w"
	posts    int              // stories that were asked to be posted
	lose     bool             // the answer to the next story
	down     bool             // nothing is answered
	uploads  chan struct{}    // while not nil, uploads wait for its end
	rewrite  *strings.Replacer
}

func newSite(t *testing.T) *site {
	s := &site{t: t, store: inmem.New(password.New(true)), refusals: map[string]error{}}
	bucket := httptest.NewServer(http.HandlerFunc(s.elsewhere))
	t.Cleanup(bucket.Close)
	s.bucket = bucket.URL
	page := feedhttp.NewServer(faulty{s.store, s}, s.store)
	page.MediaOrigin = s.bucket
	mux := http.NewServeMux()
	mux.Handle("/", page)
	mux.Handle(inmem.MediaPath, s.store)
	server := httptest.NewServer(s.between(mux))
	t.Cleanup(server.Close)
	t.Cleanup(server.CloseClientConnections)
	s.url = server.URL
	return s
}

// set changes the site's faults.
func (s *site) set(change func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change()
}

func (s *site) refuse(class string, err error) { s.set(func() { s.refusals[class] = err }) }

func (s *site) postCount() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.posts
}

// faulty is the store behind the switches.
type faulty struct {
	*inmem.Store
	site *site
}

func (f faulty) refusal(class string) error {
	f.site.mu.Lock()
	defer f.site.mu.Unlock()
	return f.site.refusals[class]
}

func (f faulty) Authenticate(ctx context.Context, token app.Token, class string) (app.User, error) {
	if err := f.refusal(class); err != nil {
		return app.User{}, err
	}
	return f.Store.Authenticate(ctx, token, class)
}

func (f faulty) Feed(ctx context.Context, token app.Token, q app.Query) (app.Page, error) {
	if err := f.refusal("r"); err != nil {
		return app.Page{}, err
	}
	return f.Store.Feed(ctx, token, q)
}

func (f faulty) Upload(ctx context.Context, user app.User, file app.File) (app.Upload, error) {
	ticket, err := f.Store.Upload(ctx, user, file)
	if f.site.away {
		ticket.URL = f.site.bucket + ticket.URL
	}
	return ticket, err
}

func (f faulty) Media(ctx context.Context, user app.User, story app.ID, idx int) (string, error) {
	url, err := f.Store.Media(ctx, user, story, idx)
	if f.site.away {
		url = f.site.bucket + url
	}
	return url, err
}

// elsewhere serves files as a bucket does, whose rules let the site's page in
// and read answers, without its cookies.
func (s *site) elsewhere(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get("Origin") == s.url {
		w.Header().Set("Access-Control-Allow-Origin", s.url)
		w.Header().Set("Access-Control-Allow-Methods", "GET, POST")
	}
	if r.Method == http.MethodPost && r.Header.Get("Cookie") != "" { // a GET has it: to cookies, all ports are one site
		http.Error(w, "the session is none of the bucket's business", http.StatusForbidden)
		return
	}
	if r.Method == http.MethodOptions {
		w.WriteHeader(http.StatusOK)
		return
	}
	s.store.ServeHTTP(w, r)
}

// between is what lies between a browser and the service.
func (s *site) between(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		posting := r.Method == http.MethodPost && r.URL.Path == "/v1/stories"
		uploading := r.Method == http.MethodPost && r.URL.Path == inmem.MediaPath
		s.mu.Lock()
		down, lose, uploads, rewrite := s.down, s.lose && posting, s.uploads, s.rewrite
		if posting {
			s.posts++
			s.lose = false
		}
		s.mu.Unlock()
		if uploading && uploads != nil {
			select {
			case <-uploads:
			case <-r.Context().Done():
				return
			}
		}
		switch {
		case down:
			panic(http.ErrAbortHandler)
		case lose:
			next.ServeHTTP(httptest.NewRecorder(), r)
			http.Error(w, "<h1>Bad gateway</h1>", http.StatusBadGateway)
		case rewrite != nil:
			s.otherVersion(w, r, next, rewrite)
		default:
			next.ServeHTTP(w, r)
		}
	})
}

// otherVersion serves the page as a binary with another page would.
func (s *site) otherVersion(w http.ResponseWriter, r *http.Request, next http.Handler, version *strings.Replacer) {
	r = r.Clone(r.Context())
	r.Header.Del("Accept-Encoding")
	r.Header.Del("If-None-Match")
	recorder := httptest.NewRecorder()
	// The other version's files are this one's under another name.
	if parts := strings.Split(r.URL.Path, "/"); len(parts) == 4 && parts[1] == "static" {
		r.URL.Path = "/" + parts[3]
	}
	next.ServeHTTP(recorder, r)
	for k, v := range recorder.Header() {
		if k != "Content-Length" {
			w.Header()[k] = []string{version.Replace(v[0])}
		}
	}
	w.WriteHeader(recorder.Code)
	w.Write([]byte(version.Replace(recorder.Body.String())))
}

// user signs somebody up, beside the page.
func (s *site) user(name string) app.User {
	s.t.Helper()
	u, _, err := s.store.SignUp(s.t.Context(), name, secret)
	if err != nil {
		s.t.Fatal(err)
	}
	return u
}

func (s *site) befriend(a, b app.User) {
	s.t.Helper()
	if _, _, err := s.store.RequestFriend(s.t.Context(), a, b); err != nil {
		s.t.Fatal(err)
	}
	if err := s.store.AcceptFriend(s.t.Context(), b, a.ID); err != nil {
		s.t.Fatal(err)
	}
}

// post publishes a story, beside the page, and returns its ID.
func (s *site) post(author app.User, draft app.Draft) app.ID {
	s.t.Helper()
	raw, _, err := s.store.Post(s.t.Context(), author, draft, "")
	if err != nil {
		s.t.Fatal(err)
	}
	id, err := app.ParseID(string(raw[len(`{"id":"`):][:36]))
	if err != nil {
		s.t.Fatal(err)
	}
	return id
}

func (s *site) write(author app.User, format string, args ...any) app.ID {
	s.t.Helper()
	return s.post(author, app.Draft{Kind: app.Text, Body: fmt.Sprintf(format, args...)})
}

// media uploads files, beside the page, and returns their keys.
func (s *site) media(author app.User, file app.File, content []byte) string {
	s.t.Helper()
	file.Bytes = int64(len(content))
	ticket, err := s.store.Upload(s.t.Context(), author, file)
	if err != nil {
		s.t.Fatal(err)
	}
	var form bytes.Buffer
	w := multipart.NewWriter(&form)
	for k, v := range ticket.Fields {
		w.WriteField(k, v)
	}
	part, _ := w.CreateFormFile("file", "f") // into memory: cannot fail
	part.Write(content)
	w.Close()
	response, err := http.Post(s.url+ticket.URL, w.FormDataContentType(), &form)
	if err != nil {
		s.t.Fatal(err)
	}
	response.Body.Close()
	if response.StatusCode != http.StatusNoContent {
		s.t.Fatal(response.Status)
	}
	return ticket.Key
}

// picture paints a landscape: hills under an evening sky.
func picture(width, height, seed int) []byte {
	palette := color.Palette{}
	for i := range 32 {
		palette = append(palette, color.RGBA{uint8(70 + 5*i), uint8(80 + (3+seed)*i), uint8(150 + i), 255})
	}
	for i := range 4 {
		palette = append(palette, color.RGBA{uint8(30 + 9*i), uint8(60 + 14*i), uint8(70 + 8*i + 10*seed), 255})
	}
	m := image.NewPaletted(image.Rect(0, 0, width, height), palette)
	for x := range width {
		ridges := [4]float64{}
		for hill := range ridges {
			at := float64(x)/float64(width)*float64(3+hill) + float64(3*seed+2*hill)
			ridges[hill] = float64(height) * (.52 + .12*float64(hill) + .05*math.Sin(at) + .02*math.Sin(3.1*at))
		}
		for y := range height {
			c := y * 31 / height
			for hill, ridge := range ridges {
				if float64(y) > ridge {
					c = 32 + hill
				}
			}
			m.SetColorIndex(x, y, uint8(c))
		}
	}
	var out bytes.Buffer
	png.Encode(&out, m) // into memory: cannot fail
	return out.Bytes()
}

func readFile(t *testing.T, name string) []byte {
	t.Helper()
	raw, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}
