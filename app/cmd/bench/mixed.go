package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"slices"
	"strings"
	"time"

	"newsfeed/app"
)

// system starts a web and a worker process.
func (b *bench) system(ctx context.Context) (web string, process *exec.Cmd, end func(), err error) {
	web, process, err = b.serve(ctx, b.Feed, []string{"web"})
	if err != nil {
		return "", nil, nil, err
	}
	_, worker, err := b.serve(ctx, b.Feed, []string{"worker"})
	if err != nil {
		stop(process)
		return "", nil, nil, err
	}
	return web, process, func() { stop(process); stop(worker) }, nil
}

// visible times from the request to post until the story is in the feed of the
// last friend of an author with 5,000.
func (b *bench) visible(ctx context.Context) error {
	web, _, end, err := b.system(ctx)
	if err != nil {
		return err
	}
	defer end()
	author, err := b.star(ctx, "visible", app.MaxFriends)
	if err != nil {
		return err
	}
	friends, err := b.db.FriendIDs(ctx, author.ID, app.Zero, app.MaxFriends)
	if err != nil {
		return err
	}
	last := friends[len(friends)-1]
	if err := b.service.Rebuild(ctx, last); err != nil {
		return err
	}
	var times []time.Duration
	for i := range 100 {
		begun := time.Now()
		id, err := post(ctx, web, author, fmt.Sprint("visible ", i))
		if err != nil {
			return err
		}
		for {
			slice, err := b.cache.Range(ctx, last, app.Last, 1)
			if err != nil {
				return err
			}
			if len(slice.IDs) == 1 && slice.IDs[0] == id {
				break
			}
			if time.Since(begun) > 30*time.Second {
				return fmt.Errorf("story %d is not visible after 30 s", i)
			}
			time.Sleep(time.Millisecond) // between two looks
		}
		times = append(times, time.Since(begun))
	}
	slices.Sort(times)
	b.result.VisibleP99 = round(times[98].Seconds(), 3)
	say("post to visible, p50", times[49].Seconds(), "s")
	say("post to visible, p99", times[98].Seconds(), "s (target 2)")
	return nil
}

func post(ctx context.Context, web string, by person, body string) (app.ID, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+web+"/v1/stories", strings.NewReader(fmt.Sprintf(`{"kind":"text","body":%q}`, body)))
	if err != nil {
		return app.Zero, err
	}
	r.Header.Set("Authorization", "Bearer "+by.token.String())
	r.Header.Set("Content-Type", "application/json")
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		return app.Zero, err
	}
	defer response.Body.Close()
	raw, err := io.ReadAll(response.Body)
	if err != nil {
		return app.Zero, err
	}
	if response.StatusCode != http.StatusCreated {
		return app.Zero, fmt.Errorf("%s: %s", response.Status, raw)
	}
	var s struct{ ID app.ID }
	return s.ID, json.Unmarshal(raw, &s)
}

// mixed loads the app as a day's traffic does: of 32 requests 20 read a page, 10
// react, one posts, one comments.
func (b *bench) mixed(ctx context.Context) error {
	web, process, end, err := b.system(ctx)
	if err != nil {
		return err
	}
	defer end()
	reads := b.feedRequests(web)
	targets, err := b.targets(ctx)
	if err != nil {
		return err
	}
	o, err := load(ctx, web, time.Duration(b.Seconds)*time.Second, func(_, _ int) []byte {
		i := rand.IntN(len(b.people))
		who, story := b.people[i], targets[i]
		switch n := rand.IntN(32); {
		case n < 20:
			return reads[i]
		case n < 30:
			return request("PUT", web, "/v1/stories/"+story+"/reaction", who.token.String(), `{"kind":"`+app.Reactions[rand.IntN(6)]+`"}`)
		case n < 31:
			return request("POST", web, "/v1/stories", who.token.String(), `{"kind":"text","body":"`+filler+`"}`)
		default:
			return request("POST", web, "/v1/stories/"+story+"/comments", who.token.String(), `{"body":"indeed"}`)
		}
	})
	if err != nil {
		return err
	}
	if err := o.good(http.StatusOK, http.StatusCreated, http.StatusNoContent, http.StatusTooManyRequests); err != nil {
		return err
	}
	if n := o.byStatus[http.StatusTooManyRequests]; n > 0 {
		fmt.Printf("   %d of them refused by the rate limit\n", n)
	}
	b.result.RSS = round(rss(process.Process.Pid), 1)
	b.result.MixedRPS, b.result.MixedP99 = round(o.rps, 0), round(float64(o.p99.Microseconds())/1000, 1)
	say("mixed traffic", o.rps, fmt.Sprintf("requests/s, p50 %v, p99 %v", o.p50.Round(time.Microsecond), o.p99.Round(time.Microsecond)))
	say("web process, resident", b.result.RSS, "MiB (target 100)")
	return nil
}

// targets is one story that each reader may react to.
func (b *bench) targets(ctx context.Context) ([]string, error) {
	targets := make([]string, len(b.people))
	for i, p := range b.people {
		page, err := b.service.Feed(ctx, p.token, app.Query{Limit: 10})
		if err != nil {
			return nil, err
		}
		if len(page.Stories) == 0 {
			return nil, fmt.Errorf("the feed of %s is empty", p.Name)
		}
		var s struct{ ID string }
		if err := json.Unmarshal(page.Stories[rand.IntN(len(page.Stories))], &s); err != nil {
			return nil, err
		}
		targets[i] = s.ID
	}
	return targets, nil
}

// rss is a process's resident memory in MiB.
func rss(pid int) float64 {
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0
	}
	var kib float64
	for line := range strings.Lines(string(raw)) {
		if _, err := fmt.Sscanf(line, "VmHWM: %f kB", &kib); err == nil {
			return kib / 1024
		}
	}
	return 0
}
