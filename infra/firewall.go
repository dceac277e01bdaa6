package infra

import (
	"fmt"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/vpc"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// Ports of the parts that talk to each other.
const (
	httpPort     = 80
	httpsPort    = 443
	appPort      = 8080
	databasePort = 3306
	cachePort    = 6379
)

const anywhere = "0.0.0.0/0"

// flow is one line of the firewall: who may open a connection to whom. An end
// is a security group of the stack, or a block of addresses.
type flow struct {
	from, to string
	port     int
	why      string
}

// flows is the whole firewall. What the peer region may do is in peering.go,
// which knows the peer's addresses.
var flows = []flow{
	{anywhere, "edge", httpsPort, "users"},
	{anywhere, "edge", httpPort, "users, to be redirected to HTTPS"},
	{"edge", "web", appPort, "requests and health checks"},
	{"web", "database", databasePort, "stories"},
	{"worker", "database", databasePort, "fan-out"},
	{"web", "cache", cachePort, "feeds"},
	{"worker", "cache", cachePort, "feeds"},
	{"web", "endpoints", httpsPort, "AWS APIs inside the VPC"},
	{"worker", "endpoints", httpsPort, "AWS APIs inside the VPC"},
	{"web", anywhere, httpsPort, "AWS APIs, packages, the other region"},
	{"worker", anywhere, httpsPort, "AWS APIs, packages"},
}

// groups are the security groups, with what each is put on.
var groups = []struct{ name, description string }{
	{"edge", "The load balancer: the only thing that is public"},
	{"web", "Web instances"},
	{"worker", "Worker instances"},
	{"database", "MySQL"},
	{"cache", "Redis"},
	{"endpoints", "Interface endpoints of AWS services"},
}

// Firewall is every security group of the stack, and every rule between them as
// a resource of its own: inline rules would overwrite those of others.
type Firewall struct {
	pulumi.ResourceState
	awaited

	groups map[string]pulumi.CustomResource
}

// NewFirewall makes the groups in the VPC and the rules of the table.
func NewFirewall(ctx *pulumi.Context, name string, network *Network, opts ...pulumi.ResourceOption) (*Firewall, error) {
	f := &Firewall{groups: map[string]pulumi.CustomResource{}}
	return f, component(ctx, "Firewall", name, f, opts, func(s *scope) {
		for _, g := range groups {
			f.groups[g.name] = add(s, g.name, ec2("SecurityGroup"), pulumi.Map{
				"vpcId":       network.VPC.ID(),
				"description": pulumi.String(g.description),
				"tags":        named(s, g.name),
			})
		}
		for _, l := range flows {
			f.open(s, l)
		}
	})
}

// Group is the ID of the security group with the name.
func (f *Firewall) Group(name string) pulumi.StringInput { return f.groups[name].ID() }

// open makes the ingress rule of the one end and the egress rule of the other.
func (f *Firewall) open(s *scope, l flow) {
	role := fmt.Sprintf("%s-to-%s-%d", end(l.from), end(l.to), l.port)
	port := pulumi.Int(l.port)
	if to := f.groups[l.to]; to != nil {
		rule := &vpc.SecurityGroupIngressRuleArgs{
			SecurityGroupId: to.ID(),
			IpProtocol:      pulumi.String("tcp"), FromPort: port, ToPort: port,
			Description: pulumi.String(l.why),
			Tags:        named(s, role),
		}
		if from := f.groups[l.from]; from != nil {
			rule.ReferencedSecurityGroupId = from.ID()
		} else {
			rule.CidrIpv4 = pulumi.String(l.from)
		}
		add(s, role+"-in", vpc.NewSecurityGroupIngressRule, rule)
	}
	if from := f.groups[l.from]; from != nil {
		rule := &vpc.SecurityGroupEgressRuleArgs{
			SecurityGroupId: from.ID(),
			IpProtocol:      pulumi.String("tcp"), FromPort: port, ToPort: port,
			Description: pulumi.String(l.why),
			Tags:        named(s, role),
		}
		if to := f.groups[l.to]; to != nil {
			rule.ReferencedSecurityGroupId = to.ID()
		} else {
			rule.CidrIpv4 = pulumi.String(l.to)
		}
		add(s, role+"-out", vpc.NewSecurityGroupEgressRule, rule)
	}
}

// end names an end of a flow in the name of its rules.
func end(of string) string {
	if of == anywhere {
		return "internet"
	}
	return of
}
