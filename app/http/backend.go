package http

import (
	"context"
	"encoding/json"

	"newsfeed/app"
	"newsfeed/app/boot"
	"newsfeed/app/region"
)

// Backend is the product behind the API: the real one, or the one in memory.
type Backend interface {
	SignUp(ctx context.Context, name, password string) (app.User, app.Token, error)
	SignIn(ctx context.Context, name, password string) (app.User, app.Token, error)
	SignOut(ctx context.Context, token app.Token) error
	// Authenticate counts a request of class "r" or "w" against the session's rate.
	Authenticate(ctx context.Context, token app.Token, class string) (app.User, error)

	RequestFriend(ctx context.Context, user, other app.User) (to app.User, accepted bool, err error)
	AcceptFriend(ctx context.Context, user app.User, from app.ID) error
	Unfriend(ctx context.Context, user app.User, other app.ID) error
	Friends(ctx context.Context, user app.User, after app.ID, limit int) ([]app.User, error)
	FriendRequests(ctx context.Context, user app.User, after app.ID, limit int) ([]app.User, error)

	Post(ctx context.Context, user app.User, draft app.Draft, key string) (story json.RawMessage, replayed bool, err error)
	Story(ctx context.Context, user app.User, id app.ID) (json.RawMessage, error)
	Delete(ctx context.Context, user app.User, id app.ID) error
	// Mine returns a page of the user's own stories, newest first.
	Mine(ctx context.Context, user app.User, q app.Query) (app.Page, error)
	Feed(ctx context.Context, token app.Token, q app.Query) (app.Page, error)
	// Marker returns the newest story seen, and how many are newer than since
	// (Zero: than the marker), up to app.MaxNew.
	Marker(ctx context.Context, user app.User, since app.ID) (marker app.ID, newer int, err error)
	SetMarker(ctx context.Context, user app.User, story app.ID) error

	// React sets the user's reaction; kind "" takes it back.
	React(ctx context.Context, user app.User, story app.ID, kind string) error
	Comment(ctx context.Context, user app.User, story app.ID, body string) (app.Comment, error)
	Comments(ctx context.Context, user app.User, story, after app.ID, limit int) ([]app.Comment, error)

	Upload(ctx context.Context, user app.User, file app.File) (app.Upload, error)
	// Media returns the address of one of a story's files.
	Media(ctx context.Context, user app.User, story app.ID, idx int) (url string, err error)
}

// Health tells how this instance and its region are.
type Health interface {
	// Live says why the instance's loop stands still, or nil.
	Live() error
	// Boot tells how far the instance has come since it started.
	Boot() boot.State
	// Ready says why this instance shall get no requests, or nil.
	Ready() error
	// Region tells who writes, and whether the region may take traffic.
	Region() region.Health
}
