// Command bench measures the feed app on real MariaDB, Redis and queue, all on
// loopback, against baselines that run beside it: what the same machine does
// without the app. It prints what it does and, last, one JSON object.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"math"
	"os"
	"os/signal"
	"slices"
	"syscall"
	"time"

	"github.com/alecthomas/kong"
)

type commands struct {
	Run   runCommand   `cmd:"" default:"withargs" help:"Measure everything."`
	Hello helloCommand `cmd:"" hidden:"" help:"Baseline: a server that sends a constant."`
	Stub  stubCommand  `cmd:"" hidden:"" help:"Baseline: a server with the feed's two round trips and no logic."`
}

func main() {
	slog.SetDefault(slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn})))
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	command := kong.Parse(&commands{}, kong.Name("bench"))
	command.BindTo(ctx, (*context.Context)(nil))
	if err := command.Run(); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		stop()
		os.Exit(1)
	}
}

type runCommand struct {
	Seconds int      `help:"How long each load lasts." default:"6"`
	Stories int      `help:"Stories in the database." default:"1400000"`
	Feed    string   `help:"The feed binary; built when empty." type:"path"`
	Only    []string `help:"Only these steps (after filling): start, rebuilds, fanout, posts, reads, visible, mixed."`
	Profile string   `help:"Keep the CPU profile of the web process under warm reads here." type:"path"`
}

// result is the last line.
type result struct {
	FeedVsHello  float64 `json:"feed_vs_hello"`
	FeedVsStub   float64 `json:"feed_vs_stub"`
	FanoutVsRaw  float64 `json:"fanout_vs_raw"`
	PostVsInsert float64 `json:"post_vs_insert"`
	Rebuild200   float64 `json:"rebuild_200_ms"`
	Rebuild5000  float64 `json:"rebuild_5000_ms"`
	VisibleP99   float64 `json:"visible_p99_s"`
	RedisBytes   float64 `json:"redis_bytes_per_user"`
	RSS          float64 `json:"rss_mib"`
	MixedRPS     float64 `json:"mixed_rps"`
	MixedP99     float64 `json:"mixed_p99_ms"`
	// From the process's start to its readiness: with its stores up, and from memory.
	Start    float64 `json:"start_ms"`
	Embedded float64 `json:"start_embedded_ms"`
}

// Run measures everything, in one run.
func (c runCommand) Run(ctx context.Context) error {
	b, err := newBench(ctx, c)
	if err != nil {
		return err
	}
	defer b.close()
	for _, step := range []struct {
		key, name string
		run       func(context.Context) error
	}{
		{"fill", "fill the database", b.fill},
		{"start", "start to ready", b.starts},
		{"rebuilds", "rebuild feeds", b.rebuilds},
		{"fanout", "fan-out", b.fanout},
		{"posts", "post transactions", b.posts},
		{"reads", "warm feed reads", b.reads},
		{"visible", "post to visible", b.visible},
		{"mixed", "mixed traffic", b.mixed},
	} {
		if len(c.Only) > 0 && step.key != "fill" && !slices.Contains(c.Only, step.key) {
			continue
		}
		begun := time.Now()
		fmt.Printf("== %s\n", step.name)
		if err := step.run(ctx); err != nil {
			return fmt.Errorf("%s: %w", step.name, err)
		}
		fmt.Printf("   %.1f s\n", time.Since(begun).Seconds())
	}
	return json.NewEncoder(os.Stdout).Encode(b.result)
}

// say prints one measurement.
func say(what string, value float64, unit string) {
	digits := 1
	if math.Abs(value) < 10 { // a ratio, mostly
		digits = 3
	}
	fmt.Printf("   %-44s %12.*f %s\n", what, digits, value, unit)
}
