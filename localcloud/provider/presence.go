package provider

import (
	"fmt"
	"strings"

	"newsfeed/localcloud/cloud"
)

// presence is what AWS looks for when it is asked for a resource of a type. The
// package order refuses a program that does not declare it; this is what comes
// of one that got past that, at the moment of the call.
type presence struct {
	of      string                                      // type
	lacks   func(s *cloud.Store, r *cloud.Resource) any // what the refusal names; nil when all is there
	refused string                                      // as the provider words it; %[1]s is the id, %[2]v what is lacking
	source  string
}

const (
	gatewayType    = "aws:ec2/internetGateway:InternetGateway"
	attachmentType = "aws:ec2/internetGatewayAttachment:InternetGatewayAttachment"
	natType        = "aws:ec2/natGateway:NatGateway"
	subnetType     = "aws:ec2/subnet:Subnet"
	vpcType        = "aws:ec2/vpc:Vpc"
	balancerType   = "aws:lb/loadBalancer:LoadBalancer"
	listenerType   = "aws:lb/listener:Listener"
	databaseType   = "aws:rds/instance:Instance"
	recordType     = "aws:route53/record:Record"
	bucketType     = "aws:s3/bucketV2:BucketV2"
	keyType        = "aws:kms/key:Key"
	secretType     = "aws:secretsmanager/secret:Secret"
	groupType      = "aws:autoscaling/group:Group"
	cacheType      = "aws:elasticache/replicationGroup:ReplicationGroup"
	functionType   = "aws:lambda/function:Function"
	roleType       = "aws:iam/role:Role"
)

var presences = []presence{
	{natType, func(s *cloud.Store, r *cloud.Resource) any {
		if r.String("connectivityType") == "private" {
			return nil
		}
		return unattached(s, r.Region, r.String("subnetId"))
	}, "waiting for EC2 NAT Gateway (%[1]s) create: unexpected state 'failed', wanted target 'available'. " +
		"last error: Gateway.NotAttached: Network %[2]v has no Internet gateway attached", "EC2 API, NatGateway.failureCode"},
	{balancerType, func(s *cloud.Store, r *cloud.Resource) any {
		if subnets := r.Strings("subnets"); !r.Bool("internal") && len(subnets) > 0 {
			return unattached(s, r.Region, subnets[0])
		}
		return nil
	}, "creating ELBv2 application Load Balancer (%[1]s): InvalidSubnet: VPC %[2]v has no internet gateway",
		"terraform-provider-aws 4587"},
	{balancerType, func(s *cloud.Store, r *cloud.Resource) any {
		var logs struct {
			Enabled bool
			Bucket  string
		}
		if r.Decode("accessLogs", &logs) != nil || !logs.Enabled || own(s, "aws:s3/bucketPolicy:BucketPolicy", "bucket", logs.Bucket) {
			return nil
		}
		return logs.Bucket
	}, "modifying ELBv2 Load Balancer (%[1]s) attributes: InvalidConfigurationRequest: Access Denied for bucket: %[2]v. " +
		"Please check S3bucket permission", "aws-load-balancer-controller 1956"},
	{databaseType, func(s *cloud.Store, r *cloud.Resource) any { return powerless(s, r.String("monitoringRoleArn")) },
		"creating RDS DB Instance (%[1]s): InvalidParameterValue: IAM role ARN value is invalid or does not include the required " +
			"permissions for: ENHANCED_MONITORING (%[2]v)", "pulumi 5628"},
	{functionType, func(s *cloud.Store, r *cloud.Resource) any {
		if r.Outputs["deadLetterConfig"] == nil {
			return nil
		}
		return powerless(s, r.String("role"))
	}, "creating Lambda Function (%[1]s): InvalidParameterValueException: The provided execution role does not have permissions " +
		"to call SendMessage on SQS (%[2]v)", "elastic/beats 13963"},
	{"aws:s3/bucketReplicationConfig:BucketReplicationConfig", func(s *cloud.Store, r *cloud.Resource) any {
		const versioning = "aws:s3/bucketVersioningV2:BucketVersioningV2"
		bucket := r.String("bucket")
		if !own(s, bucketType, "bucket", bucket) || own(s, versioning, "bucket", bucket) {
			return nil
		}
		return bucket
	}, "creating S3 Bucket Replication Configuration (%[1]s): InvalidRequest: Versioning must be 'Enabled' on the bucket to apply " +
		"a replication configuration (%[2]v)", "S3 API, PutBucketReplication"},
	{listenerType, func(s *cloud.Store, r *cloud.Resource) any {
		const certificate, valid = "aws:acm/certificate:Certificate", "aws:acm/certificateValidation:CertificateValidation"
		arn := r.String("certificateArn")
		if !own(s, certificate, "arn", arn) || own(s, valid, "certificateArn", arn) {
			return nil
		}
		return arn
	}, "creating ELBv2 Listener (%[1]s): UnsupportedCertificate: The certificate '%[2]v' must have a fully-qualified domain name, " +
		"a supported signature, and a supported key size", "terraform-provider-aws, aws_acm_certificate_validation"},
	{"aws:ec2/peeringConnectionOptions:PeeringConnectionOptions", func(s *cloud.Store, r *cloud.Resource) any {
		const accepter = "aws:ec2/vpcPeeringConnectionAccepter:VpcPeeringConnectionAccepter"
		id := r.String("vpcPeeringConnectionId")
		if own(s, accepter, "vpcPeeringConnectionId", id) {
			return nil
		}
		return id
	}, "modifying EC2 VPC Peering Connection Options (%[1]s): OperationNotPermitted: Peering %[2]v is not active. " +
		"Peering options can be added only to active peerings.", "terraform-provider-aws, aws_vpc_peering_connection_options"},
	{recordType, func(s *cloud.Store, r *cloud.Resource) any {
		target, zone := aliasOf(r)
		if target == "" || zone != r.String("zoneId") || own(s, recordType, "name", target) {
			return nil
		}
		return target
	}, "creating Route53 Record (%[1]s): InvalidChangeBatch: [Tried to create an alias that targets %[2]v., but that target was " +
		"not found]", "barnybug/cli53 227"},
}

