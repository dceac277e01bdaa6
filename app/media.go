package app

import (
	"maps"
	"slices"
	"strings"
)

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

// MediaKey names a new upload by user; CheckMedia has passed.
func MediaKey(user, id ID, contentType string) string {
	return mediaPrefix(user) + id.String() + mediaTypes[contentType].extension
}

func mediaPrefix(user ID) string { return "media/" + user.String() + "/" }

// CheckKey says why key cannot be a file that user uploaded, or nil.
func CheckKey(user ID, key string) error {
	if rest, ok := strings.CutPrefix(key, mediaPrefix(user)); !ok || len(rest) > 50 || strings.Contains(rest, "/") {
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
