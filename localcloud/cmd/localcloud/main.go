// Command localcloud runs the whole architecture on one machine: the same
// Pulumi program, the real engine, real MariaDB and Redis.
package main

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"

	"github.com/alecthomas/kong"

	"newsfeed/localcloud/engine"
	"newsfeed/localcloud/serve"
)

// cli is the command line.
type cli struct {
	Dir       string         `help:"Directory of the local cloud: all it writes is in here." default:".local" type:"path"`
	Project   string         `help:"Directory with Pulumi.yaml and the stack files." default:"." type:"path"`
	Binary    string         `help:"The feed binary that instances run." default:".local/bin/feed" type:"path"`
	FrontDoor string         `help:"Where a user on the internet comes in." default:"127.0.0.1:8080"`
	DNS       netip.AddrPort `help:"Where Route 53 answers." default:"127.0.0.1:8053"`
	AWS       string         `help:"Where the AWS endpoints (SQS, S3, Secrets Manager, Auto Scaling) are." default:"127.0.0.1:4566" name:"aws"`
	Pace      float64        `help:"Seconds of AWS in a second here, for what takes AWS minutes; 1 is AWS's own speed." default:"60"`

	Up       upCmd       `cmd:"" help:"Bring both regions up, or to what the program says."`
	Preview  previewCmd  `cmd:"" help:"Show what up would change."`
	Status   statusCmd   `cmd:"" help:"Show how everything does."`
	Down     downCmd     `cmd:"" help:"Remove everything: processes, ports and data."`
	Region   regionCmd   `cmd:"" help:"Rehearse the loss of a region: switch its API off, or all of it, or on again."`
	Rotate   rotateCmd   `cmd:"" help:"Draw a secret anew; the next up brings it to what uses it."`
	PlanTime planTimeCmd `cmd:"" help:"Say how long AWS will take for an up of each stack, and for a failover."`
	Install  installCmd  `cmd:"" help:"Install MariaDB and Redis when they are missing."`
	Serve    serveCmd    `cmd:"" help:"Run the local cloud's own process; up starts it by itself."`
}

// system is what every command works on.
type system struct {
	cli   *cli
	ctx   context.Context
	serve serve.Config
}

// load reads the project. Its first stack's domain is what the front door
// opens to.
func (s *system) load() (*engine.Project, error) {
	project, err := engine.Load(s.cli.Project, s.cli.Dir, s.cli.Binary)
	if err != nil {
		return nil, err
	}
	s.serve.Domain, s.serve.Zones = project.Stacks[0].Domain, map[string]string{}
	for _, stack := range project.Stacks {
		s.serve.Zones[stack.ZoneID] = stack.Zone
	}
	return project, nil
}

func main() {
	var c cli
	parsed := kong.Parse(&c, kong.Name("localcloud"), kong.UsageOnError(),
		kong.Description("The architecture of newsfeed on one machine. 'make help' shows the common uses."))
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	s := &system{cli: &c, ctx: ctx, serve: serve.Config{Dir: c.Dir, FrontDoor: c.FrontDoor, DNS: c.DNS, AWS: c.AWS, Pace: c.Pace}}
	err := parsed.Run(s)
	if err != nil && ctx.Err() != nil {
		err = errors.New("interrupted; nothing is lost: 'make up' goes on from here, 'make down' removes everything")
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "\nlocalcloud:", err)
		os.Exit(1)
	}
}

func (s *system) logFile() string { return filepath.Join(s.serve.LogDir(), "serve.log") }
