package infra

import (
	"fmt"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/route53"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// DNSArgs is what a DNS needs.
type DNSArgs struct {
	Domain  string
	Zone    string // ID
	Region  string
	Routing Routing
	Second  bool // answers when the first region does not
	Always  bool // answers then even if it is not healthy: with a maintenance page
	Edge    *Edge
}

// DNS is the stack's share of the names: the one of its region, and an answer
// for the name that users type.
type DNS struct {
	pulumi.ResourceState

	Regional string // name of the region, <stack>.<domain>
	Check    *route53.HealthCheck
}

// NewDNS makes the records and the check of the region's health.
func NewDNS(ctx *pulumi.Context, name string, args DNSArgs, opts ...pulumi.ResourceOption) (*DNS, error) {
	d := &DNS{Regional: fmt.Sprintf("%s.%s", ctx.Stack(), args.Domain)}
	return d, component(ctx, "DNS", name, d, opts, func(s *scope) {
		add(s, "regional", route53.NewRecord, &route53.RecordArgs{
			ZoneId:  pulumi.String(args.Zone),
			Name:    pulumi.String(d.Regional),
			Type:    pulumi.String("A"),
			Aliases: alias(args, true),
		})
		// The regional name, never the one that failover moves: a check of that
		// would look at the other region once it has moved.
		d.Check = add(s, "check", route53.NewHealthCheck, &route53.HealthCheckArgs{
			Type:             pulumi.String("HTTPS"),
			Fqdn:             pulumi.String(d.Regional),
			Port:             pulumi.Int(httpsPort),
			ResourcePath:     pulumi.String("/healthz/region"),
			RequestInterval:  pulumi.Int(10),
			FailureThreshold: pulumi.Int(3),
			EnableSni:        pulumi.Bool(true),
			MeasureLatency:   pulumi.Bool(true),
			Tags:             named(s, "region"),
		})
		d.answer(s, args)
	})
}

// answer makes the region's share of every way to route, each under a name of
// its own, because AWS takes no records of different routing under one name.
// The domain is an alias of the one in use: a strategy changes it in one step
// and leaves no moment without an answer. It belongs to the first region.
//
// The failover type belongs to the region and not to the role: a failover then
// edits no record, which it could not while the control plane of Route 53 is away.
func (d *DNS) answer(s *scope, args DNSArgs) {
	kind := "PRIMARY"
	if args.Second {
		kind = "SECONDARY"
	}
	failover := d.share(s, args, Failover)
	if args.Always {
		failover.HealthCheckId, failover.Aliases = nil, alias(args, false)
	}
	failover.FailoverRoutingPolicies = route53.RecordFailoverRoutingPolicyArray{
		route53.RecordFailoverRoutingPolicyArgs{Type: pulumi.String(kind)}}
	latency := d.share(s, args, Latency)
	latency.LatencyRoutingPolicies = route53.RecordLatencyRoutingPolicyArray{
		route53.RecordLatencyRoutingPolicyArgs{Region: pulumi.String(args.Region)}}
	shares := []pulumi.Resource{
		add(s, string(Failover), route53.NewRecord, failover),
		add(s, string(Latency), route53.NewRecord, latency),
	}
	if args.Second {
		return
	}
	add(s, "answer", route53.NewRecord, &route53.RecordArgs{
		ZoneId: pulumi.String(args.Zone),
		Name:   pulumi.String(args.Domain),
		Type:   pulumi.String("A"),
		Aliases: route53.RecordAliasArray{route53.RecordAliasArgs{
			Name: pulumi.String(routed(args, args.Routing)), ZoneId: pulumi.String(args.Zone), EvaluateTargetHealth: pulumi.Bool(true)}},
	}, pulumi.DependsOn(shares))
}

// share is the region's record under the name of one way to route.
func (d *DNS) share(s *scope, args DNSArgs, by Routing) *route53.RecordArgs {
	return &route53.RecordArgs{
		ZoneId:        pulumi.String(args.Zone),
		Name:          pulumi.String(routed(args, by)),
		Type:          pulumi.String("A"),
		SetIdentifier: pulumi.String(s.ctx.Stack()),
		HealthCheckId: d.Check.ID(),
		Aliases:       alias(args, true),
	}
}

// routed is the name of what is routed that way.
func routed(args DNSArgs, by Routing) string { return fmt.Sprintf("%s.%s", by, args.Domain) }

func alias(args DNSArgs, evaluate bool) route53.RecordAliasArray {
	return route53.RecordAliasArray{route53.RecordAliasArgs{
		Name:                 args.Edge.Balancer.DnsName,
		ZoneId:               args.Edge.Balancer.ZoneId,
		EvaluateTargetHealth: pulumi.Bool(evaluate),
	}}
}
