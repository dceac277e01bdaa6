package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"newsfeed/app"
	"newsfeed/app/apptest"
)

// The database holds one story a day of each of authors, as many days as the
// number of stories asks for. Readers are friends with some of them.
const (
	authors     = 100_000
	readers     = 500
	meanFriends = 200
)

// fill makes authors, their stories, readers with sessions, and friendships.
func (b *bench) fill(ctx context.Context) error {
	days := max(b.Stories/authors, 1)
	admin := b.stores.Database.Admin()
	if err := b.db.PartitionFresh(ctx, time.Now().Add(-time.Duration(days)*24*time.Hour), days+1); err != nil {
		return err
	}
	if err := apptest.FillStories(ctx, admin, apptest.DatabaseName, authors, days); err != nil {
		return err
	}
	for i := range readers {
		p, err := b.star(ctx, fmt.Sprint("reader", i), meanFriends)
		if err != nil {
			return err
		}
		b.people = append(b.people, p)
	}
	say("stories", float64(authors*days), "")
	_, err := admin.ExecContext(ctx, "ANALYZE TABLE newsfeed.friendships")
	return err
}

// star makes a user with a session and n friends among the authors.
func (b *bench) star(ctx context.Context, name string, n int) (person, error) {
	u := app.User{ID: b.service.IDs.New(), Name: name}
	u.ID[15] = byte(len(b.people)) // other friends for each
	if err := b.db.CreateUser(ctx, u, ""); err != nil {
		return person{}, err
	}
	if err := apptest.FillFriends(ctx, b.stores.Database.Admin(), apptest.DatabaseName, u.ID, n, authors); err != nil {
		return person{}, err
	}
	token := app.NewToken(u.ID)
	return person{u, token}, b.db.CreateSession(ctx, token.Hash(), u.ID, time.Now().Add(time.Hour))
}

// filler makes a story as long as people's usual ones.
var filler = strings.Repeat("what I did today ", 6)
