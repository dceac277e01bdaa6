package provider

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"newsfeed/localcloud/cloud"
)

// use is what keeps AWS from deleting a resource: others that name it.
type use struct {
	of    string            // type
	by    string            // the output that the others have of it; "" is its ID
	users map[string]string // type -> the output in which it names it
	error string            // AWS's code and words; {id} and the outputs are filled in
}

// uses are the DependencyViolation and InUse errors of the delete calls, as the
// API reference lists them. Rules that name a security group, a target group's
// listener and the like count; what AWS deletes along does not.
var uses = []use{
	{subnetType, "", map[string]string{natType: "subnetId", balancerType: "subnets", groupType: "vpcZoneIdentifiers",
		"aws:ec2/vpcEndpoint:VpcEndpoint": "subnetIds"}, "DependencyViolation: The subnet '{id}' has dependencies and cannot be deleted."},
	{"aws:ec2/securityGroup:SecurityGroup", "", map[string]string{balancerType: "securityGroups", databaseType: "vpcSecurityGroupIds",
		cacheType: "securityGroupIds", "aws:ec2/vpcEndpoint:VpcEndpoint": "securityGroupIds", ingressType: "referencedSecurityGroupId",
		egressType: "referencedSecurityGroupId"}, "DependencyViolation: resource {id} has a dependent object"},
	{"aws:ec2/routeTable:RouteTable", "", map[string]string{"aws:ec2/routeTableAssociation:RouteTableAssociation": "routeTableId"},
		"DependencyViolation: The routeTable '{id}' has dependencies and cannot be deleted."},
	{"aws:ec2/eip:Eip", "", map[string]string{natType: "allocationId"}, "InvalidIPAddress.InUse: Address {publicIp} is in use."},
	{vpcType, "", map[string]string{subnetType: "vpcId", gatewayType: "vpcId", "aws:ec2/securityGroup:SecurityGroup": "vpcId",
		"aws:ec2/routeTable:RouteTable": "vpcId", "aws:ec2/vpcEndpoint:VpcEndpoint": "vpcId"},
		"DependencyViolation: The vpc '{id}' has dependencies and cannot be deleted."},
	{"aws:lb/targetGroup:TargetGroup", "arn", map[string]string{listenerType: "defaultActions.targetGroupArn"},
		"ResourceInUse: Target group '{arn}' is currently in use by a listener or a rule"},
	{"aws:acm/certificate:Certificate", "arn", map[string]string{listenerType: "certificateArn"},
		"ResourceInUseException: Certificate {arn} in use"},
	{"aws:rds/subnetGroup:SubnetGroup", "name", map[string]string{databaseType: "dbSubnetGroupName"},
		"InvalidDBSubnetGroupStateFault: Cannot delete the subnet group '{name}' because at least one database instance is still using it."},
	{"aws:rds/parameterGroup:ParameterGroup", "name", map[string]string{databaseType: "parameterGroupName"},
		"InvalidDBParameterGroupState: One or more database instances are still members of this parameter group {name}"},
	{"aws:elasticache/subnetGroup:SubnetGroup", "name", map[string]string{cacheType: "subnetGroupName"},
		"CacheSubnetGroupInUse: Cache subnet group {name} is currently in use by a cache cluster."},
	{"aws:elasticache/parameterGroup:ParameterGroup", "name", map[string]string{cacheType: "parameterGroupName"},
		"InvalidCacheParameterGroupState: One or more cache clusters are still members of this parameter group {name}"},
	{roleType, "name", map[string]string{"aws:iam/instanceProfile:InstanceProfile": "role"},
		"DeleteConflict: Cannot delete entity, must remove roles from instance profile first."},
	{"aws:wafv2/webAcl:WebAcl", "arn", map[string]string{"aws:wafv2/webAclAssociation:WebAclAssociation": "webAclArn"},
		"WAFAssociatedItemException: AWS WAF couldn't perform the operation because your resource is being used by another resource."},
}

// inUse is the refusal to delete what others still use.
func inUse(s *cloud.Store, r *cloud.Resource) error {
	if r.Type == gatewayType {
		return mapped(s, r)
	}
	for _, u := range uses {
		if u.of != r.Type {
			continue
		}
		name := r.ID
		if u.by != "" {
			name = r.String(u.by)
		}
		for typ, output := range u.users {
			for _, user := range s.List(typ) {
				if user.ID != r.ID && names(user, output, name) {
					return fmt.Errorf("%s (%s)", expand(u.error, map[string]any{"id": r.ID}, r.Outputs), user.ID)
				}
			}
		}
	}
	return nil
}

// mapped refuses to detach a gateway through which addresses are reached:
// Network ... has some mapped public address(es) (terraform-provider-aws,
// aws_internet_gateway: it tries again on DependencyViolation).
func mapped(s *cloud.Store, gateway *cloud.Resource) error {
	within := func(subnet string) bool {
		in := s.Get(gateway.Region, subnetType, subnet)
		return in != nil && in.String("vpcId") == gateway.String("vpcId")
	}
	users := slices.Concat(s.List(natType), s.List(balancerType))
	for _, user := range users {
		public := user.Type == natType && user.String("connectivityType") != "private" || user.Type == balancerType && !user.Bool("internal")
		if public && slices.ContainsFunc(append(user.Strings("subnets"), user.String("subnetId")), within) {
			return fmt.Errorf("DependencyViolation: Network %s has some mapped public address(es). "+
				"Please unmap those before detaching the gateway. (%s)", gateway.String("vpcId"), user.ID)
		}
	}
	return nil
}

// names says whether a user has the name in its output: a text, a list of them,
// or a field of a list of blocks ("defaultActions.targetGroupArn").
func names(user *cloud.Resource, output, name string) bool {
	if list, field, nested := strings.Cut(output, "."); nested {
		var blocks []map[string]any
		return user.Decode(list, &blocks) == nil && slices.ContainsFunc(blocks, func(b map[string]any) bool { return b[field] == name })
	}
	return user.String(output) == name || slices.Contains(user.Strings(output), name)
}

// retryEvery is how often the provider asks again for what is in use.
const retryEvery = 10 * time.Second

// untilFree waits as the provider does: it asks again until the delete's
// time-out (tfresource.RetryWhenAWSErrCodeEquals, DependencyViolation and InUse).
func (p *Provider) untilFree(ctx context.Context, r *cloud.Resource, timeout time.Duration) error {
	within, cancel := p.clock.Timeout(ctx, timeout)
	defer cancel()
	for {
		err := inUse(p.store, r)
		if err == nil {
			return nil
		}
		if p.clock.Sleep(within, retryEvery) != nil {
			return err
		}
	}
}
