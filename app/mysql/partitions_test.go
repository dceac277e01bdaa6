package mysql_test

import (
	"testing"
	"time"

	"newsfeed/app"
	"newsfeed/app/apptest"
	"newsfeed/app/mysql"
)

func TestPartitionsAreMadeAheadAndStoriesStayInThem(t *testing.T) {
	t.Parallel()
	config := apptest.NewDatabase(t)
	db, err := mysql.Open(config)
	must(t, err)
	defer db.Close()
	count := func() (n int) {
		t.Helper()
		must(t, apptest.Current.Database.Admin().QueryRow("SELECT COUNT(*) FROM information_schema.partitions "+
			"WHERE table_schema = ? AND table_name = 'stories'", config.Name).Scan(&n))
		return n
	}
	now := time.Now()
	story := &app.Story{ID: app.NewIDs(time.Now).New(), Author: app.User{ID: app.Last}, Kind: app.Text, Body: "x"}
	_, err = db.Post(t.Context(), story, mysql.Idempotency{})
	must(t, err)
	late, err := db.PartitionAhead(t.Context(), now)
	must(t, err)
	first := count()
	if late || first < 2 { // migrating made them
		t.Errorf("the first time: late %v, %d partitions", late, first)
	}
	if _, err = db.PartitionAhead(t.Context(), now); err != nil || count() != first {
		t.Errorf("the second time: %v, %d partitions, want %d", err, count(), first)
	}
	if late, err = db.PartitionAhead(t.Context(), now.Add(60*24*time.Hour)); err != nil || !late || count() <= first {
		t.Errorf("two months later: %v, late %v, %d partitions", err, late, count())
	}
	var rest int
	must(t, apptest.Current.Database.Admin().QueryRow("SELECT COUNT(*) FROM "+config.Name+".stories PARTITION (rest)").Scan(&rest))
	if rest != 0 {
		t.Errorf("%d stories in the last partition", rest)
	}
}
