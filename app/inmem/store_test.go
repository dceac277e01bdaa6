package inmem_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"newsfeed/app"
	"newsfeed/app/inmem"
	"newsfeed/app/password"
)

// town is a store with people in it.
type town struct {
	t *testing.T
	*inmem.Store
	now                time.Time
	kim, sato, lee     app.User
	kims, satos, other app.Token
}

func newTown(t *testing.T) *town {
	t.Helper()
	v := &town{t: t, Store: inmem.New(password.New(true)), now: time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)}
	v.Now = func() time.Time { return v.now }
	v.NewID = app.NewIDs(v.Now).New
	for name, into := range map[string]struct {
		user  *app.User
		token *app.Token
	}{"kim": {&v.kim, &v.kims}, "sato": {&v.sato, &v.satos}, "lee": {&v.lee, &v.other}} {
		var err error
		*into.user, *into.token, err = v.SignUp(t.Context(), name, "correct horse")
		v.must(err)
	}
	v.befriend()
	return v
}

func (v *town) must(err error) {
	v.t.Helper()
	if err != nil {
		v.t.Fatal(err)
	}
}

func (v *town) befriend() {
	v.t.Helper()
	_, _, err := v.RequestFriend(v.t.Context(), v.kim, app.User{Name: "SATO"})
	v.must(err)
	v.must(v.AcceptFriend(v.t.Context(), v.sato, v.kim.ID))
}

func (v *town) post(by app.User, body string) app.ID {
	v.t.Helper()
	v.now = v.now.Add(time.Second)
	raw, _, err := v.Post(v.t.Context(), by, app.Draft{Kind: app.Text, Body: body}, "")
	v.must(err)
	return v.parse(raw).ID
}

type shown struct {
	ID        app.ID
	Body      string
	Reactions map[string]int
	Comments  int
	Mine      string `json:"my_reaction"`
}

func (v *town) parse(raw json.RawMessage) (s shown) {
	v.t.Helper()
	v.must(json.Unmarshal(raw, &s))
	return s
}

// feed reads sato's feed to its end, two stories a page.
func (v *town) feed() (bodies []string) {
	v.t.Helper()
	q := app.Query{Limit: 2}
	for {
		page, err := v.Feed(v.t.Context(), v.satos, q)
		v.must(err)
		for _, raw := range page.Stories {
			bodies = append(bodies, v.parse(raw).Body)
		}
		if q.Cursor = page.Next; q.Cursor.At.IsZero() {
			return bodies
		}
	}
}

func TestAFeedHasTheFriendsStoriesNewestFirst(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		do   func(*town)
		want []string
	}{
		"nothing yet":              {func(*town) {}, nil},
		"a friend's, newest first": {func(v *town) { v.post(v.kim, "a"); v.post(v.kim, "b"); v.post(v.kim, "c") }, []string{"c", "b", "a"}},
		"none of a stranger's":     {func(v *town) { v.post(v.lee, "a"); v.post(v.kim, "b") }, []string{"b"}},
		"none of my own":           {func(v *town) { v.post(v.sato, "a") }, nil},
		"none that was deleted":    {func(v *town) { id := v.post(v.kim, "a"); v.post(v.kim, "b"); v.must(v.Delete(t.Context(), v.kim, id)) }, []string{"b"}},
		"none of a former friend's": {func(v *town) {
			v.post(v.kim, "a")
			v.must(v.Unfriend(t.Context(), v.sato, v.kim.ID))
		}, nil},
		"again when friends again": {func(v *town) {
			v.post(v.kim, "a")
			v.must(v.Unfriend(t.Context(), v.sato, v.kim.ID))
			v.befriend()
		}, []string{"a"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			v := newTown(t)
			c.do(v)
			if got := v.feed(); !slices.Equal(got, c.want) {
				t.Errorf("%q, want %q", got, c.want)
			}
		})
	}
}

