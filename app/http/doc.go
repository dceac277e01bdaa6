// Package http serves the feed's API (v1, JSON), its health endpoints and its
// page. Errors are problem details (RFC 9457). Every input is bounded. What only
// the region that writes can serve is forwarded to it, whole and once; answers
// are not streamed.
package http
