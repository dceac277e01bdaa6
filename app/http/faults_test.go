package http_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"testing"
	"time"

	"newsfeed/app"
	feedhttp "newsfeed/app/http"
	"newsfeed/app/inmem"
	"newsfeed/app/metrics"
	"newsfeed/app/password"
)

// faulty is a product whose friends' list fails as told.
type faulty struct {
	*inmem.Store
	friends func(ctx context.Context) error
}

func (f *faulty) Friends(ctx context.Context, _ app.User, _ app.ID, _ int) ([]app.User, error) {
	return nil, f.friends(ctx)
}

func TestFaultsAreOurOwnAndCountedWithWhoMetThem(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		friends func(context.Context) error
		status  int
		fault   bool
	}{
		"it works":                 {func(context.Context) error { return nil }, 200, false},
		"an error of ours":         {func(context.Context) error { return errors.New("a mistake") }, 500, true},
		"a panic":                  {func(context.Context) error { panic("a mistake") }, 500, true},
		"a time-out inside":        {func(context.Context) error { return fmt.Errorf("slow: %w", context.DeadlineExceeded) }, 500, true},
		"a store that is away":     {func(context.Context) error { return app.Dependency(errors.New("refused")) }, 503, false},
		"another region writes":    {func(context.Context) error { return app.Fenced("tokyo") }, 503, false},
		"too much at once":         {func(context.Context) error { return app.Overload() }, 503, false},
		"what the client did":      {func(context.Context) error { return app.Invalid("x", "is wrong") }, 400, false},
		"what the client asks for": {func(context.Context) error { return app.NotFound("friend") }, 404, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			store := &faulty{inmem.New(password.New(true)), c.friends}
			server := feedhttp.NewServer(store, store)
			server.Metrics = metrics.NewSet(metrics.Served, metrics.Faults, metrics.FaultyUsers)
			r := serve(t, server)
			var users []account
			for _, name := range []string{"kim", "lee"} {
				var a account
				r.want(201, "POST", "/v1/users", "", login(name)).decode(t, &a)
				users = append(users, a, a) // each asks twice
			}
			for _, a := range users {
				r.want(c.status, "GET", "/v1/friends", a.Token, nil)
			}
			r.want(200, "GET", "/healthz/live", "", nil) // is no request of anybody's
			r.want(200, "GET", "/", "", nil)
			var line struct{ Served, Faults, FaultyUsers *float64 }
			var out bytes.Buffer
			if err := server.Metrics.Write(&out, "region", "web", time.Now()); err != nil {
				t.Fatal(err)
			}
			if err := json.Unmarshal(out.Bytes(), &line); err != nil {
				t.Fatal(err)
			}
			faults, met := 0., 0.
			if c.fault {
				faults, met = 4, 2
			}
			if line.Served == nil || line.Faults == nil || line.FaultyUsers == nil || *line.Served != 7 || *line.Faults != faults || *line.FaultyUsers != met {
				t.Errorf("want 7 served, %v faults of %v users: %s", faults, met, out.String())
			}
		})
	}
}

func TestWhoIsSignedOutIsToldApartByTheAddressThatTheBalancerSaw(t *testing.T) {
	t.Parallel()
	server := feedhttp.NewServer(broken{inmem.New(password.New(true))}, inmem.New(password.New(true)))
	server.Metrics = metrics.NewSet()
	r := serve(t, server)
	for _, via := range []string{"192.0.2.1", "6.6.6.6, 192.0.2.1", "192.0.2.2"} { // the second claims to be another
		r.want(500, "POST", "/v1/users", "", login("kim"), "X-Forwarded-For", via)
	}
	var out bytes.Buffer
	var line struct{ Faults, FaultyUsers float64 }
	if err := errors.Join(server.Metrics.Write(&out, "region", "web", time.Now()), json.Unmarshal(out.Bytes(), &line)); err != nil {
		t.Fatal(err)
	}
	if line.Faults != 3 || line.FaultyUsers != 2 {
		t.Errorf("%s", out.String())
	}
}

// broken is a product in which nobody can sign up.
type broken struct{ *inmem.Store }

func (broken) SignUp(context.Context, string, string) (app.User, app.Token, error) {
	return app.User{}, app.Token{}, errors.New(http.StatusText(http.StatusTeapot))
}
