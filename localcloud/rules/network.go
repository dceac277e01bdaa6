package rules

import (
	"net/netip"
	"regexp"
)

var protocolNumber = regexp.MustCompile(`^(1?\d?\d|2[0-4]\d|25[0-5])$`)

const (
	ruleSource  = "EC2 API, AuthorizeSecurityGroupIngress: IpPermission"
	routeSource = "EC2 API, CreateRoute"
)

// networkRules are of the VPC and what is in it.
var networkRules = map[string][]rule{
	"aws:ec2/vpc:Vpc":       {{"a network is a /16 to /28", "VPC user guide, VPC CIDR blocks", sized("cidrBlock")}},
	"aws:ec2/subnet:Subnet": {{"a subnet is a /16 to /28", "VPC user guide, Subnet CIDR blocks", sized("cidrBlock")}},
	"aws:ec2/route:Route": {
		{"a route has one destination and one target", routeSource, func(r *declared) {
			r.one("destinationCidrBlock", "destinationIpv6CidrBlock", "destinationPrefixListId")
			r.one("gatewayId", "natGatewayId", "vpcPeeringConnectionId", "networkInterfaceId", "transitGatewayId", "vpcEndpointId",
				"egressOnlyGatewayId", "carrierGatewayId", "localGatewayId", "coreNetworkArn")
		}},
	},
	"aws:ec2/natGateway:NatGateway": {
		{"a public gateway has an address, a private one has none", "EC2 API, CreateNatGateway", func(r *declared) {
			private := r.text("connectivityType") == "private"
			r.require(r.given("allocationId") != private, "allocationId", "goes with a public gateway, and only with one")
		}},
	},
	"aws:ec2/vpcEndpoint:VpcEndpoint": {
		{"a gateway is in route tables, an interface in subnets", "EC2 API, CreateVpcEndpoint", func(r *declared) {
			gateway := r.text("vpcEndpointType") == "Gateway" || !r.given("vpcEndpointType")
			for _, path := range []string{"subnetIds", "securityGroupIds"} {
				r.require(!gateway || !r.given(path), path, "goes with an interface endpoint only")
			}
			r.require(gateway || !r.given("routeTableIds"), "routeTableIds", "goes with a gateway endpoint only")
			r.require(!gateway || !r.yes("privateDnsEnabled"), "privateDnsEnabled",
				"is true, which a gateway endpoint does not take")
		}},
	},
	"aws:ec2/flowLog:FlowLog": {
		{"a log is of one thing, every minute or every ten", "EC2 API, CreateFlowLogs", func(r *declared) {
			r.one("vpcId", "subnetId", "eniId", "transitGatewayId", "transitGatewayAttachmentId")
			every, given := r.number("maxAggregationInterval")
			r.require(!given || every == 60 || every == 600, "maxAggregationInterval", "is %v, must be 60 or 600", every)
			toLogs := !r.given("logDestinationType") || r.text("logDestinationType") == "cloud-watch-logs"
			r.require(!toLogs || r.given("iamRoleArn"), "iamRoleArn",
				"is not given: without a role nothing is written to CloudWatch Logs")
		}},
	},
	"aws:ec2/securityGroup:SecurityGroup": {
		{"inline rules have their ports in order", ruleSource, func(r *declared) {
			for _, list := range []string{"ingress", "egress"} {
				for _, inline := range r.elements(list) {
					ports(r, inline.path+".", inline.text("protocol"), &inline.declared)
				}
			}
		}},
	},
	"aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule": {{"a rule has one peer, and ports in order",
		ruleSource, groupRule}},
	"aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule": {{"a rule has one peer, and ports in order",
		ruleSource, groupRule}},
	"aws:ec2/vpcPeeringConnection:VpcPeeringConnection": {
		{"what is in another region is accepted there", "the provider's schema: auto_accept conflicts with peer_region",
			func(r *declared) {
				r.require(!r.given("peerRegion") || !r.yes("autoAccept"), "autoAccept", "is true, but peerRegion is given")
			}},
	},
}

func sized(path string) func(*declared) {
	return func(r *declared) {
		prefix, err := netip.ParsePrefix(r.text(path))
		r.require(err != nil || !prefix.Addr().Is4() || prefix.Bits() >= 16 && prefix.Bits() <= 28, path,
			"is %s, must be from a /16 to a /28", prefix)
	}
}

func groupRule(r *declared) {
	r.one("cidrIpv4", "cidrIpv6", "prefixListId", "referencedSecurityGroupId")
	ports(r, "", r.text("ipProtocol"), r)
}

// ports holds those of a rule, which is of: all traffic has none, ICMP has types.
func ports(r *declared, prefix, protocol string, of *declared) {
	from, hasFrom := of.number("fromPort")
	to, hasTo := of.number("toPort")
	switch protocol {
	case "":
		return
	case "-1", "all":
		r.require(!hasFrom && !hasTo || from <= 0 && to <= 0, prefix+"fromPort",
			"is %v, but the protocol is -1, all traffic, which has no ports", from)
	case "icmp", "icmpv6", "1", "58":
		r.require(from >= -1 && from <= 255 && to >= -1 && to <= 255, prefix+"fromPort",
			"is %v, must be a type of ICMP, -1 to 255", from)
	case "tcp", "udp", "6", "17":
		r.require(of.given("fromPort") && of.given("toPort"), prefix+"fromPort", "and toPort are needed with %s", protocol)
		r.require(!hasFrom || from >= 0 && from <= 65535, prefix+"fromPort", "is %v, must be from 0 to 65535", from)
		r.require(!hasTo || to >= 0 && to <= 65535, prefix+"toPort", "is %v, must be from 0 to 65535", to)
		r.require(!hasFrom || !hasTo || from <= to, prefix+"toPort", "is %v, below fromPort %v", to, from)
	default:
		r.require(protocolNumber.MatchString(protocol), prefix+"ipProtocol",
			"is %q, must be tcp, udp, icmp, icmpv6, -1 or the number of a protocol", protocol)
	}
}
