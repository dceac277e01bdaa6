package main

import (
	"context"
	"encoding/base64"
	"net"
	"net/http"
	"os"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"newsfeed/app"
)

// serveBaseline serves on the environment's address with the app's own server
// settings.
func serveBaseline(ctx context.Context, feed http.HandlerFunc) error {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz/ready", func(http.ResponseWriter, *http.Request) {})
	mux.HandleFunc("GET /v1/feed", feed)
	server := &http.Server{Handler: mux, Addr: net.JoinHostPort(os.Getenv("NEWSFEED_ADDRESS"), "8080"),
		ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 15 * time.Second, WriteTimeout: 20 * time.Second, IdleTimeout: 75 * time.Second, MaxHeaderBytes: 16 << 10}
	go func() {
		<-ctx.Done()
		server.Close()
	}()
	if err := server.ListenAndServe(); err != http.ErrServerClosed {
		return err
	}
	return nil
}

func send(w http.ResponseWriter, body []byte) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.Write(body)
}

type helloCommand struct {
	Bytes int `required:""`
}

// Run sends a constant of as many bytes as a feed page has.
func (c helloCommand) Run(ctx context.Context) error {
	body := make([]byte, c.Bytes)
	for i := range body {
		body[i] = 'x'
	}
	return serveBaseline(ctx, func(w http.ResponseWriter, _ *http.Request) { send(w, body) })
}

type stubCommand struct {
	Cache string `required:""`
}

// Run does the feed's two round trips, the same commands on the same keys, and
// sends what they return. It checks nothing.
func (c stubCommand) Run(ctx context.Context) error {
	client := goredis.NewClusterClient(&goredis.ClusterOptions{Addrs: []string{c.Cache}, PoolSize: 64, Protocol: 2, DisableIdentity: true})
	return serveBaseline(ctx, func(w http.ResponseWriter, r *http.Request) {
		token, err := app.ParseToken(r.Header.Get("Authorization")[7:])
		if err != nil {
			panic(err)
		}
		ctx, user := r.Context(), token.User()
		ids, err := stubOpen(ctx, client, token)
		if err != nil {
			panic(err)
		}
		p := client.Pipeline()
		stories, counts := make([]*goredis.StringCmd, len(ids)), make([]*goredis.SliceCmd, len(ids))
		for i, m := range ids {
			id := []byte(m)
			for j := range id {
				id[j] = ^id[j]
			}
			key := "{" + base64.RawURLEncoding.EncodeToString(id) + "}"
			stories[i], counts[i] = p.Get(ctx, "p1:"+key), p.HMGet(ctx, "rx1:"+key, "", string(user[:]))
		}
		if _, err := p.Exec(ctx); err != nil && err != goredis.Nil {
			panic(err)
		}
		body := make([]byte, 0, 8<<10)
		for i := range stories {
			body = append(body, stories[i].Val()...)
			if v := counts[i].Val(); len(v) > 0 {
				s, _ := v[0].(string)
				body = append(body, s...)
			}
			body = append(body, "},"...)
		}
		send(w, body)
	})
}

func stubOpen(ctx context.Context, client *goredis.ClusterClient, token app.Token) ([]string, error) {
	user, hash := token.User(), token.Hash()
	tag := "{" + base64.RawURLEncoding.EncodeToString(user[:]) + "}"
	rate := "rl:" + tag + ":stub"
	p := client.Pipeline()
	p.Get(ctx, "s:"+tag+":"+base64.RawURLEncoding.EncodeToString(hash[:15]))
	p.SetNX(ctx, rate, 0, time.Minute)
	p.Incr(ctx, rate)
	ids := p.ZRangeByLex(ctx, "f:"+tag, &goredis.ZRangeBy{Min: "-", Max: "+", Count: 21})
	p.ZRange(ctx, "f:"+tag, -1, -1)
	p.Expire(ctx, "f:"+tag, 14*24*time.Hour)
	p.SMembers(ctx, "gone:"+tag)
	if _, err := p.Exec(ctx); err != nil && err != goredis.Nil {
		return nil, err
	}
	return ids.Val()[:min(20, len(ids.Val()))], nil
}