func TestRefusalsAreThoseOfTheRealStores(t *testing.T) {
	t.Parallel()
	v := newTown(t)
	ctx, mine, theirs := t.Context(), v.post(v.sato, "mine"), v.post(v.lee, "theirs")
	_, _, err := v.Post(ctx, v.kim, app.Draft{Kind: app.Text, Body: "x"}, "key")
	v.must(err)
	second := func(_, _ any, err error) error { return err }
	first := func(_ any, err error) error { return err }
	for what, c := range map[string]struct{ got, want error }{
		"a name that is taken":           {second(v.SignUp(ctx, "KIM", "correct horse")), app.ErrConflict},
		"a name with a space":            {second(v.SignUp(ctx, "a b", "correct horse")), app.ErrInvalid},
		"a wrong password":               {second(v.SignIn(ctx, "kim", "battery staple")), app.ErrUnauthenticated},
		"a forged session":               {first(v.Authenticate(ctx, app.NewToken(v.kim.ID), "r")), app.ErrUnauthenticated},
		"a friend asked again":           {second(v.RequestFriend(ctx, v.kim, v.sato)), app.ErrConflict},
		"myself as friend":               {second(v.RequestFriend(ctx, v.kim, v.kim)), app.ErrInvalid},
		"nobody as friend":               {second(v.RequestFriend(ctx, v.kim, app.User{ID: app.Last})), app.ErrNotFound},
		"a request that never was":       {v.AcceptFriend(ctx, v.kim, v.lee.ID), app.ErrNotFound},
		"a friendship that never was":    {v.Unfriend(ctx, v.kim, v.lee.ID), app.ErrNotFound},
		"a stranger's story":             {first(v.Story(ctx, v.kim, theirs)), app.ErrNotFound},
		"a friend's story, to delete it": {v.Delete(ctx, v.kim, mine), app.ErrNotFound},
		"a reaction that is none":        {v.React(ctx, v.kim, mine, "<b>"), app.ErrInvalid},
		"a comment on a stranger's":      {first(v.Comment(ctx, v.kim, theirs, "x")), app.ErrNotFound},
		"an empty comment":               {first(v.Comment(ctx, v.kim, mine, "")), app.ErrInvalid},
		"another body under a key":       {second(v.Post(ctx, v.kim, app.Draft{Kind: app.Text, Body: "y"}, "key")), app.ErrConflict},
		"a photo that was not uploaded":  {second(v.Post(ctx, v.kim, app.Draft{Kind: app.Photo, Media: []string{app.MediaKey(v.kim.ID, mine, app.File{Type: "image/png"})}}, "")), app.ErrInvalid},
	} {
		if !errors.Is(c.got, c.want) {
			t.Errorf("%s: %v, want %v", what, c.got, c.want)
		}
	}
}

func TestFiguresMarkerAndReplays(t *testing.T) {
	t.Parallel()
	v, ctx := newTown(t), t.Context()
	old, id := v.post(v.kim, "old"), v.post(v.kim, "hello")
	for _, kind := range []string{"like", "love", "", "wow"} {
		v.must(v.React(ctx, v.sato, id, kind))
	}
	for i := range 3 {
		_, err := v.Comment(ctx, v.sato, id, fmt.Sprint(i))
		v.must(err)
	}
	raw, err := v.Story(ctx, v.sato, id)
	v.must(err)
	if s := v.parse(raw); fmt.Sprint(s.Reactions) != "map[wow:1]" || s.Comments != 3 || s.Mine != "wow" {
		t.Errorf("%s", raw)
	}
	page, err := v.Comments(ctx, v.kim, id, app.Zero, 2)
	v.must(err)
	rest, err := v.Comments(ctx, v.kim, id, page[1].ID, 2)
	if err != nil || len(rest) != 1 || page[0].Body != "0" || rest[0].Body != "2" {
		t.Errorf("comments %+v, then %+v, %v", page, rest, err)
	}
	if _, n, err := v.Marker(ctx, v.sato, app.Zero); err != nil || n != 2 {
		t.Errorf("%d are new to who saw none, %v", n, err)
	}
	v.must(v.SetMarker(ctx, v.sato, id))
	v.must(v.SetMarker(ctx, v.sato, old)) // it never moves back
	if marker, n, err := v.Marker(ctx, v.sato, app.Zero); err != nil || n != 0 || marker != id {
		t.Errorf("marker %v, %d new, %v", marker, n, err)
	}
	if _, n, err := v.Marker(ctx, v.sato, old); err != nil || n != 1 {
		t.Errorf("%d are newer than the old one, %v", n, err)
	}
	draft := app.Draft{Kind: app.Text, Body: "once"}
	one, _, err := v.Post(ctx, v.kim, draft, "key")
	v.must(err)
	two, replayed, err := v.Post(ctx, v.kim, draft, "key")
	if err != nil || !replayed || v.parse(one).ID != v.parse(two).ID {
		t.Errorf("replay: %s, %v, %v", two, replayed, err)
	}
}

func TestSessionsEndAndRatesAreKept(t *testing.T) {
	t.Parallel()
	v, ctx := newTown(t), t.Context()
	v.Rates = app.Rates{Reads: 3, Writes: 1}
	use := func(class string) error { _, err := v.Authenticate(ctx, v.kims, class); return err }
	for range 3 {
		v.must(use("r"))
	}
	v.must(use("w"))
	for _, class := range []string{"r", "w"} {
		if err := use(class); !errors.Is(err, app.ErrRateLimited) {
			t.Errorf("above the limit of %q: %v", class, err)
		}
	}
	v.now = v.now.Add(time.Minute)
	v.must(use("r"))
	v.must(v.SignOut(ctx, v.other))
	if _, err := v.Authenticate(ctx, v.other, "r"); !errors.Is(err, app.ErrUnauthenticated) {
		t.Errorf("signed out: %v", err)
	}
	v.now = v.now.Add(app.SessionLife)
	if err := use("r"); !errors.Is(err, app.ErrUnauthenticated) {
		t.Errorf("expired: %v", err)
	}
}
