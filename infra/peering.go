package infra

import (
	"fmt"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// PeeringArgs is what a Peering needs.
type PeeringArgs struct {
	CIDR     string
	Peer     *Peer
	Provider *aws.Provider // of the peer's region
	Network  *Network
}

// Peering joins the VPCs of the two regions. No instance opens a connection to
// the other region's database: what it cannot write itself it sends there as a
// request. One stack owns both sides, for good and whatever its role: a failover
// then changes nothing in the other region.
type Peering struct {
	pulumi.ResourceState
}

// NewPeering asks for the connection here and accepts it there.
func NewPeering(ctx *pulumi.Context, name string, args PeeringArgs, opts ...pulumi.ResourceOption) (*Peering, error) {
	p := &Peering{}
	return p, component(ctx, "Peering", name, p, opts, func(s *scope) {
		there := pulumi.Provider(args.Provider)
		asked := add(s, "asked", ec2("VpcPeeringConnection"), pulumi.Map{
			"vpcId":      args.Network.VPC.ID(),
			"peerVpcId":  pulumi.String(args.Peer.VPCID),
			"peerRegion": pulumi.String(args.Peer.Region),
			"tags":       named(s, "peering"),
		})
		accepted := add(s, "accepted", ec2("VpcPeeringConnectionAccepter"), pulumi.Map{
			"vpcPeeringConnectionId": asked.ID(),
			"autoAccept":             pulumi.Bool(true),
			"tags":                   named(s, "peering"),
		}, there)
		// The other region's database has a public name: with this it resolves
		// to its private address.
		add(s, "dns", ec2("PeeringConnectionOptions"), pulumi.Map{
			"vpcPeeringConnectionId": accepted.ID(),
			"requester":              pulumi.Map{"allowRemoteVpcDnsResolution": pulumi.Bool(true)},
		})
		add(s, "dns-there", ec2("PeeringConnectionOptions"), pulumi.Map{
			"vpcPeeringConnectionId": accepted.ID(),
			"accepter":               pulumi.Map{"allowRemoteVpcDnsResolution": pulumi.Bool(true)},
		}, there)

		routes(s, "route", accepted, args.Network.Tables(), args.Peer.VPCCIDR)
		routes(s, "route-there", accepted, plural(args.Peer.RouteTables, func(id string) pulumi.StringInput { return pulumi.String(id) }), args.CIDR, there)
	})
}

// routes sends what is for the block over the peering.
func routes(s *scope, role string, over pulumi.CustomResource, tables []pulumi.StringInput, block string, opts ...pulumi.ResourceOption) {
	for i, table := range tables {
		add(s, fmt.Sprintf("%s-%d", role, i+1), ec2("Route"), pulumi.Map{
			"routeTableId":           table,
			"destinationCidrBlock":   pulumi.String(block),
			"vpcPeeringConnectionId": over.ID(),
		}, opts...)
	}
}
