package provider

import (
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"maps"
	"strconv"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"

	"newsfeed/localcloud/cloud"
)

// Account is the number of the account that everything belongs to.
const Account = "000000000000"

// identity says how AWS names a resource of a type. Templates take {region},
// {account}, {random} (17 hex digits, one draw a resource), {id}, {arn} and
// every property; what is left of an absent property is empty.
type identity struct {
	id      string // default: {name}, else the kind and {random}
	arn     string
	outputs map[string]string // further computed outputs, unless given
}

var identities = map[string]identity{
	"aws:ec2/vpc:Vpc": {id: "vpc-{random}", arn: ec2("vpc"), outputs: map[string]string{
		"defaultSecurityGroupId": "sg-{random}", "defaultRouteTableId": "rtb-{random}", "mainRouteTableId": "rtb-{random}", "defaultNetworkAclId": "acl-{random}"}},
	"aws:ec2/subnet:Subnet":                                             {id: "subnet-{random}", arn: ec2("subnet")},
	"aws:ec2/internetGateway:InternetGateway":                           {id: "igw-{random}", arn: ec2("internet-gateway")},
	"aws:ec2/natGateway:NatGateway":                                     {id: "nat-{random}"},
	"aws:ec2/eip:Eip":                                                   {id: "eipalloc-{random}", arn: ec2("elastic-ip"), outputs: map[string]string{"allocationId": "{id}", "publicIp": "192.0.2.1"}},
	"aws:ec2/routeTable:RouteTable":                                     {id: "rtb-{random}", arn: ec2("route-table")},
	"aws:ec2/route:Route":                                               {id: "r-{routeTableId}{destinationCidrBlock}"},
	"aws:ec2/routeTableAssociation:RouteTableAssociation":               {id: "rtbassoc-{random}"},
	"aws:ec2/securityGroup:SecurityGroup":                               {id: "sg-{random}", arn: ec2("security-group")},
	"aws:ec2/defaultSecurityGroup:DefaultSecurityGroup":                 {id: "sg-{random}", arn: ec2("security-group")},
	"aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule":         {id: "sgr-{random}", arn: ec2("security-group-rule"), outputs: map[string]string{"securityGroupRuleId": "{id}"}},
	"aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule":           {id: "sgr-{random}", arn: ec2("security-group-rule"), outputs: map[string]string{"securityGroupRuleId": "{id}"}},
	"aws:ec2/vpcEndpoint:VpcEndpoint":                                   {id: "vpce-{random}", arn: ec2("vpc-endpoint"), outputs: map[string]string{"prefixListId": "pl-{random}", "state": "available"}},
	"aws:ec2/vpcPeeringConnection:VpcPeeringConnection":                 {id: "pcx-{random}", outputs: map[string]string{"acceptStatus": "pending-acceptance"}},
	"aws:ec2/vpcPeeringConnectionAccepter:VpcPeeringConnectionAccepter": {id: "{vpcPeeringConnectionId}", outputs: map[string]string{"acceptStatus": "active"}},
	"aws:ec2/flowLog:FlowLog":                                           {id: "fl-{random}", arn: ec2("vpc-flow-log")},
	"aws:ec2/launchTemplate:LaunchTemplate":                             {id: "lt-{random}", arn: ec2("launch-template")},
	"aws:lb/loadBalancer:LoadBalancer": {id: "{arn}", arn: "arn:aws:elasticloadbalancing:{region}:{account}:loadbalancer/app/{name}/{random}",
		outputs: map[string]string{"dnsName": "{name}-{random}.{region}.elb.amazonaws.com", "zoneId": "ZLB{region}", "arnSuffix": "app/{name}/{random}"}},
	"aws:lb/targetGroup:TargetGroup": {id: "{arn}", arn: "arn:aws:elasticloadbalancing:{region}:{account}:targetgroup/{name}/{random}",
		outputs: map[string]string{"arnSuffix": "targetgroup/{name}/{random}"}},
	"aws:lb/listener:Listener":                            {id: "{arn}", arn: "arn:aws:elasticloadbalancing:{region}:{account}:listener/app/{random}"},
	"aws:lb/listenerRule:ListenerRule":                    {id: "{arn}", arn: "arn:aws:elasticloadbalancing:{region}:{account}:listener-rule/app/{random}"},
	"aws:acm/certificate:Certificate":                     {id: "{arn}", arn: "arn:aws:acm:{region}:{account}:certificate/{random}", outputs: map[string]string{"status": "ISSUED"}},
	"aws:acm/certificateValidation:CertificateValidation": {id: "{certificateArn}"},
	"aws:autoscaling/group:Group":                         {id: "{name}", arn: "arn:aws:autoscaling:{region}:{account}:autoScalingGroup:{random}:autoScalingGroupName/{name}"},
	"aws:autoscaling/lifecycleHook:LifecycleHook":         {id: "{autoscalingGroupName}:{name}"},
	"aws:autoscaling/policy:Policy":                       {id: "{name}", arn: "arn:aws:autoscaling:{region}:{account}:scalingPolicy:{random}"},
	"aws:autoscaling/schedule:Schedule":                   {id: "{scheduledActionName}", arn: "arn:aws:autoscaling:{region}:{account}:scheduledUpdateGroupAction:{random}"},
	"aws:rds/instance:Instance": {id: "{identifier}", arn: "arn:aws:rds:{region}:{account}:db:{identifier}",
		outputs: map[string]string{"identifier": "db-{random}", "resourceId": "db-{random}", "status": "available", "hostedZoneId": "ZRDS{region}"}},
	"aws:rds/instanceAutomatedBackupsReplication:InstanceAutomatedBackupsReplication": {id: "arn:aws:rds:{region}:{account}:auto-backup:ab-{random}"},
	"aws:rds/subnetGroup:SubnetGroup":                                                 {arn: "arn:aws:rds:{region}:{account}:subgrp:{name}"},
	"aws:rds/parameterGroup:ParameterGroup":                                           {arn: "arn:aws:rds:{region}:{account}:pg:{name}"},
	"aws:rds/eventSubscription:EventSubscription":                                     {arn: "arn:aws:rds:{region}:{account}:es:{name}"},
	"aws:elasticache/replicationGroup:ReplicationGroup":                               {id: "{replicationGroupId}", arn: "arn:aws:elasticache:{region}:{account}:replicationgroup:{replicationGroupId}"},
	"aws:elasticache/subnetGroup:SubnetGroup":                                         {arn: "arn:aws:elasticache:{region}:{account}:subnetgroup:{name}"},
	"aws:elasticache/parameterGroup:ParameterGroup":                                   {arn: "arn:aws:elasticache:{region}:{account}:parametergroup:{name}"},
	"aws:sqs/queue:Queue":                                                             {id: "{url}", arn: "arn:aws:sqs:{region}:{account}:{name}", outputs: map[string]string{"url": "https://sqs.{region}.amazonaws.com/{account}/{name}"}},
	"aws:sqs/queuePolicy:QueuePolicy":                                                 {id: "{queueUrl}"},
	"aws:sqs/redrivePolicy:RedrivePolicy":                                             {id: "{queueUrl}"},
	"aws:sqs/redriveAllowPolicy:RedriveAllowPolicy":                                   {id: "{queueUrl}"},
	"aws:s3/bucketV2:BucketV2":                                                        bucket,
	"aws:s3/bucketObjectv2:BucketObjectv2":                                            object,
	"aws:s3/bucketObject:BucketObject":                                                object,
	"aws:secretsmanager/secret:Secret":                                                {id: "{arn}", arn: "arn:aws:secretsmanager:{region}:{account}:secret:{name}-{random}"},
	"aws:secretsmanager/secretVersion:SecretVersion":                                  {id: "{secretId}|{random}", arn: "{secretId}", outputs: map[string]string{"versionId": "{random}"}},
	"aws:kms/key:Key":                                                                 {id: "{random}", arn: "arn:aws:kms:{region}:{account}:key/{id}", outputs: map[string]string{"keyId": "{id}"}},
	"aws:kms/alias:Alias":                                                             {arn: "arn:aws:kms:{region}:{account}:{name}"},
	"aws:iam/role:Role":                                                               {arn: "arn:aws:iam::{account}:role{path}{name}", outputs: map[string]string{"uniqueId": "AROA{random}"}},
	"aws:iam/policy:Policy":                                                           {id: "{arn}", arn: "arn:aws:iam::{account}:policy/{name}"},
	"aws:iam/rolePolicy:RolePolicy":                                                   {id: "{role}:{name}"},
	"aws:iam/rolePolicyAttachment:RolePolicyAttachment":                               {id: "{role}-{random}"},
	"aws:iam/instanceProfile:InstanceProfile":                                         {arn: "arn:aws:iam::{account}:instance-profile{path}{name}"},
	"aws:iam/openIdConnectProvider:OpenIdConnectProvider":                             {id: "{arn}", arn: "arn:aws:iam::{account}:oidc-provider/{random}"},
	"aws:route53/zone:Zone":                                                           {id: "Z{random}", arn: "arn:aws:route53:::hostedzone/{id}", outputs: map[string]string{"zoneId": "{id}"}},
	"aws:route53/record:Record":                                                       {id: "{zoneId}_{name}_{type}_{setIdentifier}", outputs: map[string]string{"fqdn": "{name}"}},
	"aws:route53/healthCheck:HealthCheck":                                             {id: "{random}", arn: "arn:aws:route53:::healthcheck/{id}"},
	"aws:sns/topic:Topic":                                                             {id: "{arn}", arn: "arn:aws:sns:{region}:{account}:{name}"},
	"aws:sns/topicPolicy:TopicPolicy":                                                 {id: "{arn}"},
	"aws:sns/topicSubscription:TopicSubscription":                                     {id: "{arn}", arn: "{topic}:{random}"},
	"aws:lambda/function:Function": {id: "{name}", arn: "arn:aws:lambda:{region}:{account}:function:{name}",
		outputs: map[string]string{"version": "$LATEST", "invokeArn": "arn:aws:apigateway:{region}:lambda:path/2015-03-31/functions/{arn}/invocations"}},
	"aws:cloudwatch/metricAlarm:MetricAlarm":       {arn: "arn:aws:cloudwatch:{region}:{account}:alarm:{name}"},
	"aws:cloudwatch/compositeAlarm:CompositeAlarm": {id: "{alarmName}", arn: "arn:aws:cloudwatch:{region}:{account}:alarm:{alarmName}"},
	"aws:cloudwatch/logGroup:LogGroup":             {arn: "arn:aws:logs:{region}:{account}:log-group:{name}"},
	"aws:cloudwatch/eventRule:EventRule":           {arn: "arn:aws:events:{region}:{account}:rule/{name}"},
	"aws:cloudwatch/dashboard:Dashboard":           {id: "{dashboardName}"},
	"aws:wafv2/webAcl:WebAcl":                      {id: "{random}", arn: "arn:aws:wafv2:{region}:{account}:regional/webacl/{name}/{random}"},
}

