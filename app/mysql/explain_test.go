package mysql_test

import (
	"context"
	"database/sql"
	"fmt"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"newsfeed/app"
	"newsfeed/app/apptest"
	"newsfeed/app/mysql"
)

func TestMain(m *testing.M) { apptest.Main(m) }

// The stories are spread over as many days as there are, so that wide windows have
// many partitions to stay out of.
const (
	authors = 25_000
	days    = 48
)

// windows are the widths, in days, of searches for recent stories.
var windows = []int{1, 3, 14, 90}

// recorder keeps one example of every statement that the package runs, and of
// searches one of each width.
type recorder struct {
	mu   sync.Mutex
	seen map[string][]any
}

var lists = regexp.MustCompile(`\(\?(,\?)*\)|(\(\?, \?(, \?)*\)(, )?)+`)

func (r *recorder) trace(query string, args []any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	shape := lists.ReplaceAllString(query, "(...)")
	if strings.Contains(shape, "FORCE INDEX") {
		shape += fmt.Sprintf(" -- %d days", args[len(args)-1].(int)-500)
	}
	if old, ok := r.seen[shape]; !ok || len(args) > len(old)-1 {
		r.seen[shape] = append([]any{query}, args...)
	}
}

func TestNoStatementReadsMoreThanItMust(t *testing.T) {
	t.Parallel()
	config := apptest.NewDatabase(t)
	config.WriterConnections = 8
	db, err := mysql.Open(config)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	admin := apptest.Current.Database.Admin()
	must(t, db.PartitionFresh(t.Context(), time.Now().Add(-days*24*time.Hour), days+3)) // days older than the database
	must(t, apptest.FillStories(t.Context(), admin, config.Name, authors, days))
	r := &recorder{seen: map[string][]any{}}
	db.Trace = r.trace
	everything(t, db, config)
	t.Logf("%d statements on %d stories", len(r.seen), authors*days)
	if len(r.seen) < 40 {
		t.Errorf("only %d statements were recorded", len(r.seen))
	}
	pool, err := sql.Open("mysql", fmt.Sprintf("%s:%s@tcp(%s)/%s?interpolateParams=true", config.User, config.Password, config.Writer, config.Name))
	must(t, err)
	defer pool.Close()
	for shape, example := range r.seen {
		explain(t, pool, shape, example[0].(string), example[1:])
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// everything calls every method that runs SQL, on the filled database.
func everything(t *testing.T, db *mysql.DB, config mysql.Config) {
	ctx := t.Context()
	ids := app.NewIDs(time.Now)
	admin := apptest.Current.Database.Admin()
	a, b := app.User{ID: ids.New(), Name: "a"}, app.User{ID: ids.New(), Name: "b"}
	for _, u := range []app.User{a, b} {
		must(t, db.CreateUser(ctx, u, "hash"))
		must(t, apptest.FillFriends(ctx, admin, config.Name, u.ID, 200, authors))
	}
	var hash [32]byte
	must(t, db.CreateSession(ctx, hash, a.ID, time.Now().Add(time.Hour)))
	_, err := db.Session(ctx, hash, time.Now())
	must(t, err)
	out := func() mysql.Outgoing { return mysql.Outgoing{ID: ids.New(), Payload: []byte("x")} }
	must(t, db.DeleteSession(ctx, hash, out()))
	_, _, err = db.UserByName(ctx, "a")
	must(t, err)
	_, err = db.User(ctx, a.ID)
	must(t, err)
	must(t, db.SetMarker(ctx, a.ID, ids.New()))
	_, err = db.Marker(ctx, a.ID)
	must(t, err)
	friends(ctx, t, db, a, b, out)
	story := stories(ctx, t, db, a, ids, out)
	reactions(ctx, t, db, a, story, ids)
	upkeep(ctx, t, db, out)
}

func friends(ctx context.Context, t *testing.T, db *mysql.DB, a, b app.User, out func() mysql.Outgoing) {
	_, err := db.RequestFriend(ctx, a.ID, b.ID)
	must(t, err)
	_, err = db.FriendRequests(ctx, b.ID, app.Zero, 100)
	must(t, err)
	must(t, db.AcceptFriend(ctx, b.ID, a.ID, out()))
	must(t, db.AcceptFriend(ctx, b.ID, a.ID, out()))
	_, err = db.Friends(ctx, a.ID, app.Zero, 100)
	must(t, err)
	_, err = db.AreFriends(ctx, a.ID, b.ID)
	must(t, err)
	must(t, db.Unfriend(ctx, a.ID, b.ID, out()))
}

func stories(ctx context.Context, t *testing.T, db *mysql.DB, a app.User, ids *app.IDs, out func() mysql.Outgoing) app.ID {
	s := &app.Story{ID: ids.New(), Author: a, Kind: app.Photo, Media: []app.Media{{Key: "k"}, {Key: "l"}}}
	key := mysql.Idempotency{Key: "k"}
	for range 2 {
		_, err := db.Post(ctx, s, key, out())
		must(t, err)
	}
	_, err := db.Stories(ctx, []app.ID{s.ID})
	must(t, err)
	_, err = db.FriendIDs(ctx, a.ID, app.Zero, app.MaxFriends)
	must(t, err)
	_, err = db.FriendCount(ctx, a.ID)
	must(t, err)
	now := time.Now()
	var recent []app.ID
	for _, days := range windows {
		from, below := app.FirstID(now.Add(-time.Duration(days)*24*time.Hour)), app.FirstID(now.Add(time.Minute))
		_, err = db.RecentBy(ctx, a.ID, from, below, 500+days) // the limit tells the windows apart
		must(t, err)
		recent, err = db.RecentOfFriends(ctx, a.ID, from, below, 500+days)
		must(t, err)
		if want := min(150*days, 500+days); len(recent) < want {
			t.Fatalf("%d days of 200 friends have %d stories", days, len(recent))
		}
	}
	must(t, db.DeleteStory(ctx, s.ID, a.ID, now, out()))
	return recent[0]
}

func reactions(ctx context.Context, t *testing.T, db *mysql.DB, a app.User, story app.ID, ids *app.IDs) {
	_, err := db.React(ctx, story, a.ID, "like")
	must(t, err)
	_, err = db.Reactions(ctx, []app.ID{story})
	must(t, err)
	_, err = db.Reaction(ctx, story, a.ID)
	must(t, err)
	_, err = db.React(ctx, story, a.ID, "")
	must(t, err)
	must(t, db.AddComment(ctx, story, app.Comment{ID: ids.New(), Author: a, Body: "x"}))
	_, err = db.Comments(ctx, story, app.Zero, 20)
	must(t, err)
	_, err = db.CommentCounts(ctx, []app.ID{story})
	must(t, err)
}

func upkeep(ctx context.Context, t *testing.T, db *mysql.DB, out func() mysql.Outgoing) {
	must(t, db.InitLease(ctx, "here"))
	must(t, db.Beat(ctx, 1))
	_, err := db.Sweep(ctx, out().ID, 100, func([]mysql.Outgoing) error { return nil })
	must(t, err)
	_, err = db.Backlog(ctx, 100)
	must(t, err)
	must(t, db.Sent(ctx, []app.ID{out().ID}))
	_, err = db.PurgeSessions(ctx, time.Now().Add(-time.Hour), 1000)
	must(t, err)
	_, err = db.PurgeIdempotency(ctx, app.FirstID(time.Now().Add(-48*time.Hour)), 1000)
	must(t, err)
}

// small tables may be read whole: one row, or a queue that is kept short.
var small = map[string]bool{"region_lease": true, "heartbeat": true, "outbox": true}

// explain fails when the plan reads a whole table or index, or sorts or looks at
// more partitions than the statement's own bounds leave.
func explain(t *testing.T, pool *sql.DB, shape, query string, args []any) {
	t.Helper()
	if strings.HasPrefix(shape, "INSERT") && !strings.Contains(shape, "SELECT") {
		return // by primary key, row by row
	}
	rows, err := pool.Query("EXPLAIN PARTITIONS "+query, args...)
	if err != nil {
		t.Errorf("%s: %v", shape, err)
		return
	}
	defer rows.Close()
	for rows.Next() {
		var id, kind, table, partitions, access, possible, key, length, ref, count, extra sql.NullString
		if err := rows.Scan(&id, &kind, &table, &partitions, &access, &possible, &key, &length, &ref, &count, &extra); err != nil {
			t.Fatal(err)
		}
		plan := fmt.Sprintf("%s\n  table %s, access %s, key %s, rows %s, partitions %s, %s", shape, table.String, access.String, key.String,
			count.String, partitions.String, extra.String)
		if (access.String == "ALL" || access.String == "index") && table.Valid && !small[table.String] && !strings.HasPrefix(table.String, "<derived") {
			t.Errorf("it reads a whole table or index: %s", plan)
		}
		if n := 1 + strings.Count(partitions.String, ","); partitions.Valid && n > most(shape) {
			t.Errorf("it looks at %d partitions: %s", n, plan)
		}
	}
	must(t, rows.Err())
}

// most is how many partitions a statement may look at: those that a window spans,
// which is one more than its days, or the one that holds its story or user.
func most(shape string) int {
	var days int
	if _, window, ok := strings.Cut(shape, " -- "); ok {
		fmt.Sscanf(window, "%d days", &days)
	}
	return days + 1
}
