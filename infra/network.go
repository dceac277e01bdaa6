package infra

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// How private subnets reach the internet: a NAT gateway in each zone, one for
// all (cheaper, and lost with its zone), or none (interface endpoints only).
const (
	natPerAZ  = "per-az"
	natSingle = "single"
	natNone   = "none"
)

// NetworkArgs is what a Network needs.
type NetworkArgs struct {
	NetworkConfig
	Region string
	Key    *Secrets // encrypts the flow logs
}

// Network is the VPC and its subnets: per zone a public one (balancer, NAT), a
// private one (instances) and an isolated one (data, no route out).
type Network struct {
	pulumi.ResourceState
	awaited

	VPC      pulumi.CustomResource
	Public   pulumi.StringArray
	Private  pulumi.StringArray
	Isolated pulumi.StringArray
	Internet pulumi.CustomResource // the gateway: AWS makes nothing public before it is attached

	privateTables []pulumi.CustomResource // one per zone
	isolatedTable pulumi.CustomResource
}

// Tables are the route tables of all subnets but the public ones.
func (n *Network) Tables() pulumi.StringArray {
	return idsOf(append(slices.Clip(n.privateTables), n.isolatedTable))
}

// tier is one kind of subnet; its number is the /20 of zone a.
type tier struct {
	name  string
	first int
}

// zoneLetters are the zones that a tier has room for: a block belongs to the
// letter, so that a zone that comes or goes moves no other's.
const zoneLetters = "abcd"

var (
	public   = tier{"public", 0}
	private  = tier{"private", 4}
	isolated = tier{"isolated", 8}
)

// block returns the /20 of the zone within the /16 of the VPC.
func (t tier) block(vpc, az string) string {
	octets := netip.MustParsePrefix(vpc).Addr().As4()
	octets[2] = byte((t.first + strings.Index(zoneLetters, letter(az))) * 16)
	return netip.PrefixFrom(netip.AddrFrom4(octets), 20).String()
}

// NewNetwork makes the VPC over the zones of args.
func NewNetwork(ctx *pulumi.Context, name string, args NetworkArgs, opts ...pulumi.ResourceOption) (*Network, error) {
	n := &Network{}
	args.AZs = slices.Sorted(slices.Values(args.AZs)) // their order says nothing
	return n, component(ctx, "Network", name, n, opts, func(s *scope) {
		n.VPC = add(s, "vpc", ec2("Vpc"), pulumi.Map{
			"cidrBlock":          pulumi.String(args.CIDR),
			"enableDnsSupport":   pulumi.Bool(true),
			"enableDnsHostnames": pulumi.Bool(true),
			"tags":               named(s, "vpc"),
		}, pulumi.Protect(true)) // another CIDR is another VPC, which the data stores cannot follow to
		// A group without rules: what forgets to name one of Firewall's is cut off.
		add(s, "default-group", ec2("DefaultSecurityGroup"), pulumi.Map{"vpcId": n.VPC.ID()})
		n.public(s, args)
		n.private(s, args)
		n.isolated(s, args)
		n.gatewayEndpoint(s, args)
		n.flowLogs(s, args)
	})
}

// public makes the subnets with a route to the internet gateway.
func (n *Network) public(s *scope, args NetworkArgs) {
	n.Internet = add(s, "internet", ec2("InternetGateway"), pulumi.Map{"vpcId": n.VPC.ID(), "tags": named(s, "internet")})
	table := n.table(s, "public")
	add(s, "public-internet", ec2("Route"), pulumi.Map{
		"routeTableId":         table.ID(),
		"destinationCidrBlock": pulumi.String(anywhere),
		"gatewayId":            n.Internet.ID(),
	})
	for _, az := range args.AZs {
		n.Public = append(n.Public, n.subnet(s, public, az, args, table))
	}
}

