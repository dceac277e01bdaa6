package provider

import (
	"context"
	"errors"
	"fmt"
	"time"

	"newsfeed/localcloud/cloud"
)

// operation is one of the three that take time.
type operation int

const (
	create operation = iota
	update
	remove
)

func (o operation) String() string { return [...]string{"create", "update", "delete"}[o] }

// limits are the minutes that the provider waits for an operation, by type.
type limits struct {
	what                   string // as its errors call it
	create, update, remove float64
}

// timeouts are the provider's defaults (terraform-provider-aws 5.100, "Timeouts"
// of each resource's page). A program sets others by customTimeouts. A type that
// is not here has none; 0 is without.
var timeouts = map[string]limits{
	databaseType:                          {"RDS DB Instance", 40, 80, 60},
	cacheType:                             {"ElastiCache Replication Group", 60, 40, 40},
	natType:                               {"EC2 NAT Gateway", 10, 10, 30},
	balancerType:                          {"ELBv2 Load Balancer", 10, 10, 10},
	functionType:                          {"Lambda Function", 10, 10, 10},
	recordType:                            {"Route53 Record", 30, 30, 30},
	gatewayType:                           {"EC2 Internet Gateway", 20, 20, 20},
	subnetType:                            {"EC2 Subnet", 10, 10, 20},
	vpcType:                               {"EC2 VPC", 0, 0, 5},
	"aws:lb/targetGroup:TargetGroup":      {"ELBv2 Target Group", 0, 0, 2},
	"aws:ec2/securityGroup:SecurityGroup": {"EC2 Security Group", 10, 10, 15},
	"aws:ec2/vpcEndpoint:VpcEndpoint":     {"EC2 VPC Endpoint", 10, 10, 10},
	"aws:ec2/route:Route":                 {"EC2 Route", 5, 2, 5},
	"aws:acm/certificateValidation:CertificateValidation":                             {"ACM Certificate", 75, 0, 0},
	"aws:rds/eventSubscription:EventSubscription":                                     {"RDS Event Subscription", 40, 40, 40},
	"aws:rds/instanceAutomatedBackupsReplication:InstanceAutomatedBackupsReplication": {"RDS instance automated backup", 75, 0, 75},
}

// notedLate are the types whose ID the provider notes only after its wait: one
// that takes too long exists, and is in no state (terraform-provider-aws 22990).
// Every other type is noted before, and is tainted.
var notedLate = map[string]bool{databaseType: true}

// timeout is how long an operation may take on AWS: what the program says, in
// seconds, else the provider's default; 0 is without end.
func timeout(typ string, op operation, custom float64) time.Duration {
	of, ok := timeouts[typ]
	switch {
	case !ok:
		return 0
	case custom > 0:
		return time.Duration(custom * float64(time.Second))
	}
	return time.Duration([...]float64{of.create, of.update, of.remove}[op] * float64(time.Minute))
}

// timeoutError says that the provider waited no longer. AWS goes on.
type timeoutError struct {
	resource *cloud.Resource
	op       operation
	after    time.Duration
}

func (e *timeoutError) Error() string {
	// retry.TimeoutError of terraform-plugin-sdk.
	return fmt.Sprintf("waiting for %s (%s) %s: timeout while waiting for state to become 'available' (timeout: %s)",
		timeouts[e.resource.Type].what, e.resource.ID, e.op, e.after)
}

// limit is a context that ends when the provider waits no longer.
func (p *Provider) limit(ctx context.Context, after time.Duration) (context.Context, context.CancelFunc) {
	return context.WithTimeout(ctx, max(p.clock.Local(after), p.least))
}

// within runs what takes time and ends it when the provider would wait no more.
func (p *Provider) within(ctx context.Context, r *cloud.Resource, op operation, custom float64, run func(context.Context) error) error {
	after := timeout(r.Type, op, custom)
	if after == 0 {
		return run(ctx)
	}
	limited, cancel := p.limit(ctx, after)
	defer cancel()
	err := run(limited)
	if err != nil && ctx.Err() == nil && errors.Is(limited.Err(), context.DeadlineExceeded) {
		return &timeoutError{r, op, after}
	}
	return err
}

// late says whether an error is that the provider waited no longer.
func late(err error) bool {
	e := (*timeoutError)(nil)
	return errors.As(err, &e)
}
