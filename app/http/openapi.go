package http

import (
	_ "embed"
	"net/http"
)

// OpenAPI is the API's document (OpenAPI 3.1); a test holds the code to it.
//
//go:embed openapi.yaml
var OpenAPI []byte

func (s *Server) openapi(w http.ResponseWriter, _ *http.Request) error {
	w.Header().Set("Content-Type", "application/yaml")
	w.Header().Set("Cache-Control", "public, max-age=300")
	w.Write(OpenAPI)
	return nil
}
