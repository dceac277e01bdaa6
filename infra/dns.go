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

// answer makes the record on the domain. Its failover type belongs to the
// region and not to the role: a failover then edits no record, which it could
// not while the control plane of Route 53 is away.
func (d *DNS) answer(s *scope, args DNSArgs) {
	record := &route53.RecordArgs{
		ZoneId:        pulumi.String(args.Zone),
		Name:          pulumi.String(args.Domain),
		Type:          pulumi.String("A"),
		SetIdentifier: pulumi.String(s.ctx.Stack()),
		HealthCheckId: d.Check.ID(),
		Aliases:       alias(args, true),
	}
	if args.Always {
		record.HealthCheckId, record.Aliases = nil, alias(args, false)
	}
	switch {
	case args.Routing == Latency:
		record.LatencyRoutingPolicies = route53.RecordLatencyRoutingPolicyArray{
			route53.RecordLatencyRoutingPolicyArgs{Region: pulumi.String(args.Region)}}
	default:
		kind := "PRIMARY"
		if args.Second {
			kind = "SECONDARY"
		}
		record.FailoverRoutingPolicies = route53.RecordFailoverRoutingPolicyArray{
			route53.RecordFailoverRoutingPolicyArgs{Type: pulumi.String(kind)}}
	}
	add(s, "answer", route53.NewRecord, record)
}

func alias(args DNSArgs, evaluate bool) route53.RecordAliasArray {
	return route53.RecordAliasArray{route53.RecordAliasArgs{
		Name:                 args.Edge.Balancer.DnsName,
		ZoneId:               args.Edge.Balancer.ZoneId,
		EvaluateTargetHealth: pulumi.Bool(evaluate),
	}}
}
