package provider

import (
	"errors"
	"maps"
	"reflect"
	"strings"

	"newsfeed/localcloud/cloud"
)

// unique is what one account, or one region of it, cannot hold twice.
type unique struct {
	of      string   // type
	by      []string // outputs that no two may share, all of them; without the first, nothing is shared
	scope   scope
	refused string // AWS's code and words; {output} is filled in
}

type scope int

const (
	regional scope = iota
	global         // one for all regions
	tolerant       // regional, and the same again is the one that is there
)

// uniques are the refusals of AWS's create calls: the errors that the API
// reference lists for each (EC2: "Error codes for the Amazon EC2 API"). What AWS
// overwrites without a word is not here: alarms, dashboards, event rules and
// targets, scaling policies and schedules, the policies of roles, topics, queues
// and buckets, and the web ACL of a balancer, which its next association replaces.
var uniques = []unique{
	{gatewayType, []string{"vpcId"}, regional,
		"Resource.AlreadyAssociated: Network {vpcId} already has an internet gateway attached"},
	{natType, []string{"allocationId"}, regional,
		"Resource.AlreadyAssociated: Elastic IP address [{allocationId}] is already associated"},
	{"aws:ec2/securityGroup:SecurityGroup", []string{"vpcId", "name"}, regional,
		"InvalidGroup.Duplicate: The security group '{name}' already exists for VPC '{vpcId}'"},
	{"aws:ec2/launchTemplate:LaunchTemplate", []string{"name"}, regional,
		"InvalidLaunchTemplateName.AlreadyExistsException: Launch template name already in use."},
	{"aws:ec2/route:Route", []string{"destinationCidrBlock", "routeTableId"}, regional,
		"RouteAlreadyExists: The route identified by {destinationCidrBlock} already exists."},
	{"aws:ec2/routeTableAssociation:RouteTableAssociation", []string{"subnetId"}, regional,
		"Resource.AlreadyAssociated: the specified association for route table {routeTableId} conflicts with an existing association"},
	{"aws:ec2/vpcPeeringConnection:VpcPeeringConnection", []string{"vpcId", "peerVpcId"}, regional,
		"VpcPeeringConnectionAlreadyExists: A VPC peering connection between {vpcId} and {peerVpcId} already exists"},
	{ingressType, rule, regional, duplicateRule}, {egressType, rule, regional, duplicateRule},
	{balancerType, []string{"name"}, regional, "DuplicateLoadBalancerName: A load balancer with the same name '{name}' exists"},
	{"aws:lb/targetGroup:TargetGroup", []string{"name"}, regional,
		"DuplicateTargetGroupName: A target group with the same name '{name}' exists"},
	{listenerType, []string{"loadBalancerArn", "port"}, regional,
		"DuplicateListener: A listener already exists on this port for this load balancer '{loadBalancerArn}'"},
	{"aws:lb/listenerRule:ListenerRule", []string{"listenerArn", "priority"}, regional,
		"PriorityInUse: Priority '{priority}' is currently in use"},
	{groupType, []string{"name"}, regional,
		"AlreadyExists: AutoScalingGroup by this name already exists - A group with the name {name} already exists"},
	{databaseType, []string{"identifier"}, regional, "DBInstanceAlreadyExists: DB instance already exists"},
	{"aws:rds/parameterGroup:ParameterGroup", []string{"name"}, regional,
		"DBParameterGroupAlreadyExists: Parameter group {name} already exists"},
	{"aws:rds/subnetGroup:SubnetGroup", []string{"name"}, regional,
		"DBSubnetGroupAlreadyExists: The DB subnet group '{name}' already exists."},
	{"aws:rds/eventSubscription:EventSubscription", []string{"name"}, regional,
		"SubscriptionAlreadyExist: Subscription {name} already exists"},
	{cacheType, []string{"replicationGroupId"}, regional,
		"ReplicationGroupAlreadyExists: Replication group {replicationGroupId} already exists"},
	{"aws:elasticache/parameterGroup:ParameterGroup", []string{"name"}, regional,
		"CacheParameterGroupAlreadyExists: A parameter group with the name {name} already exists"},
	{"aws:elasticache/subnetGroup:SubnetGroup", []string{"name"}, regional,
		"CacheSubnetGroupAlreadyExists: Cache subnet group {name} already exists."},
	{bucketType, []string{"bucket"}, global,
		"BucketAlreadyOwnedByYou: Your previous request to create the named bucket succeeded and you already own it."},
	{"aws:sqs/queue:Queue", []string{"name"}, tolerant,
		"QueueAlreadyExists: A queue already exists with the same name and a different value for attributes"},
	{"aws:sns/topic:Topic", []string{"name"}, tolerant,
		"InvalidParameter: Invalid parameter: Attributes Reason: Topic already exists with different attributes"},
	{"aws:cloudwatch/logGroup:LogGroup", []string{"name"}, regional,
		"ResourceAlreadyExistsException: The specified log group already exists"},
	{functionType, []string{"name"}, regional, "ResourceConflictException: Function already exist: {name}"},
	{"aws:lambda/permission:Permission", []string{"statementId", "function"}, regional,
		"ResourceConflictException: The statement id ({statementId}) provided already exists"},
	{roleType, []string{"name"}, global, "EntityAlreadyExists: Role with name {name} already exists."},
	{"aws:iam/policy:Policy", []string{"name"}, global,
		"EntityAlreadyExists: A policy called {name} already exists. Duplicate names are not allowed."},
	{"aws:iam/instanceProfile:InstanceProfile", []string{"name"}, global,
		"EntityAlreadyExists: Instance Profile {name} already exists."},
	{"aws:iam/openIdConnectProvider:OpenIdConnectProvider", []string{"url"}, global,
		"EntityAlreadyExists: Provider with url {url} already exists."},
	{"aws:kms/alias:Alias", []string{"name"}, regional, "AlreadyExistsException: An alias with the name {name} already exists"},
	{secretType, []string{"name"}, regional,
		"ResourceExistsException: The operation failed because the secret {name} already exists."},
	{"aws:wafv2/webAcl:WebAcl", []string{"scope", "name"}, regional,
		"WAFDuplicateItemException: AWS WAF couldn't perform the operation " +
			"because some resource in your request is a duplicate of an existing one."},
}

