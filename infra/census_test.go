package infra

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// calls are what the AWS provider calls to make, change and remove a resource of a
// type: the service, then the calls (terraform-provider-aws 5.100, the CRUD
// functions of each resource; reads and waits, which are of the same service and
// region, are left out). All are of a control plane.
var calls = map[string]struct{ service, create, update, remove string }{
	"aws:autoscaling/group:Group":                       {"autoscaling", "CreateAutoScalingGroup", "UpdateAutoScalingGroup", "DeleteAutoScalingGroup"},
	"aws:autoscaling/policy:Policy":                     {"autoscaling", "PutScalingPolicy", "PutScalingPolicy", "DeletePolicy"},
	"aws:cloudwatch/compositeAlarm:CompositeAlarm":      {"monitoring", "PutCompositeAlarm", "PutCompositeAlarm", "DeleteAlarms"},
	"aws:cloudwatch/dashboard:Dashboard":                {"monitoring", "PutDashboard", "PutDashboard", "DeleteDashboards"},
	"aws:cloudwatch/logGroup:LogGroup":                  {"logs", "CreateLogGroup, PutRetentionPolicy", "PutRetentionPolicy", "DeleteLogGroup"},
	"aws:cloudwatch/metricAlarm:MetricAlarm":            {"monitoring", "PutMetricAlarm", "PutMetricAlarm", "DeleteAlarms"},
	"aws:ec2/eip:Eip":                                   {"ec2", "AllocateAddress", "CreateTags", "ReleaseAddress"},
	"aws:ec2/launchTemplate:LaunchTemplate":             {"ec2", "CreateLaunchTemplate", "CreateLaunchTemplateVersion", "DeleteLaunchTemplate"},
	"aws:ec2/natGateway:NatGateway":                     {"ec2", "CreateNatGateway", "CreateTags", "DeleteNatGateway"},
	"aws:ec2/route:Route":                               {"ec2", "CreateRoute", "ReplaceRoute", "DeleteRoute"},
	"aws:elasticache/parameterGroup:ParameterGroup":     {"elasticache", "CreateCacheParameterGroup", "ModifyCacheParameterGroup", "DeleteCacheParameterGroup"},
	"aws:elasticache/replicationGroup:ReplicationGroup": {"elasticache", "CreateReplicationGroup", "ModifyReplicationGroup, ModifyReplicationGroupShardConfiguration", "DeleteReplicationGroup"},
	"aws:elasticache/subnetGroup:SubnetGroup":           {"elasticache", "CreateCacheSubnetGroup", "ModifyCacheSubnetGroup", "DeleteCacheSubnetGroup"},
	"aws:lb/listener:Listener":                          {"elasticloadbalancing", "CreateListener", "ModifyListener", "DeleteListener"},
	"aws:lb/targetGroup:TargetGroup":                    {"elasticloadbalancing", "CreateTargetGroup", "ModifyTargetGroup", "DeleteTargetGroup"},
	"aws:rds/eventSubscription:EventSubscription":       {"rds", "CreateEventSubscription", "ModifyEventSubscription", "DeleteEventSubscription"},
	"aws:rds/instance:Instance":                         {"rds", "CreateDBInstance or RestoreDBInstanceToPointInTime", "PromoteReadReplica, ModifyDBInstance", "DeleteDBInstance"},
	"aws:rds/parameterGroup:ParameterGroup":             {"rds", "CreateDBParameterGroup, ModifyDBParameterGroup", "ModifyDBParameterGroup", "DeleteDBParameterGroup"},
	"aws:rds/subnetGroup:SubnetGroup":                   {"rds", "CreateDBSubnetGroup", "ModifyDBSubnetGroup", "DeleteDBSubnetGroup"},
	"aws:secretsmanager/secretVersion:SecretVersion":    {"secretsmanager", "PutSecretValue", "UpdateSecretVersionStage", "UpdateSecretVersionStage"},
}

// always are the calls of every `up`: who it is, asked in the stack's own region.
var always = []string{"sts GetCallerIdentity, ap-northeast-1"}

// The census of a failover: which AWS APIs the promotion of the standby calls, and
// where. It needs neither the region that is lost nor us-east-1, which holds the
// control planes of IAM and Route 53 (AWS Fault Isolation Boundaries, global
// services). A new line is for review; make golden writes it.
func TestTheCensusOfAFailoverNamesNoRegionButItsOwn(t *testing.T) {
	t.Parallel()
	for _, strategy := range strategies {
		before := mustDeploy(t, "tokyo", settings{"strategy": string(strategy)})
		after := mustDeploy(t, "tokyo", settings{"strategy": string(strategy), "role": "primary"})
		census := census(t, before, after)
		golden(t, fmt.Sprintf("tokyo.%s.census", strategy), strings.Join(census, "\n")+"\n")
		for _, line := range census {
			if strings.Contains(line, "us-east-1") || strings.Contains(line, "ap-northeast-2") {
				t.Errorf("%s: a failover needs %s", strategy, line)
			}
		}
	}
}

// census are the calls that lead from one plan to another, each once, with what
// they are for.
func census(t *testing.T, from, to *plan) []string {
	t.Helper()
	resources := map[string][]string{} // by call
	note := func(name, call string, r planned) {
		known, is := calls[r.Type]
		if !is {
			t.Errorf("%s is of the type %s, whose calls the census does not know", name, r.Type)
			return
		}
		line := fmt.Sprintf("%s %s, %s", known.service, call, whereabouts(r))
		resources[line] = append(resources[line], name)
	}
	for name, r := range to.Resources {
		old, was := from.Resources[name]
		switch {
		case !was:
			note(name, calls[r.Type].create, r)
		case old.text(name) != r.text(name):
			note(name, calls[r.Type].update, r)
		}
	}
	for name, r := range from.Resources {
		if _, still := to.Resources[name]; !still {
			note(name, calls[r.Type].remove, r)
		}
	}
	lines := slices.Clone(always)
	for _, call := range sortedKeys(resources) {
		slices.Sort(resources[call])
		lines = append(lines, fmt.Sprintf("%s, control plane: %s", call, strings.Join(resources[call], " ")))
	}
	return lines
}

// whereabouts is the region whose API makes the resource: a stack's own, but for
// what another provider makes, and for the services that are in one region only.
func whereabouts(r planned) string {
	for _, global := range []string{"aws:iam/", "aws:route53/"} {
		if strings.HasPrefix(r.Type, global) {
			return "us-east-1"
		}
	}
	return map[string]string{"": "ap-northeast-1", "peer": "ap-northeast-2", "world": "us-east-1"}[r.Provider]
}
