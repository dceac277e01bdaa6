// Package http serves the feed's API (v1, JSON), its health endpoints and its
// page. Errors are problem details (RFC 9457). Every input is bounded.
package http