const (
	ingressType   = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"
	egressType    = "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule"
	duplicateRule = "InvalidPermission.Duplicate: the specified rule \"peer: {cidrIpv4}{referencedSecurityGroupId}, {ipProtocol}, " +
		"from port: {fromPort}, to port: {toPort}, ALLOW\" already exists"
)

// rule is all that makes a security group's rule the same as another.
var rule = []string{"securityGroupId", "ipProtocol", "fromPort", "toPort", "cidrIpv4", "cidrIpv6", "prefixListId",
	"referencedSecurityGroupId"}

// taken is the refusal of what is there already, be it old and about to go: an
// update that replaces makes the new one first. self is what r is an update of.
func taken(s *cloud.Store, r, self *cloud.Resource) error {
	for _, u := range uniques {
		if u.of != r.Type || r.Outputs[u.by[0]] == nil {
			continue
		}
		for _, other := range s.List(r.Type) {
			if other != self && u.same(other, r) {
				return errors.New(expand(u.refused, r.Outputs))
			}
		}
	}
	switch r.Type {
	case subnetType:
		return subnetConflict(s, r, self)
	case recordType:
		return recordConflict(s, r, self)
	case secretType:
		return scheduled(s, r)
	}
	return nil
}

func (u unique) same(a, b *cloud.Resource) bool {
	if u.scope != global && a.Region != b.Region {
		return false
	}
	for _, key := range u.by {
		if !reflect.DeepEqual(a.Outputs[key], b.Outputs[key]) {
			return false
		}
	}
	return u.scope != tolerant || !reflect.DeepEqual(attributes(a), attributes(b))
}

// attributes are the inputs of r without its tags, which are none of them.
func attributes(r *cloud.Resource) map[string]any {
	all := maps.Clone(r.Inputs)
	maps.DeleteFunc(all, func(key string, _ any) bool { return strings.HasPrefix(key, "tags") })
	return all
}
