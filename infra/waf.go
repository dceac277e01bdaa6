package infra

import "github.com/pulumi/pulumi/sdk/v3/go/pulumi"

// requestsPerAddress is how many requests one address may make in five minutes:
// a person reading fast, many times over, behind a shared address.
const requestsPerAddress = 3000

// webACL has the ARN, by which the association knows it.
type webACL struct {
	pulumi.CustomResourceState

	ARN pulumi.StringOutput `pulumi:"arn"`
}

// protect puts the web ACL before the load balancer.
func (e *Edge) protect(s *scope) {
	acl := add(s, "waf", byToken[webACL]("wafv2", "WebAcl"), pulumi.Map{
		"scope":            pulumi.String("REGIONAL"),
		"defaultAction":    pulumi.Map{"allow": pulumi.Map{}},
		"visibilityConfig": visible("edge"),
		"tags":             named(s, "edge"),
		"rules": pulumi.Array{
			pulumi.Map{
				"name": pulumi.String("rate"), "priority": pulumi.Int(0),
				"action": pulumi.Map{"block": pulumi.Map{}},
				"statement": pulumi.Map{"rateBasedStatement": pulumi.Map{
					"aggregateKeyType": pulumi.String("IP"), "limit": pulumi.Int(requestsPerAddress), "evaluationWindowSec": pulumi.Int(300)}},
				"visibilityConfig": visible("rate"),
			},
			managed(1, "AWSManagedRulesAmazonIpReputationList"),
			// A long story is a body above the 8 KB that the rule thinks normal.
			managed(2, "AWSManagedRulesCommonRuleSet", "SizeRestrictions_BODY"),
			managed(3, "AWSManagedRulesKnownBadInputsRuleSet"),
			managed(4, "AWSManagedRulesSQLiRuleSet"),
		},
	})
	add(s, "waf-edge", byToken[pulumi.CustomResourceState]("wafv2", "WebAclAssociation"), pulumi.Map{"resourceArn": e.Balancer.Arn, "webAclArn": acl.ARN})
}

// managed is a group of rules that AWS keeps up to date; those in counted only
// count.
func managed(priority int, name string, counted ...string) pulumi.Map {
	group := pulumi.Map{"vendorName": pulumi.String("AWS"), "name": pulumi.String(name)}
	if len(counted) > 0 {
		group["ruleActionOverrides"] = pulumi.Array(plural(counted, func(rule string) pulumi.Input {
			return pulumi.Map{"name": pulumi.String(rule), "actionToUse": pulumi.Map{"count": pulumi.Map{}}}
		}))
	}
	return pulumi.Map{
		"name": pulumi.String(name), "priority": pulumi.Int(priority),
		"overrideAction":   pulumi.Map{"none": pulumi.Map{}},
		"statement":        pulumi.Map{"managedRuleGroupStatement": group},
		"visibilityConfig": visible(name),
	}
}

func visible(metric string) pulumi.Map {
	return pulumi.Map{"cloudwatchMetricsEnabled": pulumi.Bool(true), "sampledRequestsEnabled": pulumi.Bool(true), "metricName": pulumi.String(metric)}
}
