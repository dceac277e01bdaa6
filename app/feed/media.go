package feed

import (
	"context"

	"newsfeed/app"
)

// MediaStore keeps the files of stories.
type MediaStore interface {
	// Upload gives a ticket for one file of exactly that type and at most size bytes.
	Upload(ctx context.Context, key, contentType string, size int64) (app.Upload, error)
	// Stat tells what was uploaded; NotFound when nothing was.
	Stat(ctx context.Context, key string) (app.Media, error)
	// Link is an address from which the file can be read for some minutes.
	Link(ctx context.Context, key string) (string, error)
}

// Upload gives a ticket to upload one file.
func (s *Service) Upload(ctx context.Context, user app.User, file app.File) (app.Upload, error) {
	if err := file.Check(); err != nil {
		return app.Upload{}, err
	}
	if err := s.Gate.Writable(); err != nil {
		return app.Upload{}, err
	}
	return s.Files.Upload(ctx, app.MediaKey(user.ID, s.IDs.New(), file), file.Type, file.Bytes)
}

// Media returns the address of the story's file number idx.
func (s *Service) Media(ctx context.Context, user app.User, story app.ID, idx int) (string, error) {
	found, err := s.visible(s.fresh(ctx, user.ID), user, story)
	if err != nil {
		return "", err
	}
	if idx < 0 || idx >= len(found.Media) {
		return "", app.NotFound("media file")
	}
	return s.Files.Link(ctx, found.Media[idx].Key)
}

// uploaded checks that a draft's files were uploaded by user as agreed, and
// returns them.
func (s *Service) uploaded(ctx context.Context, user app.ID, draft app.Draft) (media []app.Media, err error) {
	for _, key := range draft.Media {
		if err := app.CheckKey(user, key); err != nil {
			return nil, err
		}
		m, err := s.Files.Stat(ctx, key)
		if err != nil {
			return nil, err
		}
		if err := app.CheckUploaded(user, draft.Kind, m); err != nil {
			return nil, err
		}
		media = append(media, m)
	}
	return media, nil
}
