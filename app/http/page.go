package http

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"maps"
	"net/http"
	"path"
	"slices"
	"strconv"
	"strings"
	"sync"
)

//go:embed page
var pageFiles embed.FS

// page is the web page's files, of one version: what the binary holds.
type page struct {
	version string // a hash of all files
	files   map[string]pageFile
}

type pageFile struct {
	contentType string
	plain       []byte
	zipped      []byte // nil when it would save nothing
}

var contentTypes = map[string]string{
	".html": "text/html; charset=utf-8", ".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8",
	".svg": "image/svg+xml", ".png": "image/png", ".webmanifest": "application/manifest+json",
}

// loadPage reads, fills in and compresses the files, once.
var loadPage = sync.OnceValue(func() *page {
	entries, err := pageFiles.ReadDir("page")
	if err != nil {
		panic(err) // the directory is embedded under this very name
	}
	p := &page{files: map[string]pageFile{}}
	hash := sha256.New()
	for _, e := range entries {
		raw, err := pageFiles.ReadFile("page/" + e.Name())
		if err != nil {
			panic(err)
		}
		fmt.Fprintf(hash, "%s %d\n%s", e.Name(), len(raw), raw)
		p.files[e.Name()] = pageFile{contentType: contentTypes[path.Ext(e.Name())], plain: raw}
	}
	p.version = hex.EncodeToString(hash.Sum(nil)[:6])
	fill := p.placeholders()
	for name, f := range p.files {
		if name == "index.html" || name == "sw.js" {
			f.plain = []byte(fill.Replace(string(f.plain)))
		}
		f.zipped = zip(f.plain)
		p.files[name] = f
	}
	return p
})

// placeholders fills in what only the whole page knows: its version, and where
// its files are.
func (p *page) placeholders() *strings.Replacer {
	shell := []string{"/"}
	var preload strings.Builder
	for _, name := range slices.Sorted(maps.Keys(p.files)) {
		address := "/static/" + p.version + "/" + name
		switch {
		case name == "sw.js":
		case strings.HasSuffix(name, ".js"):
			fmt.Fprintf(&preload, "<link rel=\"modulepreload\" href=\"%s\">\n", address)
			fallthrough
		case strings.HasSuffix(name, ".css"):
			shell = append(shell, address)
		}
	}
	return strings.NewReplacer("{{version}}", p.version, "{{preload}}", strings.TrimSpace(preload.String()), "{{files}}", strings.Join(shell, " "))
}

func zip(plain []byte) []byte {
	var b bytes.Buffer
	w, _ := gzip.NewWriterLevel(&b, gzip.BestCompression) // the level is a constant: cannot fail
	w.Write(plain)
	w.Close()
	if b.Len() >= len(plain) {
		return nil
	}
	return b.Bytes()
}

// page serves the web page: every file at its name, for now, and those that the
// page names by version for ever. An instance that is asked for another version
// while a new one is rolled out serves its own, and says so by its ETag.
func (s *Server) page() {
	p := loadPage()
	s.mux.HandleFunc("GET /static/{version}/{name}", func(w http.ResponseWriter, r *http.Request) {
		cache := "no-store"
		if r.PathValue("version") == p.version {
			cache = "public, max-age=31536000, immutable"
		}
		s.pageFile(w, r, r.PathValue("name"), cache)
	})
	s.mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		name := strings.TrimPrefix(r.URL.Path, "/")
		if name == "" {
			name = "index.html"
		}
		s.pageFile(w, r, name, "no-cache")
	})
}

func (s *Server) pageFile(w http.ResponseWriter, r *http.Request, name, cache string) {
	p := loadPage()
	f, ok := p.files[name]
	switch {
	case r.Method != http.MethodGet && r.Method != http.MethodHead:
		s.unknown(w, r)
		return
	case !ok:
		problem(w, Problem{Type: "about:blank", Status: http.StatusNotFound, Detail: "there is no such page"})
		return
	}
	h, tag := w.Header(), `W/"`+p.version+`"`
	h.Set("Cache-Control", cache)
	h.Set("ETag", tag)
	h.Set("Vary", "Accept-Encoding")
	h.Set("Content-Security-Policy", s.policy())
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=()")
	if strings.Contains(r.Header.Get("If-None-Match"), tag) {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	body := f.plain
	if f.zipped != nil && strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
		h.Set("Content-Encoding", "gzip")
		body = f.zipped
	}
	h.Set("Content-Type", f.contentType)
	h.Set("Content-Length", strconv.Itoa(len(body)))
	w.Write(body)
}

// policy allows the page its own files and API, and the buckets for what users
// upload and see; blob: is what they are about to upload.
func (s *Server) policy() string {
	media := ""
	if s.MediaOrigin != "" {
		media = " " + s.MediaOrigin
	}
	if s.PeerMedia != nil {
		if peer := s.PeerMedia(); peer != "" && peer != s.MediaOrigin {
			media += " " + peer
		}
	}
	return "default-src 'none'; script-src 'self'; style-src 'self'; manifest-src 'self'; worker-src 'self'; connect-src 'self'" + media +
		"; img-src 'self' blob:" + media + "; media-src 'self' blob:" + media +
		"; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
}
