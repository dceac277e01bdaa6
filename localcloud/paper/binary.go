package paper

import (
	"encoding/hex"
	"os"
	"path/filepath"
)

// built are the binaries that the program deploys, and their packages. Not
// every commit has them all.
var built = map[string]string{"feed": "./app/cmd/feed", "slackalarm": "./lambdas/slackalarm", "watchdog": "./lambdas/watchdog"}

// Binaries writes what stands in for the binaries into dir, and returns the
// path of the feed's. Each holds its fingerprint, so that equal ones are equal.
func Binaries(dir string, fingerprints map[string][]byte) (feed string, err error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", err
	}
	for name := range built {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(hex.EncodeToString(fingerprints[name])), 0o600); err != nil {
			return "", err
		}
	}
	return filepath.Join(dir, "feed"), nil
}
