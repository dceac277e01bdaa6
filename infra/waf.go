package infra

import (
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/cloudwatch"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// requestsPerAddress is how many requests one address may make in five minutes:
// a person reading fast, many times over, behind a shared address.
const requestsPerAddress = 3000

// probes are what the regions and the balancer ask; apiPaths take stories,
// comments and names, which may be about SQL or HTML.
const (
	probes   = "/healthz/"
	apiPaths = "/v1/"
)

// freeText are the managed rules that take text for an attack, by their group
// and with the label that each leaves when it only counts (AWS WAF: AWS Managed
// Rules rule groups list). A long story is a body above the 8 KB that the first
// thinks normal.
var freeText = map[string][]textRule{
	"AWSManagedRulesCommonRuleSet": {
		{"SizeRestrictions_BODY", "awswaf:managed:aws:core-rule-set:SizeRestrictions_Body"},
		{"EC2MetaDataSSRF_BODY", "awswaf:managed:aws:core-rule-set:EC2MetaDataSSRF_Body"},
		{"GenericLFI_BODY", "awswaf:managed:aws:core-rule-set:GenericLFI_Body"},
		{"GenericRFI_BODY", "awswaf:managed:aws:core-rule-set:GenericRFI_Body"},
		{"CrossSiteScripting_BODY", "awswaf:managed:aws:core-rule-set:CrossSiteScripting_Body"},
	},
	"AWSManagedRulesKnownBadInputsRuleSet": {
		{"JavaDeserializationRCE_BODY", "awswaf:managed:aws:known-bad-inputs:JavaDeserializationRCE_Body"},
		{"Log4JRCE_BODY", "awswaf:managed:aws:known-bad-inputs:Log4JRCE_Body"},
	},
	"AWSManagedRulesSQLiRuleSet": {
		{"SQLi_BODY", "awswaf:managed:aws:sql-database:SQLi_Body"},
		{"SQLiExtendedPatterns_BODY", "awswaf:managed:aws:sql-database:SQLiExtendedPatterns_Body"},
	},
}

// textRule is a managed rule and its label.
type textRule struct{ name, label string }

// webACL has the ARN, by which the association knows it.
type webACL struct {
	pulumi.CustomResourceState

	ARN pulumi.StringOutput `pulumi:"arn"`
}

// protect puts the web ACL before the load balancer. What reads bodies counts,
// and a rule of our own blocks what was counted anywhere but on the API.
func (e *Edge) protect(s *scope, secrets *Secrets) {
	acl := add(s, "waf", byToken[webACL]("wafv2", "WebAcl"), pulumi.Map{
		"scope":            pulumi.String("REGIONAL"),
		"defaultAction":    pulumi.Map{"allow": pulumi.Map{}},
		"visibilityConfig": visible("edge"),
		"tags":             named(s, "edge"),
		"rules": pulumi.Array{
			blocking(0, "rate", pulumi.Map{"rateBasedStatement": pulumi.Map{
				"aggregateKeyType": pulumi.String("IP"), "limit": pulumi.Int(requestsPerAddress), "evaluationWindowSec": pulumi.Int(300),
				// All instances of a region ask the other one from a few addresses.
				"scopeDownStatement": elsewhereThan(probes)}}),
			managed(1, "AWSManagedRulesAmazonIpReputationList"),
			managed(2, "AWSManagedRulesCommonRuleSet"),
			managed(3, "AWSManagedRulesKnownBadInputsRuleSet"),
			managed(4, "AWSManagedRulesSQLiRuleSet"),
			blocking(5, "text", pulumi.Map{"andStatement": pulumi.Map{"statements": pulumi.Array{
				pulumi.Map{"orStatement": pulumi.Map{"statements": labelled()}}, elsewhereThan(apiPaths)}}}),
		},
	})
	add(s, "waf-edge", byToken[pulumi.CustomResourceState]("wafv2", "WebAclAssociation"), pulumi.Map{"resourceArn": e.Balancer.Arn, "webAclArn": acl.ARN})
	logWAF(s, acl, secrets)
}

// logWAF keeps which requests were blocked or counted, and by which rule. WAF
// takes a log group of this name only (AWS WAF: Sending web ACL traffic logs to
// an Amazon CloudWatch Logs log group); who signed in stays out of it.
func logWAF(s *scope, acl *webACL, secrets *Secrets) {
	in := logGroup(s, "waf-log", secrets)
	in.Name = pulumi.Sprintf("aws-waf-logs-%s-%s", s.ctx.Project(), s.ctx.Stack())
	logs := add(s, "waf-log", cloudwatch.NewLogGroup, in)
	add(s, "waf-logging", byToken[pulumi.CustomResourceState]("wafv2", "WebAclLoggingConfiguration"), pulumi.Map{
		"resourceArn":           acl.ARN,
		"logDestinationConfigs": pulumi.StringArray{logs.Arn},
		"loggingFilter": pulumi.Map{"defaultBehavior": pulumi.String("DROP"), "filters": pulumi.Array{pulumi.Map{
			"behavior": pulumi.String("KEEP"), "requirement": pulumi.String("MEETS_ANY"),
			"conditions": pulumi.Array{
				pulumi.Map{"actionCondition": pulumi.Map{"action": pulumi.String("BLOCK")}},
				pulumi.Map{"actionCondition": pulumi.Map{"action": pulumi.String("COUNT")}}},
		}}},
		"redactedFields": pulumi.Array{
			pulumi.Map{"singleHeader": pulumi.Map{"name": pulumi.String("authorization")}},
			pulumi.Map{"singleHeader": pulumi.Map{"name": pulumi.String("cookie")}}},
	})
}

// labelled holds for a request that one of the rules of freeText counted.
func labelled() pulumi.Array {
	var any pulumi.Array
	for _, group := range sortedKeys(freeText) {
		for _, rule := range freeText[group] {
			any = append(any, pulumi.Map{"labelMatchStatement": pulumi.Map{"scope": pulumi.String("LABEL"), "key": pulumi.String(rule.label)}})
		}
	}
	return any
}

// elsewhereThan holds for a request whose path does not begin so.
func elsewhereThan(path string) pulumi.Map {
	return pulumi.Map{"notStatement": pulumi.Map{"statements": pulumi.Array{pulumi.Map{"byteMatchStatement": pulumi.Map{
		"fieldToMatch": pulumi.Map{"uriPath": pulumi.Map{}}, "positionalConstraint": pulumi.String("STARTS_WITH"),
		"searchString":        pulumi.String(path),
		"textTransformations": pulumi.Array{pulumi.Map{"priority": pulumi.Int(0), "type": pulumi.String("NONE")}},
	}}}}}
}

// blocking is a rule of our own, which blocks.
func blocking(priority int, name string, statement pulumi.Map) pulumi.Map {
	return pulumi.Map{
		"name": pulumi.String(name), "priority": pulumi.Int(priority),
		"action":           pulumi.Map{"block": pulumi.Map{}},
		"statement":        statement,
		"visibilityConfig": visible(name),
	}
}

// managed is a group of rules that AWS keeps up to date; those of freeText only
// count.
func managed(priority int, name string) pulumi.Map {
	group := pulumi.Map{"vendorName": pulumi.String("AWS"), "name": pulumi.String(name)}
	if rules := freeText[name]; len(rules) > 0 {
		group["ruleActionOverrides"] = pulumi.Array(plural(rules, func(rule textRule) pulumi.Input {
			return pulumi.Map{"name": pulumi.String(rule.name), "actionToUse": pulumi.Map{"count": pulumi.Map{}}}
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
