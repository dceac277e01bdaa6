package http

import (
	"context"
	"net/http"
	"time"
)

// NewHealthServer returns a handler for the health endpoints only, for processes
// that serve nothing else.
func NewHealthServer(health Health) *Server {
	s := &Server{health: health, mux: http.NewServeMux(), origin: http.NewCrossOriginProtection()}
	s.healthRoutes()
	return s
}

func (s *Server) healthRoutes() {
	s.handle("GET /healthz/live", s.live)
	s.handle("GET /healthz/ready", s.ready)
	s.handle("GET /healthz/region", s.region)
}

// live: the process answers. Only a stuck process fails it.
func (s *Server) live(w http.ResponseWriter, r *http.Request) error {
	return reply(w, http.StatusOK, map[string]bool{"live": true})
}

// ready: the instance can serve. It never depends on the peer or the lease.
func (s *Server) ready(w http.ResponseWriter, r *http.Request) error {
	ctx, cancel := context.WithTimeout(r.Context(), 2*time.Second)
	defer cancel()
	if err := s.health.Ready(ctx); err != nil {
		return reply(w, http.StatusServiceUnavailable, map[string]any{"ready": false, "reason": err.Error()})
	}
	return reply(w, http.StatusOK, map[string]bool{"ready": true})
}

// region: the region may take traffic. DNS asks.
func (s *Server) region(w http.ResponseWriter, r *http.Request) error {
	health := s.health.Region()
	status := http.StatusOK
	if !health.OK {
		status = http.StatusServiceUnavailable
	}
	return reply(w, status, health)
}
