package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"newsfeed/app"
)

// warmUp builds every reader's feed and reads its first page once, so that all
// that the loads ask for is cached.
func (b *bench) warmUp(ctx context.Context) error {
	for _, p := range b.people {
		if err := b.service.Rebuild(ctx, p.ID); err != nil {
			return err
		}
		if _, err := b.service.Feed(ctx, p.token, app.Query{Limit: app.DefaultPage}); err != nil {
			return err
		}
	}
	return nil
}

// feedRequests are one page read for each reader.
func (b *bench) feedRequests(host string) [][]byte {
	requests := make([][]byte, len(b.people))
	for i, p := range b.people {
		requests[i] = request("GET", host, "/v1/feed", p.token.String(), "")
	}
	return requests
}

// loadFeed reads first pages, spread over all readers.
func (b *bench) loadFeed(ctx context.Context, addr string, d time.Duration) (outcome, error) {
	requests := b.feedRequests(addr)
	o, err := load(ctx, addr, d, func(worker, i int) []byte { return requests[(worker+i*connections)%len(requests)] })
	if err == nil {
		err = o.good(http.StatusOK)
	}
	return o, err
}

// reads compares warm feed reads with the two baselines.
func (b *bench) reads(ctx context.Context) error {
	if err := b.warmUp(ctx); err != nil {
		return err
	}
	profiled := b.stores.Address() + ":6060"
	web, process, err := b.serve(ctx, b.Feed, []string{"web"}, "NEWSFEED_PROFILE_ADDRESS="+profiled)
	if err != nil {
		return err
	}
	defer stop(process)
	size, err := b.loadFeed(ctx, web, time.Second)
	if err != nil {
		return err
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	hello, helloProcess, err := b.serve(ctx, self, []string{"hello", "--bytes", strconv.Itoa(int(size.bytes))})
	if err != nil {
		return err
	}
	defer stop(helloProcess)
	stub, stubProcess, err := b.serve(ctx, self, []string{"stub", "--cache", b.stores.CacheAddr})
	if err != nil {
		return err
	}
	defer stop(stubProcess)
	page := func(name, addr string) func() (float64, error) {
		return func() (float64, error) {
			o, err := b.loadFeed(ctx, addr, b.slice())
			if err != nil {
				return 0, fmt.Errorf("%s: %w", name, err)
			}
			return o.rps, nil
		}
	}
	rates, err := interleave(rounds, page("feed", web), page("hello", hello), page("stub", stub))
	if err != nil {
		return err
	}
	b.result.FeedVsHello, b.result.FeedVsStub = rates.ratio(0, 1), rates.ratio(0, 2)
	say("warm feed reads", rates.median(0), fmt.Sprintf("requests/s of %.0f bytes", size.bytes))
	say("hello, as many bytes", rates.median(1), "requests/s")
	say("stub, the same two round trips", rates.median(2), "requests/s")
	say("feed / hello", b.result.FeedVsHello, "(target 0.10)")
	say("feed / stub", b.result.FeedVsStub, "(target 0.6)")
	return b.profile(ctx, profiled, web)
}

// profile takes a CPU profile of the web process under load, and prints what costs
// most by itself.
func (b *bench) profile(ctx context.Context, address, web string) error {
	path := b.Profile
	if path == "" {
		path = filepath.Join(b.stores.Dir, "reads.pprof")
	}
	done := make(chan error, 1)
	go func() {
		done <- download("http://"+address+"/debug/pprof/profile?seconds=4", path)
	}()
	if _, err := b.loadFeed(ctx, web, 5*time.Second); err != nil {
		return err
	}
	if err := <-done; err != nil {
		return err
	}
	top, err := exec.CommandContext(ctx, "go", "tool", "pprof", "-top", "-nodecount", "5", path).Output()
	if err != nil {
		return fmt.Errorf("go tool pprof: %w", err)
	}
	fmt.Println("   the top five costs of a warm feed read")
	lines := strings.Split(strings.TrimSpace(string(top)), "\n")
	fmt.Println("   " + strings.Join(lines[max(len(lines)-6, 0):], "\n   "))
	return nil
}

func download(url, path string) error {
	response, err := http.Get(url)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	if _, err := io.Copy(file, response.Body); err != nil {
		return err
	}
	return file.Close()
}
