package app

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// File is what a client tells about a file before it uploads it.
type File struct {
	Type  string `json:"type"` // image/jpeg, video/mp4, ...
	Bytes int64  `json:"bytes"`
	// In pixels, as it is shown; zero when the client cannot tell. A page keeps
	// the place free while the file loads.
	Width  int `json:"width,omitempty"`
	Height int `json:"height,omitempty"`
}

// Check says why the file cannot be uploaded, or nil.
func (f File) Check() error {
	switch {
	case (f.Width == 0) != (f.Height == 0):
		return Invalid("width", "and height go together: give both or none")
	case f.Width < 0 || f.Width > MaxPixels:
		return Invalid("width", "is %d: 1 to %d pixels are allowed", f.Width, MaxPixels)
	case f.Height < 0 || f.Height > MaxPixels:
		return Invalid("height", "is %d: 1 to %d pixels are allowed", f.Height, MaxPixels)
	}
	return CheckMedia(f.Type, f.Bytes)
}

// Upload is a ticket to upload one file: a form to be posted to URL, with these
// fields before the file.
type Upload struct {
	Key    string            `json:"key"` // names the file in a story
	URL    string            `json:"url"`
	Fields map[string]string `json:"fields"`
}

var mediaTypes = map[string]struct {
	kind      Kind
	extension string
}{
	"image/jpeg": {Photo, ".jpg"}, "image/png": {Photo, ".png"}, "image/webp": {Photo, ".webp"}, "image/gif": {Photo, ".gif"},
	"video/mp4": {Video, ".mp4"}, "video/webm": {Video, ".webm"}, "video/quicktime": {Video, ".mov"},
}

// CheckMedia says why a file of that type and size cannot be uploaded, or nil.
func CheckMedia(contentType string, bytes int64) error {
	t, ok := mediaTypes[contentType]
	if !ok {
		return Invalid("type", "is %.50q: use one of %s", contentType, strings.Join(slices.Sorted(maps.Keys(mediaTypes)), ", "))
	}
	if most := MaxBytes(t.kind); bytes < 1 || bytes > most {
		return Invalid("bytes", "is %d: a %s has 1 to %d", bytes, t.kind, most)
	}
	return nil
}

// MaxBytes is how large one file of a story of that kind may be.
func MaxBytes(k Kind) int64 {
	if k == Video {
		return MaxVideoBytes
	}
	return MaxPhotoBytes
}

// MediaKey names a new upload by user; f.Check has passed. The name tells the
// size in pixels, so that it needs no place of its own in any store.
func MediaKey(user, id ID, f File) string {
	size := ""
	if f.Width > 0 {
		size = fmt.Sprintf("-%dx%d", f.Width, f.Height)
	}
	return mediaPrefix(user) + id.String() + size + mediaTypes[f.Type].extension
}

// Size is the file's size in pixels, or zeros when its name doesn't tell.
func (m Media) Size() (width, height int) {
	const id = len("00000000-0000-7000-8000-000000000000")
	name := m.Key[strings.LastIndex(m.Key, "/")+1:]
	if len(name) <= id {
		return 0, 0
	}
	if n, err := fmt.Sscanf(name[id:], "-%dx%d.", &width, &height); n < 2 || err != nil {
		return 0, 0
	}
	return width, height
}

func mediaPrefix(user ID) string { return "media/" + user.String() + "/" }

// CheckKey says why key cannot be a file that user uploaded, or nil.
func CheckKey(user ID, key string) error {
	if rest, ok := strings.CutPrefix(key, mediaPrefix(user)); !ok || len(rest) > 60 || strings.Contains(rest, "/") {
		return Invalid("media", "names %.100q, which is not an upload of yours", key)
	}
	return nil
}

// CheckUploaded says why an uploaded file cannot be part of user's story of that
// kind, or nil.
func CheckUploaded(user ID, kind Kind, m Media) error {
	if err := CheckKey(user, m.Key); err != nil {
		return err
	}
	if err := CheckMedia(m.Type, m.Bytes); err != nil {
		return Invalid("media", "names %q, which was uploaded with a wrong type or size", m.Key)
	}
	if mediaTypes[m.Type].kind != kind {
		return Invalid("media", "names %q, which is no %s", m.Key, kind)
	}
	return nil
}
