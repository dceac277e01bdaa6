package inmem

import (
	"context"
	"errors"
	"sync"
	"time"

	"newsfeed/app"
	"newsfeed/app/boot"
	"newsfeed/app/password"
	"newsfeed/app/region"
)

// Store holds everything. Its methods are safe for concurrent use.
type Store struct {
	// NewID makes identifiers; Now reads the clock. Tests replace them.
	NewID func() app.ID
	Now   func() time.Time
	Rates app.Rates

	hasher *password.Hasher

	mu       sync.Mutex
	users    map[app.ID]*user
	names    map[string]*user
	sessions map[[32]byte]session
	stories  []*story // oldest first
	byID     map[app.ID]*story
	keys     map[idempotency]earlier
	files    map[string]*file
	bytes    int64 // of files
}

type user struct {
	app.User
	password string
	friends  map[app.ID]bool
	asked    map[app.ID]bool // who waits for this user's answer
	marker   app.ID
}

type session struct {
	user    *user
	expires time.Time
	rates   map[string]*rate
}

type rate struct {
	since time.Time
	n     int64
}

type story struct {
	app.Story
	reactions map[app.ID]string
	comments  []app.Comment
}

type idempotency struct {
	author app.ID
	key    string
}

type earlier struct {
	digest [32]byte
	story  app.ID
}

// New returns an empty store.
func New(hasher *password.Hasher) *Store {
	return &Store{
		NewID: app.NewIDs(time.Now).New, Now: time.Now, hasher: hasher, Rates: app.StandardRates,
		users: map[app.ID]*user{}, names: map[string]*user{}, sessions: map[[32]byte]session{},
		byID: map[app.ID]*story{}, keys: map[idempotency]earlier{}, files: map[string]*file{},
	}
}

// Live is always nil.
func (s *Store) Live() error { return nil }

// Boot is always done.
func (s *Store) Boot() boot.State { return boot.State{Done: true} }

// Ready is always nil.
func (s *Store) Ready() error { return nil }

// Region is a region that writes and has no peer.
func (s *Store) Region() region.Health {
	return region.Health{Region: "embedded", Writer: "embedded", Epoch: 1, Writing: true, OK: true}
}

// SignUp makes a user and a first session.
func (s *Store) SignUp(ctx context.Context, name, pass string) (app.User, app.Token, error) {
	for _, err := range []error{app.CheckName(name), app.CheckPassword(pass)} {
		if err != nil {
			return app.User{}, app.Token{}, err
		}
	}
	hash, err := s.hasher.Hash(ctx, pass)
	if err != nil {
		return app.User{}, app.Token{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.names[app.NameKey(name)] != nil {
		return app.User{}, app.Token{}, app.Conflict("the name %q is taken: choose another", name)
	}
	u := &user{User: app.User{ID: s.NewID(), Name: name}, password: hash, friends: map[app.ID]bool{}, asked: map[app.ID]bool{}}
	s.users[u.ID], s.names[app.NameKey(name)] = u, u
	return u.User, s.startSession(u), nil
}

func (s *Store) startSession(u *user) app.Token {
	token := app.NewToken(u.ID)
	s.sessions[token.Hash()] = session{u, s.Now().Add(app.SessionLife), map[string]*rate{}}
	return token
}

// SignIn starts a session for who knows the password.
func (s *Store) SignIn(ctx context.Context, name, pass string) (app.User, app.Token, error) {
	refuse := &app.Error{Code: app.CodeUnauthenticated, Detail: "the name or the password is wrong"}
	if app.CheckName(name) != nil || app.CheckPassword(pass) != nil {
		return app.User{}, app.Token{}, refuse
	}
	s.mu.Lock()
	u, hash := s.names[app.NameKey(name)], ""
	if u != nil {
		hash = u.password
	}
	s.mu.Unlock()
	matches, err := s.hasher.Matches(ctx, pass, hash)
	if err != nil || !matches {
		return app.User{}, app.Token{}, errors.Join(err, refuse)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return u.User, s.startSession(u), nil
}

// SignOut ends the token's session.
func (s *Store) SignOut(_ context.Context, token app.Token) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.sessions, token.Hash())
	return nil
}

// Authenticate returns the token's user and counts a request of class.
func (s *Store) Authenticate(_ context.Context, token app.Token, class string) (app.User, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	u, err := s.authenticate(token, class)
	if err != nil {
		return app.User{}, err
	}
	return u.User, nil
}

func (s *Store) authenticate(token app.Token, class string) (*user, error) {
	now := s.Now()
	found, ok := s.sessions[token.Hash()]
	if !ok || !now.Before(found.expires) {
		return nil, app.Unauthenticated()
	}
	r := found.rates[class]
	if r == nil || now.Sub(r.since) >= time.Minute {
		r = &rate{since: now}
		found.rates[class] = r
	}
	limit := s.Rates.Reads
	if class == "w" {
		limit = s.Rates.Writes
	}
	if r.n++; r.n > limit {
		return nil, app.RateLimited(time.Minute - now.Sub(r.since))
	}
	return found.user, nil
}