// lacking is the refusal of a resource for which something is not there yet.
func lacking(s *cloud.Store, r *cloud.Resource) error {
	for _, p := range presences {
		if p.of != r.Type {
			continue
		}
		if what := p.lacks(s, r); what != nil {
			return fmt.Errorf(p.refused, r.ID, what)
		}
	}
	return nil
}

// own says whether the store has a resource of the type whose output is value.
func own(s *cloud.Store, typ, output, value string) bool {
	return value != "" && s.ByOutput(typ, output, value) != nil
}

// unattached returns the VPC of a subnet of ours that has no internet gateway.
func unattached(s *cloud.Store, region, subnet string) any {
	in := s.Get(region, subnetType, subnet)
	if in == nil {
		return nil // somebody else's
	}
	vpc := in.String("vpcId")
	if own(s, gatewayType, "vpcId", vpc) || own(s, attachmentType, "vpcId", vpc) {
		return nil
	}
	return vpc
}

// powerless returns the ARN of a role of ours that was given nothing.
func powerless(s *cloud.Store, arn string) any {
	role := s.ByOutput(roleType, "arn", arn)
	if arn == "" || role == nil || role.Outputs["inlinePolicies"] != nil || role.Outputs["managedPolicyArns"] != nil {
		return nil
	}
	for _, typ := range []string{"aws:iam/rolePolicy:RolePolicy", "aws:iam/rolePolicyAttachment:RolePolicyAttachment"} {
		if own(s, typ, "role", role.String("name")) {
			return nil
		}
	}
	return arn
}

// aliasOf is what a record is another name for, and in which zone.
func aliasOf(r *cloud.Resource) (name, zone string) {
	var aliases []struct{ Name, ZoneID string }
	if r.Decode("aliases", &aliases) != nil || len(aliases) == 0 {
		return "", ""
	}
	return strings.TrimSuffix(aliases[0].Name, "."), aliases[0].ZoneID
}
