package apptest

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"newsfeed/app"
)

// FillStories gives a database authors who each posted once a day, over days
// that end now. The server makes the rows: a million takes seconds.
func FillStories(ctx context.Context, admin *sql.DB, database string, authors, days int) error {
	const author = "UNHEX(CONCAT('010000000000', '7000', '8000', LPAD(HEX(%s), 12, '0')))"
	_, err := admin.ExecContext(ctx, fmt.Sprintf("INSERT INTO %[1]s.users (id, name, name_key, password) "+
		"SELECT "+fmt.Sprintf(author, "seq")+", CONCAT('author', seq), CONCAT('author', seq), '' FROM %[1]s.seq_1_to_%[2]d", database, authors))
	if err != nil {
		return err
	}
	begin, step := time.Now().UnixMilli()-int64(days)*24*time.Hour.Milliseconds(), float64(24*time.Hour.Milliseconds())/float64(authors)
	_, err = admin.ExecContext(ctx, fmt.Sprintf("INSERT INTO %[1]s.stories (id, author_id, kind, body, link) "+
		"SELECT UNHEX(CONCAT(LPAD(HEX(%[2]d + FLOOR(seq * %[3]f)), 12, '0'), '7000', '8000', LPAD(HEX(seq), 12, '0'))), "+
		fmt.Sprintf(author, fmt.Sprintf("1 + seq %%%% %d", authors))+", 1, "+
		"CONCAT('Story number ', seq, ': ', REPEAT('what I did today ', 6)), '' FROM %[1]s.seq_1_to_%[4]d",
		database, begin, step, authors*days))
	if err != nil {
		return err
	}
	_, err = admin.ExecContext(ctx, fmt.Sprintf("ANALYZE TABLE %[1]s.stories, %[1]s.users", database))
	return err
}

// FillFriends makes user a friend of n authors, evenly spread over all.
func FillFriends(ctx context.Context, admin *sql.DB, database string, user app.ID, n, authors int) error {
	_, err := admin.ExecContext(ctx, fmt.Sprintf("INSERT INTO %[1]s.friendships (user_id, friend_id) SELECT * FROM ("+
		"SELECT x'%[2]x' AS a, UNHEX(CONCAT('010000000000', '7000', '8000', LPAD(HEX(1 + ((seq - 1) * %[4]d + %[5]d) %% %[6]d), 12, '0'))) AS b FROM %[1]s.seq_1_to_%[3]d) f "+
		"UNION ALL SELECT b, a FROM (SELECT x'%[2]x' AS a, UNHEX(CONCAT('010000000000', '7000', '8000', LPAD(HEX(1 + ((seq - 1) * %[4]d + %[5]d) %% %[6]d), 12, '0'))) AS b FROM %[1]s.seq_1_to_%[3]d) g",
		database, user[:], n, max(authors/n, 1), int(user[15])*7, authors))
	if err != nil {
		return err
	}
	_, err = admin.ExecContext(ctx, fmt.Sprintf("UPDATE %s.users SET friends = %d WHERE id = x'%x'", database, n, user[:]))
	return err
}
