package main

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"os"

	feedhttp "newsfeed/app/http"
	"newsfeed/app/inmem"
	"newsfeed/app/password"
)

// runEmbedded serves the whole product from memory, on loopback only unless told
// otherwise.
func runEmbedded(ctx context.Context) error {
	e := &environment{}
	address := net.JoinHostPort(e.text("ADDRESS", "127.0.0.1"), fmt.Sprint(e.number("PORT", 8080, 1, 65535)))
	if len(e.errs) > 0 {
		return e.errs[0]
	}
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return fmt.Errorf("%w: stop what listens there, or set NEWSFEED_PORT", err)
	}
	store := inmem.New(password.New(false))
	mux := http.NewServeMux()
	mux.Handle("/", feedhttp.NewServer(store, store))
	mux.Handle(inmem.MediaPath, store)
	fmt.Fprintf(os.Stderr, `newsfeed on http://%s

No store is configured, so everything is in the memory of this process: it is
gone when you stop it, one process holds it all, nothing fans out, and no region
stands by. For the real thing set NEWSFEED_DATABASE_SECRET, NEWSFEED_CACHE_SECRET
and NEWSFEED_QUEUE_URL, or run 'make up'.
`, listener.Addr())
	return serve(ctx, listener, mux, func() {}, 0)
}
