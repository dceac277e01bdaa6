package infra

import (
	"regexp"
	"strings"
)

// Release says which build of the app instances run: its name, and the digest
// under which both regions keep it, as feed-1a2b3c4@sha256:<64 hex digits>. It is
// pinned in the stack's file, and changed there by `make release`: an `up` makes
// of the same config the same instances. Empty: nothing was released yet, and the
// groups stay empty.
type Release string

// Set says whether there is a release.
func (r Release) Set() bool { return r != "" }

// Digest is the SHA-256 of the binary, in hex.
func (r Release) Digest() string {
	_, digest, _ := strings.Cut(string(r), "@sha256:")
	return digest
}

// Key is where an artifacts bucket keeps the binary.
func (r Release) Key() string { return ReleaseKey(r.Digest()) }

// ReleaseKey is where an artifacts bucket keeps the binary with that digest.
func ReleaseKey(digest string) string { return "feed/" + digest }

var (
	releaseForm = regexp.MustCompile(`^[a-z0-9][a-z0-9._-]{0,63}@sha256:[0-9a-f]{64}$`)
	imageForm   = regexp.MustCompile(`^ami-([0-9a-f]{8}|[0-9a-f]{17})$`)
)

// validateRelease: what runs is named by what cannot change under its name.
func (c *Config) validateRelease(p *problems) {
	p.require(!c.Release.Set() || releaseForm.MatchString(string(c.Release)), "release",
		"is %q, must be <name>@sha256:<64 hex digits>: make release writes it", c.Release)
	p.require(c.Image == "" || imageForm.MatchString(c.Image), "image", "is %q, must be an AMI like ami-0123456789abcdef0: make release writes it", c.Image)
	p.require(!c.Release.Set() || c.Image != "", "image", "is not set, but release is: make release writes both")
}
