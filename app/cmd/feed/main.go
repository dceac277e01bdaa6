// Command feed is the whole app in one binary: the web process, the worker, and
// the operators' commands.
package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"syscall"

	"github.com/alecthomas/kong"
)

type commands struct {
	Web     webCommand     `cmd:"" help:"Serve the API and the page."`
	Worker  workerCommand  `cmd:"" help:"Work the queue: fan-out, backfill, rebuilds; sweep the outbox."`
	Migrate migrateCommand `cmd:"" help:"Bring the database schema up to date, then exit."`
	Rebuild rebuildCommand `cmd:"" help:"Build cached feeds anew from the database."`
	Hook    hookCommand    `cmd:"" help:"Tell Auto Scaling whether this instance has booted, then exit."`
}

func main() {
	slog.SetDefault(slog.New(slog.NewJSONHandler(os.Stdout, nil)))
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	command := kong.Parse(&commands{}, kong.Name("feed"), kong.UsageOnError(),
		kong.Description("The news feed. Configured by NEWSFEED_* in the environment; with none of them, web runs on memory alone."))
	command.BindTo(ctx, (*context.Context)(nil))
	if err := command.Run(); err != nil {
		fmt.Fprintln(os.Stderr, "feed "+command.Command()+":", err)
		stop()
		os.Exit(1)
	}
}