var bucket = identity{id: "{bucket}", arn: "arn:aws:s3:::{bucket}", outputs: map[string]string{
	"region": "{region}", "bucketDomainName": "{bucket}.s3.amazonaws.com", "bucketRegionalDomainName": "{bucket}.s3.{region}.amazonaws.com"}}

var object = identity{id: "{bucket}/{key}", arn: "arn:aws:s3:::{bucket}/{key}", outputs: map[string]string{"versionId": "{random}"}}

func ec2(kind string) string { return "arn:aws:ec2:{region}:{account}:" + kind + "/{id}" }

// recomputed lists what AWS computes anew at an update of the type, but for one
// of its tags alone.
var recomputed = map[string][]resource.PropertyKey{
	"aws:ec2/launchTemplate:LaunchTemplate":          {"latestVersion"},
	"aws:s3/bucketObjectv2:BucketObjectv2":           {"versionId", "etag"},
	"aws:secretsmanager/secretVersion:SecretVersion": {"versionId"},
}

// identify gives a new resource its id, its ARN and its other computed
// outputs, as AWS does on creation.
func identify(r *cloud.Resource, name string) {
	r.Outputs = maps.Clone(r.Inputs)
	of := identities[r.Type]
	fill := map[string]any{"region": r.Region, "account": Account, "random": random()}
	set := func(key, template string) {
		if _, given := r.Outputs[key]; !given {
			r.Outputs[key] = expand(template, fill, r.Outputs)
		}
		fill[key] = r.Outputs[key]
	}
	if identifier, ok := of.outputs["identifier"]; ok {
		set("identifier", identifier)
	}
	if url, ok := of.outputs["url"]; ok {
		set("url", url)
	}
	id := func() {
		template := of.id
		if template == "" {
			if _, named := r.Outputs["name"].(string); named {
				template = "{name}"
			} else {
				template = name + "-{random}"
			}
		}
		r.ID = strings.TrimSuffix(expand(template, fill, r.Outputs), "_")
		fill["id"] = r.ID
	}
	if of.id != "{arn}" {
		id()
	}
	if of.arn != "" {
		set("arn", of.arn)
	}
	id()
	for key, template := range of.outputs {
		set(key, template)
	}
	if r.Type == "aws:acm/certificate:Certificate" {
		r.Outputs["domainValidationOptions"] = validationOptions(r)
	}
	bump(r)
}

