package app

import (
	"crypto/sha256"
	"encoding/json"
	"net/url"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// Kind is what a story is made of.
type Kind string

// The kinds of story.
const (
	Text  Kind = "text"
	Link  Kind = "link"
	Photo Kind = "photo"
	Video Kind = "video"
)

// Media is one uploaded file of a story.
type Media struct {
	Key   string // in the media bucket
	Type  string // image/jpeg, video/mp4, ...
	Bytes int64
}

// Draft is a story as its author sends it.
type Draft struct {
	Kind  Kind     `json:"kind"`
	Body  string   `json:"body,omitempty"`
	Link  string   `json:"link,omitempty"`
	Media []string `json:"media,omitempty"` // keys of uploads
}

// Story is a published story.
type Story struct {
	ID      ID
	Author  User
	Kind    Kind
	Body    string
	Link    string
	Media   []Media
	Deleted bool
}

// CreatedAt is when the story was posted.
func (s *Story) CreatedAt() time.Time { return s.ID.Time() }

// Check says why the draft cannot be published, or nil.
func (d *Draft) Check() error {
	n := utf8.RuneCountInString(d.Body)
	switch {
	case !utf8.ValidString(d.Body):
		return Invalid("body", "is not UTF-8")
	case strings.ContainsRune(d.Body, 0):
		return Invalid("body", "holds a NUL character")
	case n > MaxBody:
		return Invalid("body", "has %d characters: at most %d are allowed", n, MaxBody)
	case d.Kind != Link && d.Link != "":
		return Invalid("link", "is only for stories of kind link")
	case (d.Kind == Text || d.Kind == Link) && len(d.Media) > 0:
		return Invalid("media", "is only for stories of kind photo or video")
	}
	switch d.Kind {
	case Text:
		if strings.TrimSpace(d.Body) == "" {
			return Invalid("body", "is empty")
		}
		return nil
	case Link:
		return checkLink(d.Link)
	case Photo, Video:
		return d.checkMedia()
	}
	return Invalid("kind", "is %q: use text, link, photo or video", d.Kind)
}

func (d *Draft) checkMedia() error {
	limit := MaxMedia
	if d.Kind == Video {
		limit = 1
	}
	if len(d.Media) == 0 || len(d.Media) > limit {
		return Invalid("media", "has %d files: a %s story has 1 to %d", len(d.Media), d.Kind, limit)
	}
	seen := map[string]bool{}
	for _, key := range d.Media {
		if seen[key] {
			return Invalid("media", "names %q twice", key)
		}
		seen[key] = true
	}
	return nil
}

// checkLink allows only what is safe to put into a page as a link.
func checkLink(link string) error {
	if len(link) > MaxLink {
		return Invalid("link", "has %d bytes: at most %d are allowed", len(link), MaxLink)
	}
	u, err := url.Parse(link)
	if err != nil || (u.Scheme != "https" && u.Scheme != "http") || u.Hostname() == "" || u.User != nil || !utf8.ValidString(link) {
		return Invalid("link", "is not a web address that starts with https:// or http://")
	}
	return nil
}

// Digest tells one draft from another, for idempotent retries.
func (d *Draft) Digest() [32]byte {
	raw, _ := json.Marshal(d) // strings only: cannot fail
	return sha256.Sum256(raw)
}

// AppendJSON appends the story's JSON object without its closing brace, so that
// what differs per reader and changes often can be spliced in behind it.
func (s *Story) AppendJSON(b []byte) []byte {
	raw, _ := json.Marshal(struct { // plain values only: cannot fail
		ID        ID        `json:"id"`
		Author    User      `json:"author"`
		Kind      Kind      `json:"kind"`
		Body      string    `json:"body,omitempty"`
		Link      string    `json:"link,omitempty"`
		Media     []shown   `json:"media,omitempty"`
		CreatedAt time.Time `json:"created_at"`
	}{s.ID, s.Author, s.Kind, s.Body, s.Link, s.shown(), s.CreatedAt()})
	return append(b, raw[:len(raw)-1]...)
}

// shown is how a client sees a media file: it asks this service, which knows who
// may see the story, and is sent on to the file.
type shown struct {
	URL   string `json:"url"`
	Type  string `json:"type"`
	Bytes int64  `json:"bytes"`
	// In pixels, when the uploader told.
	Width  int `json:"width,omitempty"`
	Height int `json:"height,omitempty"`
}

func (s *Story) shown() (out []shown) {
	for i, m := range s.Media {
		width, height := m.Size()
		out = append(out, shown{"/v1/stories/" + s.ID.String() + "/media/" + strconv.Itoa(i), m.Type, m.Bytes, width, height})
	}
	return out
}
