package http

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"runtime/debug"
	"strings"
	"time"

	"newsfeed/app"
	"newsfeed/app/metrics"
)

// Server is the feed's HTTP handler.
type Server struct {
	// MediaOrigin is where uploads go and files come from, such as
	// "https://bucket.s3.ap-northeast-2.amazonaws.com", when that is elsewhere.
	// Set it before the first request.
	MediaOrigin string
	// PeerMedia, when set, tells the other region's MediaOrigin: an upload that is
	// forwarded goes there.
	PeerMedia func() string
	// Forward, when set, is where requests that write go while another region writes.
	Forward *Forwarder
	// Metrics, when set, counts what was served and what failed by our own fault.
	Metrics *metrics.Set

	backend Backend
	health  Health
	mux     *http.ServeMux
	origin  *http.CrossOriginProtection
}

// requestTime bounds the work on one request.
const requestTime = 10 * time.Second

// NewServer returns a handler for the API, the health endpoints and the page.
func NewServer(backend Backend, health Health) *Server {
	s := &Server{backend: backend, health: health, mux: http.NewServeMux(), origin: http.NewCrossOriginProtection()}
	s.routes()
	return s
}

func (s *Server) routes() {
	s.handle("POST /v1/users", s.writer(s.signUp))
	s.handle("POST /v1/sessions", s.writer(s.signIn))
	s.handle("DELETE /v1/session", s.writer(s.signOut))
	s.handle("GET /v1/session", s.read(s.whoAmI))
	s.handle("POST /v1/friend-requests", s.write(s.requestFriend))
	s.handle("GET /v1/friend-requests", s.read(s.friendRequests))
	s.handle("POST /v1/friend-requests/{user}/accept", s.write(s.acceptFriend))
	s.handle("GET /v1/friends", s.read(s.friends))
	s.handle("DELETE /v1/friends/{user}", s.write(s.unfriend))
	s.handle("POST /v1/stories", s.write(s.post))
	s.handle("GET /v1/stories", s.read(s.mine))
	s.handle("GET /v1/stories/{story}", s.read(s.story))
	s.handle("DELETE /v1/stories/{story}", s.write(s.deleteStory))
	s.handle("PUT /v1/stories/{story}/reaction", s.write(s.react))
	s.handle("DELETE /v1/stories/{story}/reaction", s.write(s.unreact))
	s.handle("GET /v1/stories/{story}/comments", s.read(s.comments))
	s.handle("POST /v1/stories/{story}/comments", s.write(s.comment))
	s.handle("GET /v1/stories/{story}/media/{idx}", s.read(s.media))
	s.handle("POST /v1/media", s.write(s.upload))
	s.handle("GET /v1/feed", s.feed)
	s.handle("GET /v1/feed/marker", s.read(s.marker))
	s.handle("PUT /v1/feed/marker", s.write(s.setMarker))
	s.handle("GET /openapi.yaml", s.openapi)
	s.healthRoutes()
	s.mux.HandleFunc("/v1/", s.unknown)
	s.page()
}

// handler is a route that may fail.
type handler func(http.ResponseWriter, *http.Request) error

func (s *Server) handle(pattern string, h handler) {
	s.mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
		if err := h(w, r); err != nil {
			var status *statusError
			if errors.As(err, &status) {
				problem(w, Problem{Type: "about:blank", Status: status.status, Detail: status.detail})
				return
			}
			s.fail(w, r, err)
		}
	})
}

// ServeHTTP serves one request. A panic costs that request only.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(withClient(withOrigin(r.Context(), r)), requestTime)
	defer cancel()
	r = r.WithContext(ctx)
	if !strings.HasPrefix(r.URL.Path, healthPath) {
		s.Metrics.Add(metrics.Served, 1)
	}
	defer func() {
		if p := recover(); p != nil && p != http.ErrAbortHandler {
			slog.Error("panic", "path", r.URL.Path, "panic", p, "stack", string(debug.Stack()))
			s.fault(w, r)
		}
	}()
	if err := s.origin.Check(r); err != nil {
		problem(w, Problem{Type: "about:blank", Status: http.StatusForbidden, Detail: "a page of another site may not do this"})
		return
	}
	s.mux.ServeHTTP(w, r)
}

// unknown answers for paths and methods that the API doesn't have.
func (s *Server) unknown(w http.ResponseWriter, r *http.Request) {
	var allowed []string
	for _, method := range []string{"DELETE", "GET", "POST", "PUT"} {
		other := r.Clone(r.Context())
		other.Method = method
		if _, pattern := s.mux.Handler(other); strings.HasPrefix(pattern, method+" ") {
			allowed = append(allowed, method)
		}
	}
	if len(allowed) > 0 {
		w.Header().Set("Allow", strings.Join(allowed, ", "))
		problem(w, Problem{Type: "about:blank", Status: http.StatusMethodNotAllowed, Detail: "use " + strings.Join(allowed, " or ")})
		return
	}
	problem(w, Problem{Type: "about:blank", Status: http.StatusNotFound, Detail: "the API has no such operation: see /openapi.yaml"})
}

// authed is a route for signed-in users.
type authed func(http.ResponseWriter, *http.Request, app.User) error

func (s *Server) read(h authed) handler  { return s.authenticate("r", h) }
func (s *Server) write(h authed) handler { return s.writer(s.authenticate("w", h)) }

// writer is a route that only the region that writes can serve.
func (s *Server) writer(h handler) handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		if taken, err := s.Forward.takes(w, r); taken || err != nil {
			return err
		}
		return h(w, r)
	}
}

func (s *Server) authenticate(class string, h authed) handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		token, err := tokenOf(r)
		if err != nil {
			return err
		}
		user, err := s.backend.Authenticate(r.Context(), token, class)
		if err != nil {
			return err
		}
		isFrom(r, user.ID)
		return h(w, r, user)
	}
}

func reply(w http.ResponseWriter, status int, v any) error {
	raw, err := json.Marshal(v)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	w.Write(raw)
	return nil
}

func noContent(w http.ResponseWriter) error {
	w.WriteHeader(http.StatusNoContent)
	return nil
}