// validationOptions are the DNS records by which ACM asks for a proof.
func validationOptions(r *cloud.Resource) []any {
	names := append([]string{r.String("domainName")}, r.Strings("subjectAlternativeNames")...)
	var options []any
	for i, name := range names {
		options = append(options, map[string]any{
			"domainName":          name,
			"resourceRecordName":  fmt.Sprintf("_validate%d.%s.", i, strings.TrimPrefix(name, "*.")),
			"resourceRecordType":  "CNAME",
			"resourceRecordValue": "_validate.acm-validations.aws.",
		})
	}
	return options
}

// bump counts the versions of what has them: a new one for any change but that
// of tags.
func bump(r *cloud.Resource) {
	switch r.Type {
	case "aws:ec2/launchTemplate:LaunchTemplate":
		r.Outputs["latestVersion"] = float64(r.Int("latestVersion", 0) + 1)
	case "aws:s3/bucketObjectv2:BucketObjectv2", "aws:secretsmanager/secretVersion:SecretVersion":
		r.Outputs["versionId"] = random()
	}
}

// expand fills the {names} of a template from the first map that has them.
func expand(template string, from ...map[string]any) string {
	var out strings.Builder
	for {
		before, rest, found := strings.Cut(template, "{")
		out.WriteString(before)
		if !found {
			return out.String()
		}
		name, after, _ := strings.Cut(rest, "}")
		for _, m := range from {
			if v, ok := m[name]; ok && v != nil {
				out.WriteString(text(v))
				break
			}
		}
		template = after
	}
}

func text(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	}
	return fmt.Sprint(v)
}

// random draws 17 hex digits, the length of EC2's ids.
func random() string {
	raw := make([]byte, 9)
	rand.Read(raw)
	return hex.EncodeToString(raw)[:17]
}
