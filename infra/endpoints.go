package infra

import (
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// Endpoints are the interface endpoints that the config names: AWS services
// with an address in the private subnets, for a network without NAT or for
// traffic that shall not pass one.
type Endpoints struct {
	pulumi.ResourceState
}

// NewEndpoints makes one endpoint per service, in every zone.
func NewEndpoints(ctx *pulumi.Context, name string, args NetworkArgs, network *Network, firewall *Firewall, opts ...pulumi.ResourceOption) (*Endpoints, error) {
	e := &Endpoints{}
	return e, component(ctx, "Endpoints", name, e, opts, func(s *scope) {
		for _, service := range args.Endpoints {
			add(s, service, ec2("VpcEndpoint"), pulumi.Map{
				"vpcId":             network.VPC.ID(),
				"vpcEndpointType":   pulumi.String("Interface"),
				"serviceName":       pulumi.Sprintf("com.amazonaws.%s.%s", args.Region, service),
				"subnetIds":         network.Private,
				"securityGroupIds":  pulumi.StringArray{firewall.Group("endpoints")},
				"privateDnsEnabled": pulumi.Bool(true),
				"tags":              named(s, service),
			})
		}
	})
}
