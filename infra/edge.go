package infra

import (
	"fmt"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/acm"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/lb"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/route53"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// A request may take up to drainSeconds after its instance has left the
// rotation; the app itself is gone somewhat before that.
const (
	deregistrationSeconds = 30
	drainSeconds          = 20
)

// EdgeArgs is what an Edge needs.
type EdgeArgs struct {
	Front    Front
	Domain   string
	Zone     string // ID
	Network  *Network
	Firewall *Firewall
	Storage  *Storage
	Secrets  *Secrets
}

// Edge is the load balancer over all zones, with its certificate: the only
// thing of a stack that is public.
type Edge struct {
	pulumi.ResourceState
	awaited

	Balancer *lb.LoadBalancer
	Targets  *lb.TargetGroup // nil under a maintenance page
}

// NewEdge makes the load balancer, which answers as args.Front says.
func NewEdge(ctx *pulumi.Context, name string, args EdgeArgs, opts ...pulumi.ResourceOption) (*Edge, error) {
	e := &Edge{}
	return e, component(ctx, "Edge", name, e, opts, func(s *scope) {
		e.balancer(s, args)
		e.protect(s, args.Secrets)
		answer := maintenance()
		if args.Front == Serving {
			e.targets(s, args)
			answer = lb.ListenerDefaultActionArgs{Type: pulumi.String("forward"), TargetGroupArn: e.Targets.Arn}
		}
		add(s, "https", lb.NewListener, &lb.ListenerArgs{
			LoadBalancerArn: e.Balancer.Arn,
			Port:            pulumi.Int(httpsPort),
			Protocol:        pulumi.String("HTTPS"),
			SslPolicy:       pulumi.String("ELBSecurityPolicy-TLS13-1-2-Res-PQ-2025-09"),
			CertificateArn:  certificate(s, args),
			DefaultActions:  lb.ListenerDefaultActionArray{answer},
			Tags:            named(s, "https"),
		})
		add(s, "http", lb.NewListener, &lb.ListenerArgs{
			LoadBalancerArn: e.Balancer.Arn,
			Port:            pulumi.Int(httpPort),
			Protocol:        pulumi.String("HTTP"),
			DefaultActions: lb.ListenerDefaultActionArray{lb.ListenerDefaultActionArgs{
				Type: pulumi.String("redirect"),
				Redirect: lb.ListenerDefaultActionRedirectArgs{
					Protocol: pulumi.String("HTTPS"), Port: pulumi.String("443"), StatusCode: pulumi.String("HTTP_301")},
			}},
			Tags: named(s, "http"),
		})
	})
}

func (e *Edge) balancer(s *scope, args EdgeArgs) {
	e.Balancer = add(s, "balancer", lb.NewLoadBalancer, &lb.LoadBalancerArgs{
		LoadBalancerType:         pulumi.String("application"),
		Internal:                 pulumi.Bool(false),
		Subnets:                  args.Network.Public,
		SecurityGroups:           pulumi.StringArray{args.Firewall.Group("edge")},
		EnableDeletionProtection: pulumi.Bool(true),
		DropInvalidHeaderFields:  pulumi.Bool(true),
		IdleTimeout:              pulumi.Int(60),
		AccessLogs: lb.LoadBalancerAccessLogsArgs{
			Enabled: pulumi.Bool(true), Bucket: args.Storage.Logs.ID(), Prefix: pulumi.String(accessLogs)},
		Tags: named(s, "edge"),
	}, pulumi.DependsOn([]pulumi.Resource{args.Storage.LogsOpen, args.Network.Internet}))
}

// targets makes the group that web instances join. An instance that answers
// unready three times is out of rotation within 15 s; it does so only for what is
// its own fault.
func (e *Edge) targets(s *scope, args EdgeArgs) {
	e.Targets = add(s, "targets", lb.NewTargetGroup, &lb.TargetGroupArgs{
		VpcId:               args.Network.VPC.ID(),
		TargetType:          pulumi.String("instance"),
		Port:                pulumi.Int(appPort),
		Protocol:            pulumi.String("HTTP"),
		DeregistrationDelay: pulumi.Int(deregistrationSeconds),
		// Sends less to an instance that is slow. It excludes slow start: an instance
		// is warm before it says that it has booted.
		LoadBalancingAlgorithmType: pulumi.String("least_outstanding_requests"),
		HealthCheck: lb.TargetGroupHealthCheckArgs{
			Path:               pulumi.String("/healthz/ready"),
			Matcher:            pulumi.String("200"),
			Interval:           pulumi.Int(5),
			Timeout:            pulumi.Int(2),
			HealthyThreshold:   pulumi.Int(2),
			UnhealthyThreshold: pulumi.Int(3),
		},
		Tags: named(s, "web"),
	})
}

// maintenance is the page of a region that keeps only backups.
func maintenance() lb.ListenerDefaultActionArgs {
	return lb.ListenerDefaultActionArgs{
		Type: pulumi.String("fixed-response"),
		FixedResponse: lb.ListenerDefaultActionFixedResponseArgs{
			StatusCode:  pulumi.String("503"),
			ContentType: pulumi.String("text/html"),
			MessageBody: pulumi.String("<!doctype html><title>Back soon</title><h1>We are restoring the service.</h1><p>Nothing you posted is lost."),
		},
	}
}

// certificate returns the ARN of a certificate, once it is valid, for the name
// of the region and the name of the whole. The other region's certificate asks
// for the same record of the latter, so both may write it and none deletes it.
func certificate(s *scope, args EdgeArgs) pulumi.StringOutput {
	names := []string{fmt.Sprintf("%s.%s", s.ctx.Stack(), args.Domain), args.Domain}
	asked := add(s, "certificate", acm.NewCertificate, &acm.CertificateArgs{
		DomainName:              pulumi.String(names[0]),
		SubjectAlternativeNames: pulumi.ToStringArray(names[1:]),
		ValidationMethod:        pulumi.String("DNS"),
		Tags:                    named(s, "edge"),
	})
	var proofs pulumi.StringArray
	for i := range names {
		proof := asked.DomainValidationOptions.Index(pulumi.Int(i))
		record := add(s, fmt.Sprintf("certificate-proof-%d", i+1), route53.NewRecord, &route53.RecordArgs{
			ZoneId:         pulumi.String(args.Zone),
			Name:           proof.ResourceRecordName().Elem(),
			Type:           proof.ResourceRecordType().Elem(),
			Records:        pulumi.StringArray{proof.ResourceRecordValue().Elem()},
			Ttl:            pulumi.Int(60),
			AllowOverwrite: pulumi.Bool(true),
		}, pulumi.RetainOnDelete(true))
		proofs = append(proofs, record.Fqdn)
	}
	return add(s, "certificate-valid", acm.NewCertificateValidation, &acm.CertificateValidationArgs{
		CertificateArn: asked.Arn, ValidationRecordFqdns: proofs,
	}).CertificateArn
}
