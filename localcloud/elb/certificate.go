package elb

import (
	"crypto/sha256"
	"crypto/tls"
	"encoding/hex"
	"path/filepath"
	"strings"
	"sync"

	"newsfeed/localcloud/acm"
)

// issuer returns a function that gives the certificate for a set of names,
// from dir when it was issued before.
func issuer(authority *acm.Authority, dir string) func(names ...string) (*tls.Certificate, error) {
	var mu sync.Mutex
	return func(names ...string) (*tls.Certificate, error) {
		mu.Lock()
		defer mu.Unlock()
		sum := sha256.Sum256([]byte(strings.Join(names, " ")))
		certFile, keyFile, err := authority.Issue(filepath.Join(dir, hex.EncodeToString(sum[:8])), names...)
		if err != nil {
			return nil, err
		}
		cert, err := tls.LoadX509KeyPair(certFile, keyFile)
		return &cert, err
	}
}
