package infra

import (
	"fmt"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/cloudwatch"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/lambda"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// WatchdogArgs is what a Watchdog needs.
type WatchdogArgs struct {
	Peer      string // the stack that is looked at; empty: there is none
	Domain    string
	Region    string
	Functions string // directory of the programs
	Secrets   *Secrets
}

// Watchdog is the function with which this region looks at the other one, and
// at what users open, once a minute. It runs outside the VPC: what it sees is
// what users see.
type Watchdog struct {
	pulumi.ResourceState

	Function *lambda.Function // nil if there is no peer
}

// NewWatchdog makes the function and what wakes it.
func NewWatchdog(ctx *pulumi.Context, name string, args WatchdogArgs, opts ...pulumi.ResourceOption) (*Watchdog, error) {
	w := &Watchdog{}
	return w, component(ctx, "Watchdog", name, w, opts, func(s *scope) {
		if args.Peer == "" {
			return
		}
		w.Function = s.function("function", functionArgs{
			program: watchProgram, directory: args.Functions,
			description: "Looks at the other region and at the public page, and writes what it saw as metrics",
			seconds:     15,
			environment: pulumi.StringMap{
				"NEWSFEED_REGION":          pulumi.String(args.Region),
				"NEWSFEED_PEER_HEALTH_URL": pulumi.String(regionURL(args.Peer, args.Domain) + "/healthz/region"),
				"NEWSFEED_SITE_URL":        pulumi.String("https://" + args.Domain),
			},
			secrets: args.Secrets,
		})
		rule := add(s, "minute", cloudwatch.NewEventRule, &cloudwatch.EventRuleArgs{
			Description:        pulumi.String("Wakes the watchdog"),
			ScheduleExpression: pulumi.String("rate(1 minute)"),
			Tags:               named(s, "minute"),
		})
		allowed := s.invokes("minute-may", "events.amazonaws.com", rule.Arn, w.Function)
		add(s, "minute-to-function", cloudwatch.NewEventTarget, &cloudwatch.EventTargetArgs{Rule: rule.Name, Arn: w.Function.Arn},
			pulumi.DependsOn([]pulumi.Resource{allowed}))
	})
}

// regionURL is where a region answers, whatever DNS thinks of it.
func regionURL(stack, domain string) string { return fmt.Sprintf("https://%s.%s", stack, domain) }
