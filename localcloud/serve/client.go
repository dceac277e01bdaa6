package serve

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"strings"
	"time"

	"newsfeed/localcloud/process"
)

// ErrNotRunning says that there is no local cloud in the directory.
var ErrNotRunning = errors.New("the local cloud is not running: 'make up' starts it")

// Client talks to a running local cloud.
type Client struct{ Info Info }

// Connect finds the local cloud that runs in cfg.Dir, or returns ErrNotRunning.
func Connect(cfg Config) (*Client, error) {
	raw, err := os.ReadFile(cfg.infoFile())
	if errors.Is(err, fs.ErrNotExist) {
		return nil, ErrNotRunning
	}
	if err != nil {
		return nil, err
	}
	c := &Client{}
	if err := json.Unmarshal(raw, &c.Info); err != nil || process.StartTime(c.Info.PID) != c.Info.Start {
		return nil, ErrNotRunning // it was killed, and its file is out of date
	}
	return c, nil
}

// Status asks how everything does.
func (c *Client) Status(ctx context.Context) (*Status, error) {
	st := &Status{}
	return st, c.call(ctx, http.MethodGet, "/status", nil, st)
}

// Restore brings back what could not be brought back at the start.
func (c *Client) Restore(ctx context.Context) error {
	return c.call(ctx, http.MethodPost, "/restore", nil, nil)
}

// Sweep removes what a killed run made and the engine never noted, and returns
// its ids. known holds the ids of the stack's state by type.
func (c *Client) Sweep(ctx context.Context, stack string, known map[string][]string) (removed []string, err error) {
	return removed, c.call(ctx, http.MethodPost, "/sweep", sweepRequest{stack, known}, &removed)
}

// Release uploads a binary for the instances of a region.
func (c *Client) Release(ctx context.Context, r Release) error {
	return c.call(ctx, http.MethodPost, "/release", r, nil)
}

// Region puts a region into a state, and returns when it is in it.
func (c *Client) Region(ctx context.Context, region string, state RegionState) error {
	return c.call(ctx, http.MethodPost, "/region/"+region+"/"+string(state), nil, nil)
}

// Stop ends the local cloud and returns when its process is gone.
func (c *Client) Stop(ctx context.Context) error {
	if err := c.call(ctx, http.MethodPost, "/stop", nil, nil); err != nil {
		return err
	}
	for process.StartTime(c.Info.PID) == c.Info.Start {
		select {
		case <-ctx.Done():
			return fmt.Errorf("the local cloud (pid %d) does not end: %w", c.Info.PID, ctx.Err())
		case <-time.After(10 * time.Millisecond): // not our child: the kernel can't tell us
		}
	}
	return nil
}

func (c *Client) call(ctx context.Context, method, path string, in, out any) error {
	raw, err := json.Marshal(in)
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, method, "http://"+c.Info.Control+path, bytes.NewReader(raw))
	if err != nil {
		return err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return fmt.Errorf("local cloud (pid %d): %w", c.Info.PID, err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		why, _ := io.ReadAll(io.LimitReader(resp.Body, 64<<10))
		return errors.New(strings.TrimSpace(string(why)))
	}
	if out == nil {
		return nil
	}
	return json.NewDecoder(resp.Body).Decode(out)
}
