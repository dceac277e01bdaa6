package http

import (
	"net/http"

	"newsfeed/app/region"
)

// NewHealthServer returns a handler for the health endpoints only, for processes
// that serve nothing else.
func NewHealthServer(health Health) *Server {
	s := &Server{health: health, mux: http.NewServeMux(), origin: http.NewCrossOriginProtection()}
	s.healthRoutes()
	return s
}

const healthPath = "/healthz/"

func (s *Server) healthRoutes() {
	s.handle("GET "+healthPath+"live", s.live)
	s.handle("GET "+healthPath+"boot", s.boot)
	s.handle("GET "+healthPath+"ready", s.ready)
	s.handle("GET "+healthPath+"region", s.region)
}

// verdict answers 200, or 503 with why not.
func verdict(w http.ResponseWriter, what string, err error) error {
	if err != nil {
		return reply(w, http.StatusServiceUnavailable, map[string]any{what: false, "reason": err.Error()})
	}
	return reply(w, http.StatusOK, map[string]bool{what: true})
}

// live: the process's loop turns. Only a stuck process fails it.
func (s *Server) live(w http.ResponseWriter, _ *http.Request) error {
	return verdict(w, "live", s.health.Live())
}

// boot: all that the instance needs has answered once. 424: something that others
// share has not, and another instance would fare no better; 503: something said
// no, and waiting mends nothing.
func (s *Server) boot(w http.ResponseWriter, _ *http.Request) error {
	state := s.health.Boot()
	status := http.StatusFailedDependency
	switch {
	case state.Done:
		return reply(w, http.StatusOK, map[string]bool{"boot": true})
	case state.Refused:
		status = http.StatusServiceUnavailable
	}
	return reply(w, status, map[string]any{"boot": false, "reasons": state.Reasons})
}

// ready: the instance has booted, is not draining and has no fault of its own. It
// never depends on what others share: the stores, the peer, the lease.
func (s *Server) ready(w http.ResponseWriter, _ *http.Request) error {
	return verdict(w, "ready", s.health.Ready())
}

// region: the region may take traffic. DNS asks.
func (s *Server) region(w http.ResponseWriter, _ *http.Request) error {
	health := s.health.Region()
	if s.MediaOrigin != "" {
		w.Header().Set(region.MediaHeader, s.MediaOrigin)
	}
	status := http.StatusOK
	if !health.OK {
		status = http.StatusServiceUnavailable
	}
	return reply(w, status, health)
}
