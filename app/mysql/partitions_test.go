package mysql_test

import (
	"fmt"
	"slices"
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

// fillDay makes n stories of one day, evenly spread.
func fillDay(t *testing.T, database string, day time.Time, n int) {
	t.Helper()
	admin := apptest.Current.Database.Admin()
	_, err := admin.Exec(fmt.Sprintf("INSERT INTO %[1]s.stories (id, author_id, kind, body, link) "+
		"SELECT UNHEX(CONCAT(LPAD(HEX(%[2]d + seq * %[3]d), 12, '0'), '7000', '8000', LPAD(HEX(seq), 12, '0'))), x'%[4]x', 1, '', '' FROM %[1]s.seq_1_to_%[5]d",
		database, day.UnixMilli(), 86_400_000/(n+1), app.Last[:], n))
	must(t, err)
	_, err = admin.Exec("ANALYZE TABLE " + database + ".stories") // as the server does by itself, in its own time
	must(t, err)
}

func TestPartitionsStayBalancedWhenOneMonthWritesTenTimesAnother(t *testing.T) {
	t.Parallel()
	config := apptest.NewDatabase(t)
	db, err := mysql.Open(config)
	must(t, err)
	defer db.Close()
	db.PartitionStories = 2000
	admin := apptest.Current.Database.Admin()
	start := time.Now().UTC().Truncate(24 * time.Hour)
	last := func() (n int) {
		t.Helper()
		must(t, admin.QueryRow("SELECT COUNT(*) FROM "+config.Name+".stories PARTITION (rest)").Scan(&n))
		return n
	}
	perDay := []int{400, 4000}
	for day := range 18 {
		from := start.Add(time.Duration(day) * 24 * time.Hour)
		fillDay(t, config.Name, from, perDay[day/10])
		late, err := db.PartitionAhead(t.Context(), from.Add(22*time.Hour))
		must(t, err)
		if late || last() > 0 {
			t.Fatalf("day %d: late %v, %d stories in the last partition", day, late, last())
		}
	}
	rows, err := admin.Query("SELECT partition_name, table_rows FROM information_schema.partitions WHERE table_schema = ? AND table_name = 'stories' "+
		"AND table_rows > 0 ORDER BY partition_ordinal_position", config.Name)
	must(t, err)
	defer rows.Close()
	var sizes []int
	for rows.Next() {
		var name string
		var n int
		must(t, rows.Scan(&name, &n))
		sizes = append(sizes, n)
	}
	must(t, rows.Err())
	t.Logf("partitions of %v stories", sizes)
	if len(sizes) < 15 {
		t.Fatalf("18 days have %d partitions", len(sizes))
	}
	// But for the first two, made before anything was known, the one in which the
	// rate changed, and the last, which is not over.
	ordinary := append(slices.Clone(sizes[2:4]), sizes[5:len(sizes)-1]...)
	if slices.Max(ordinary) > 2*2000 || slices.Max(ordinary) > 4*slices.Min(ordinary) || sizes[4] > 3*2000 {
		t.Errorf("they hold from %d to %d, and %d, want about 2000", slices.Min(ordinary), slices.Max(ordinary), sizes[4])
	}
	for _, table := range []string{"media", "comments", "reactions"} {
		var other int
		must(t, admin.QueryRow("SELECT COUNT(*) FROM information_schema.partitions a JOIN information_schema.partitions b "+
			"ON a.table_schema = b.table_schema AND a.partition_name = b.partition_name AND b.table_name = 'stories' WHERE a.table_schema = ? AND a.table_name = ?",
			config.Name, table).Scan(&other))
		if other < len(sizes) {
			t.Errorf("%s has %d of stories' partitions", table, other)
		}
	}
}