// private makes the subnets of the instances, each zone routed to its own NAT.
func (n *Network) private(s *scope, args NetworkArgs) {
	var gateways []pulumi.CustomResource
	for i, az := range args.AZs {
		if args.NAT == natNone || args.NAT == natSingle && i > 0 {
			break
		}
		role := "nat-" + letter(az)
		address := add(s, role+"-address", ec2("Eip"), pulumi.Map{"domain": pulumi.String("vpc"), "tags": named(s, role)})
		gateways = append(gateways, add(s, role, ec2("NatGateway"), pulumi.Map{
			"allocationId": address.ID(),
			"subnetId":     n.Public[i],
			"tags":         named(s, role),
		}, pulumi.DependsOn([]pulumi.Resource{n.Internet})))
	}
	for i, az := range args.AZs {
		table := n.table(s, "private-"+letter(az))
		if len(gateways) > 0 {
			add(s, "private-"+letter(az)+"-nat", ec2("Route"), pulumi.Map{
				"routeTableId":         table.ID(),
				"destinationCidrBlock": pulumi.String(anywhere),
				"natGatewayId":         gateways[min(i, len(gateways)-1)].ID(),
			})
		}
		n.privateTables = append(n.privateTables, table)
		n.Private = append(n.Private, n.subnet(s, private, az, args, table))
	}
}

// isolated makes the subnets of the data stores; nothing routes them outside.
// They are protected: RDS gives up no subnet that an instance is in, and says so
// half-way (ModifyDBSubnetGroup: SubnetAlreadyInUse).
func (n *Network) isolated(s *scope, args NetworkArgs) {
	n.isolatedTable = n.table(s, "isolated")
	for _, az := range args.AZs {
		n.Isolated = append(n.Isolated, n.subnet(s, isolated, az, args, n.isolatedTable, pulumi.Protect(true)))
	}
}

// gatewayEndpoint keeps the traffic to S3 off the NAT gateways; it costs nothing.
func (n *Network) gatewayEndpoint(s *scope, args NetworkArgs) {
	add(s, "s3", ec2("VpcEndpoint"), pulumi.Map{
		"vpcId":           n.VPC.ID(),
		"serviceName":     pulumi.Sprintf("com.amazonaws.%s.s3", args.Region),
		"vpcEndpointType": pulumi.String("Gateway"),
		"routeTableIds":   idsOf(n.privateTables),
		"tags":            named(s, "s3"),
	})
}

func (n *Network) table(s *scope, role string) pulumi.CustomResource {
	return add(s, role, ec2("RouteTable"), pulumi.Map{"vpcId": n.VPC.ID(), "tags": named(s, role)})
}

func (n *Network) subnet(s *scope, t tier, az string, args NetworkArgs, table pulumi.CustomResource,
	opts ...pulumi.ResourceOption) pulumi.StringInput {
	role := fmt.Sprintf("%s-%s", t.name, letter(az))
	subnet := add(s, role+"-subnet", ec2("Subnet"), pulumi.Map{
		"vpcId":            n.VPC.ID(),
		"cidrBlock":        pulumi.String(t.block(args.CIDR, az)),
		"availabilityZone": pulumi.String(az),
		"tags":             named(s, role),
	}, opts...)
	add(s, role+"-table", ec2("RouteTableAssociation"), pulumi.Map{
		"subnetId": subnet.ID(), "routeTableId": table.ID(),
	})
	return subnet.ID()
}

func idsOf(tables []pulumi.CustomResource) pulumi.StringArray {
	return plural(tables, func(t pulumi.CustomResource) pulumi.StringInput { return t.ID() })
}

// letter is what tells the zones of a region apart: "a" of ap-northeast-2a.
func letter(az string) string { return az[len(az)-1:] }

// named is the Name tag, which the AWS console shows.
func named(s *scope, role string) pulumi.StringMap {
	return pulumi.StringMap{"Name": pulumi.Sprintf("%s-%s-%s", s.ctx.Project(), s.ctx.Stack(), role)}
}
