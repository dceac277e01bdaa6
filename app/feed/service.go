package feed

import (
	"context"
	"log/slog"
	"time"

	"newsfeed/app"
	"newsfeed/app/metrics"
	"newsfeed/app/mysql"
	"newsfeed/app/password"
	"newsfeed/app/redis"
)

// Gate says what this region may do; see package region.
type Gate interface {
	// Writable returns nil, or the error for the client.
	Writable() error
	// Fed says whether new stories reach this region's cached feeds, and the
	// epoch that feeds built now belong to.
	Fed() (epoch int64, fed bool)
}

// Elsewhere is the region that writes, where that is another.
type Elsewhere interface {
	// Session returns the token's user, as that region has it; Unauthenticated when
	// it has none, or when it is this one that writes.
	Session(ctx context.Context, token app.Token) (app.User, error)
}

// Service serves users' requests. Its methods are safe for concurrent use.
type Service struct {
	DB     *mysql.DB
	Cache  *redis.Cache
	Queue  Sender
	Files  MediaStore
	Gate   Gate
	IDs    *app.IDs
	Hasher *password.Hasher
	Now    func() time.Time
	Rates  app.Rates // the zero value: app.StandardRates
	// Metrics and Elsewhere may be nil.
	Metrics   *metrics.Set
	Elsewhere Elsewhere

	relay  *relay
	active *active
	waited time.Duration // for connections, at the last report
	unseen chan struct{} // admits reads that the cache can't answer
}

// coldReads is how many feed reads at once may go to the database, and coldWait
// how long others wait: after the loss of the cache the database must not drown.
const (
	coldReads = 32
	coldWait  = 2 * time.Second
)

// NewService completes s, whose exported fields are set.
func NewService(s Service) *Service {
	if s.Rates == (app.Rates{}) {
		s.Rates = app.StandardRates
	}
	s.relay, s.active = newRelay(&s), &active{}
	s.unseen = make(chan struct{}, coldReads)
	return &s
}

// Run sends out what requests leave for the queue, until ctx ends.
func (s *Service) Run(ctx context.Context) { s.relay.run(ctx) }

// cacheFailed notes a cache failure that the request survives.
func cacheFailed(what string, err error) {
	if err != nil {
		slog.Debug("cache", "what", what, "error", err)
	}
}

// fresh returns a context for reads that must see what user just wrote.
func (s *Service) fresh(ctx context.Context, user app.ID) context.Context {
	if !s.DB.Replicated() {
		return ctx // every read is from the writer
	}
	if wrote, err := s.Cache.JustWrote(ctx, user); wrote || err != nil {
		return mysql.FromWriter(ctx)
	}
	return ctx
}

// outgoing makes a message that leaves with the next commit.
func (s *Service) outgoing(m message) mysql.Outgoing {
	return mysql.Outgoing{ID: s.IDs.New(), Payload: m.encode()}
}

// committed does what follows a commit: the user's next reads see it, and the
// messages go out. If the process dies first, the sweeper sends them.
func (s *Service) committed(ctx context.Context, user app.ID, out ...mysql.Outgoing) {
	s.wrote(ctx, user)
	s.relay.send(out)
}

// wrote has users' reads go to the writer for a moment, where there are replicas.
func (s *Service) wrote(ctx context.Context, users ...app.ID) {
	if s.DB.Replicated() {
		cacheFailed("wrote", s.Cache.Wrote(ctx, users...))
	}
}

// told says whether this region's cache is told of changes. In a region that
// doesn't write it isn't: there the database, a replica, answers.
func (s *Service) told() bool {
	_, fed := s.Gate.Fed()
	return fed
}
