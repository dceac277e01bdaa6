// Package boot says when a starting instance may take traffic: once each thing
// that it needs has answered once. What has answered may go away again; that is
// no news about the instance. It knows nothing of what the needs are.
package boot
