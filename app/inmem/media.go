package inmem

import (
	"bytes"
	"context"
	"io"
	"net/http"

	"newsfeed/app"
)

type file struct {
	contentType string
	limit       int64
	content     []byte // nil: not uploaded yet
}

// MediaPath is where the in-memory files are uploaded to and served from.
const MediaPath = "/embedded-media/"

// maxFiles bounds the memory that uploads take, in bytes.
const maxFiles = 512 << 20

// Upload gives a ticket to upload one file.
func (s *Store) Upload(_ context.Context, me app.User, wanted app.File) (app.Upload, error) {
	if err := wanted.Check(); err != nil {
		return app.Upload{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.bytes+wanted.Bytes > maxFiles {
		return app.Upload{}, &app.Error{Code: app.CodeLimit, Detail: "the memory for files is full: restart, or configure real stores"}
	}
	s.bytes += wanted.Bytes
	key := app.MediaKey(me.ID, s.NewID(), wanted)
	s.files[key] = &file{contentType: wanted.Type, limit: wanted.Bytes}
	return app.Upload{Key: key, URL: MediaPath, Fields: map[string]string{"key": key, "Content-Type": wanted.Type}}, nil
}

// uploaded checks a draft's files and returns them.
func (s *Store) uploaded(user app.ID, draft app.Draft) (media []app.Media, err error) {
	for _, key := range draft.Media {
		if err := app.CheckKey(user, key); err != nil {
			return nil, err
		}
		f := s.files[key]
		if f == nil || f.content == nil {
			return nil, app.Invalid("media", "names %.100q, which was never uploaded", key)
		}
		m := app.Media{Key: key, Type: f.contentType, Bytes: int64(len(f.content))}
		if err := app.CheckUploaded(user, draft.Kind, m); err != nil {
			return nil, err
		}
		media = append(media, m)
	}
	return media, nil
}

// Media returns where the story's file number idx is.
func (s *Store) Media(_ context.Context, me app.User, id app.ID, idx int) (url string, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	st, err := s.visible(me, id)
	if err != nil {
		return "", err
	}
	if idx < 0 || idx >= len(st.Media) {
		return "", app.NotFound("media file")
	}
	return MediaPath + st.Media[idx].Key, nil
}

// ServeHTTP takes uploads and serves files, as the media bucket does.
func (s *Store) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodPost {
		s.upload(w, r)
		return
	}
	s.mu.Lock()
	f := s.files[r.URL.Path[len(MediaPath):]]
	s.mu.Unlock()
	if f == nil || f.content == nil {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Type", f.contentType)
	w.Header().Set("X-Content-Type-Options", "nosniff")
	http.ServeContent(w, r, "", s.Now(), bytes.NewReader(f.content))
}

func (s *Store) upload(w http.ResponseWriter, r *http.Request) {
	const slack = 64 << 10 // for the other fields
	r.Body = http.MaxBytesReader(w, r.Body, app.MaxVideoBytes+slack)
	reader, err := r.MultipartReader()
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	key := ""
	for {
		part, err := reader.NextPart()
		if err != nil {
			http.Error(w, "the form has no file", http.StatusBadRequest)
			return
		}
		switch part.FormName() {
		case "key":
			raw, _ := io.ReadAll(io.LimitReader(part, 200))
			key = string(raw)
		case "file":
			s.keep(w, key, part)
			return
		}
	}
}

// keep stores a file that has a ticket, once.
func (s *Store) keep(w http.ResponseWriter, key string, content io.Reader) {
	s.mu.Lock()
	f := s.files[key]
	s.mu.Unlock()
	if f == nil {
		http.Error(w, "there is no ticket for this key", http.StatusForbidden)
		return
	}
	raw, err := io.ReadAll(io.LimitReader(content, f.limit+1))
	if err != nil || len(raw) == 0 || int64(len(raw)) > f.limit {
		http.Error(w, "EntityTooLarge, or empty", http.StatusBadRequest)
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if f.content == nil {
		f.content = raw
	}
	w.WriteHeader(http.StatusNoContent)
}
