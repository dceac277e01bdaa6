package feed

import (
	"context"
	"errors"
	"time"

	"newsfeed/app"
	"newsfeed/app/metrics"
	"newsfeed/app/mysql"
	"newsfeed/app/redis"
)

// SignUp makes a user and a first session.
func (s *Service) SignUp(ctx context.Context, name, password string) (app.User, app.Token, error) {
	for _, err := range []error{app.CheckName(name), app.CheckPassword(password), s.Gate.Writable()} {
		if err != nil {
			return app.User{}, app.Token{}, err
		}
	}
	hash, err := s.Hasher.Hash(ctx, password)
	if err != nil {
		return app.User{}, app.Token{}, err
	}
	user := app.User{ID: s.IDs.New(), Name: name}
	if err := s.DB.CreateUser(ctx, user, hash); err != nil {
		return app.User{}, app.Token{}, err
	}
	s.Metrics.Add(metrics.SignUps, 1)
	token, err := s.startSession(ctx, user)
	return user, token, err
}

// SignIn starts a session for who knows the password.
func (s *Service) SignIn(ctx context.Context, name, password string) (app.User, app.Token, error) {
	refuse := &app.Error{Code: app.CodeUnauthenticated, Detail: "the name or the password is wrong"}
	if app.CheckName(name) != nil || app.CheckPassword(password) != nil {
		return app.User{}, app.Token{}, refuse
	}
	if err := s.Gate.Writable(); err != nil {
		return app.User{}, app.Token{}, err
	}
	uses, err := s.Cache.Uses(ctx, "in", app.NameKey(name))
	if err == nil && uses > s.Rates.SignIns {
		return app.User{}, app.Token{}, app.RateLimited(time.Minute)
	}
	user, hash, err := s.DB.UserByName(ctx, name)
	if errors.Is(err, app.ErrNotFound) { // a reader may not have who just signed up
		user, hash, err = s.DB.UserByName(mysql.FromWriter(ctx), name)
	}
	if err != nil && !errors.Is(err, app.ErrNotFound) {
		return app.User{}, app.Token{}, err
	}
	matches, err := s.Hasher.Matches(ctx, password, hash)
	if err != nil {
		return app.User{}, app.Token{}, err
	}
	if !matches {
		return app.User{}, app.Token{}, refuse
	}
	token, err := s.startSession(ctx, user)
	return user, token, err
}

func (s *Service) startSession(ctx context.Context, user app.User) (app.Token, error) {
	token := app.NewToken(user.ID)
	if err := s.DB.CreateSession(ctx, token.Hash(), user.ID, s.Now().Add(app.SessionLife)); err != nil {
		return app.Token{}, err
	}
	cacheFailed("session", s.Cache.KeepSession(ctx, user, token.Hash()))
	s.committed(ctx, user.ID)
	return token, nil
}

// SignOut ends the token's session everywhere.
func (s *Service) SignOut(ctx context.Context, token app.Token) error {
	if err := s.Gate.Writable(); err != nil {
		return err
	}
	hash, user := token.Hash(), token.User()
	cacheFailed("end session", s.Cache.EndSession(ctx, user, hash))
	out := s.outgoing(message{Kind: kindRevoked, User: &user, Hash: hash[:]})
	if err := s.DB.DeleteSession(ctx, hash, out); err != nil {
		return err
	}
	s.committed(ctx, user, out)
	return nil
}

// Authenticate returns the token's user, and counts a request of class against
// the user's rate: "w" for writes, "r" for reads.
func (s *Service) Authenticate(ctx context.Context, token app.Token, class string) (app.User, error) {
	hash, user := token.Hash(), token.User()
	name, uses, err := s.Cache.Session(ctx, user, hash, class)
	if err != nil {
		return s.session(ctx, token)
	}
	limit := s.Rates.Reads
	if class == "w" {
		limit = s.Rates.Writes
	}
	return s.admit(ctx, token, name, uses, limit)
}

// admit judges what the cache knows of a session, and asks the database when
// that is nothing.
func (s *Service) admit(ctx context.Context, token app.Token, name string, uses, limit int64) (app.User, error) {
	switch {
	case name == redis.Ended:
		return app.User{}, app.Unauthenticated()
	case uses > limit:
		return app.User{}, app.RateLimited(time.Minute)
	case name != "" && s.told():
		return app.User{ID: token.User(), Name: name}, nil
	}
	return s.session(ctx, token)
}

// session asks the database, and the region that writes where that is another:
// a session that just began there may not be here yet.
func (s *Service) session(ctx context.Context, token app.Token) (app.User, error) {
	hash := token.Hash()
	session, err := s.DB.Session(ctx, hash, s.Now())
	if errors.Is(err, app.ErrUnauthenticated) && s.DB.Replicated() {
		session, err = s.DB.Session(mysql.FromWriter(ctx), hash, s.Now())
	}
	if errors.Is(err, app.ErrUnauthenticated) && s.Elsewhere != nil {
		session.User, err = s.Elsewhere.Session(ctx, token)
	}
	if err != nil {
		return app.User{}, err
	}
	if session.User.ID != token.User() {
		return app.User{}, app.Unauthenticated()
	}
	if s.told() {
		cacheFailed("session", s.Cache.KeepSession(ctx, session.User, hash))
	}
	return session.User, nil
}
