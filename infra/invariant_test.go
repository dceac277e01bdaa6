package infra

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
)

// everyPlan is each stack under each strategy, in both roles, and with the
// config that changes most of what is declared. Tests only read it.
func everyPlan(t *testing.T) map[string]*plan {
	t.Helper()
	allPlans.Do(func() { allPlans.plans = makePlans(t) })
	return allPlans.plans
}

var allPlans struct {
	sync.Once
	plans map[string]*plan
}

func makePlans(t *testing.T) map[string]*plan {
	t.Helper()
	sale := list{mapping{"name": "sale", "start": "2096-11-27T09:00", "end": "2096-11-28T02:00", "min": 4, "max": 12}}
	plans := map[string]*plan{
		"seoul without NAT": mustDeploy(t, "seoul", settings{"peer": nil, "network.nat": "none", "network.endpoints": plural(withoutNAT, func(s string) any { return s })}),
		"seoul with one NAT, readers, Spot, two zones and a sale": mustDeploy(t, "seoul", settings{"network.nat": "single", "database.readReplicas": 2,
			"worker.spotPercent": 50, "network.azs": list{"ap-northeast-2a", "ap-northeast-2c"}, "web.schedule": sale, "slackWebhook": hook, "ci": mapping{"repository": "example/newsfeed", "state": "newsfeed-state"}}),
		"seoul alone": mustDeploy(t, "seoul", settings{"peer": nil}),
	}
	for _, strategy := range strategies {
		for _, stack := range []string{"seoul", "tokyo"} {
			plans[fmt.Sprintf("%s %s", stack, strategy)] = mustDeploy(t, stack, settings{"strategy": string(strategy)})
		}
		plans[fmt.Sprintf("tokyo %s promoted", strategy)] = mustDeploy(t, "tokyo", settings{"strategy": string(strategy), "role": "primary"})
	}
	return plans
}

// Each invariant is asked of every resource of every plan; it returns what is
// wrong, or "".
func TestInvariants(t *testing.T) {
	t.Parallel()
	plans := everyPlan(t)
	for sentence, broken := range map[string]func(name string, r planned) string{
		"only the load balancer is public":                             exposed,
		"everything that can be encrypted is, with our key":            unencrypted,
		"no policy allows every action, or anything on every resource": overpowered,
		"no wildcard principal stands without a condition":             wildcardPrincipal,
		"no security group has inline rules":                           inlineRules,
		"every resource is tagged":                                     untagged,
		"every resource that holds data is protected":                  unprotected,
		"every secret is marked as one":                                leaked,
		"nothing refers to an output that was never known":             unresolved,
		"no input is unknown to the provider, and none is missing":     misfit,
		"every resource is made by one version of the provider":        outdated,
	} {
		t.Run(sentence, func(t *testing.T) {
			t.Parallel()
			for which, p := range plans {
				for name, r := range p.Resources {
					if problem := broken(name, r); problem != "" {
						t.Errorf("%s: %s (%s): %s", which, name, r.Type, problem)
					}
				}
			}
		})
	}
}

func exposed(name string, r planned) string {
	in := r.Inputs
	switch {
	case name == "edge-balancer" || strings.HasPrefix(name, "firewall-internet-to-edge-"):
	case in["internal"] == false, in["publiclyAccessible"] == true, in["mapPublicIpOnLaunch"] == true, in["associatePublicIpAddress"] == true:
		return "is public"
	case strings.HasSuffix(r.Type, ":SecurityGroupIngressRule") && in["cidrIpv4"] == anywhere:
		return "lets everybody in"
	case strings.HasSuffix(r.Type, ":BucketPublicAccessBlock"):
		for _, key := range []string{"blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets"} {
			if in[key] != true {
				return "does not " + key
			}
		}
	}
	return ""
}

// keyOf says, for each type that can be encrypted, which property names the key.
var keyOf = map[string]string{
	"aws:cloudwatch/logGroup:LogGroup":                                                "kmsKeyId",
	"aws:elasticache/replicationGroup:ReplicationGroup":                               "kmsKeyId",
	"aws:rds/instance:Instance":                                                       "performanceInsightsKmsKeyId",
	"aws:rds/instanceAutomatedBackupsReplication:InstanceAutomatedBackupsReplication": "kmsKeyId",
	"aws:s3/bucketObjectv2:BucketObjectv2":                                            "kmsKeyId",
	"aws:secretsmanager/secret:Secret":                                                "kmsKeyId",
	"aws:sns/topic:Topic":                                                             "kmsMasterKeyId",
	"aws:sqs/queue:Queue":                                                             "kmsMasterKeyId",
	"aws:ec2/launchTemplate:LaunchTemplate":                                           "blockDeviceMappings.0.ebs.kmsKeyId",
	"aws:lambda/function:Function":                                                    "kmsKeyArn",
	"aws:s3/bucketServerSideEncryptionConfigurationV2:BucketServerSideEncryptionConfigurationV2": "rules.0.applyServerSideEncryptionByDefault.kmsMasterKeyId",
}

func unencrypted(name string, r planned) string {
	property, can := keyOf[r.Type]
	if !can || name == "storage-logs-encryption" { // load balancers write with S3's own key only
		return ""
	}
	ours := "${secrets-key.arn}"
	if r.Provider == "world" {
		ours = "${alerting-world-key.arn}"
	}
	if key := at(r.Inputs, property); key != ours {
		return fmt.Sprintf("%s is %v", property, key)
	}
	in := r.Inputs
	switch r.Type {
	case "aws:rds/instance:Instance":
		reader := strings.HasPrefix(name, "database-reader-") // takes its source's key
		if in["storageEncrypted"] != true || !reader && in["kmsKeyId"] != ours {
			return "is stored in the clear, or with a key of AWS"
		}
	case "aws:elasticache/replicationGroup:ReplicationGroup":
		if in["atRestEncryptionEnabled"] != true || in["transitEncryptionEnabled"] != true {
			return "is not encrypted at rest and in transit"
		}
	}
	return ""
}

// statements returns the statements of every policy of a resource.
func statements(r planned) []policyStatement {
	var all []policyStatement
	for _, key := range []string{"policy", "assumeRolePolicy"} {
		text, ok := r.Inputs[key].(string)
		if !ok {
			continue
		}
		var document policyDocument
		if err := json.Unmarshal([]byte(text), &document); err != nil {
			panic(err)
		}
		all = append(all, document.Statement...)
	}
	return all
}

func overpowered(name string, r planned) string {
	for _, s := range statements(r) {
		if s.Effect != "Allow" {
			continue
		}
		for _, action := range s.Action {
			if strings.HasSuffix(action, ":*") || action == "*" {
				return "allows " + action
			}
		}
		// In the policy of a key, every resource is that key.
		if slices.Contains(s.Resource, "*") && r.Type != "aws:kms/key:Key" {
			return fmt.Sprintf("allows %v on every resource", s.Action)
		}
	}
	return ""
}

func wildcardPrincipal(_ string, r planned) string {
	for _, s := range statements(r) {
		for _, principal := range s.Principal {
			if principal == "*" && len(s.Condition) == 0 {
				return fmt.Sprintf("%s is for everybody", s.Sid)
			}
		}
	}
	return ""
}

func inlineRules(_ string, r planned) string {
	if strings.HasSuffix(r.Type, "ecurityGroup") && (r.Inputs["ingress"] != nil || r.Inputs["egress"] != nil) {
		return "has inline rules"
	}
	return ""
}

// untaggable types are those whose resources AWS has no tags for.
var untaggable = []string{
	"aws:acm/certificateValidation:CertificateValidation", "aws:autoscaling/policy:Policy", "aws:autoscaling/schedule:Schedule",
	"aws:cloudwatch/dashboard:Dashboard", "aws:cloudwatch/eventTarget:EventTarget", "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup",
	"aws:ec2/peeringConnectionOptions:PeeringConnectionOptions", "aws:ec2/route:Route", "aws:ec2/routeTableAssociation:RouteTableAssociation",
	"aws:lambda/permission:Permission", "aws:sns/topicSubscription:TopicSubscription",
	"aws:iam/rolePolicy:RolePolicy", "aws:iam/rolePolicyAttachment:RolePolicyAttachment", "aws:kms/alias:Alias",
	"aws:rds/instanceAutomatedBackupsReplication:InstanceAutomatedBackupsReplication", "aws:route53/record:Record",
	"aws:s3/bucketCorsConfigurationV2:BucketCorsConfigurationV2", "aws:s3/bucketLifecycleConfigurationV2:BucketLifecycleConfigurationV2",
	"aws:s3/bucketOwnershipControls:BucketOwnershipControls", "aws:s3/bucketPolicy:BucketPolicy",
	"aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock", "aws:s3/bucketReplicationConfig:BucketReplicationConfig",
	"aws:s3/bucketServerSideEncryptionConfigurationV2:BucketServerSideEncryptionConfigurationV2", "aws:s3/bucketVersioningV2:BucketVersioningV2",
	"aws:secretsmanager/secretVersion:SecretVersion", "aws:sns/topicPolicy:TopicPolicy", "aws:sqs/queuePolicy:QueuePolicy",
	"aws:sqs/redriveAllowPolicy:RedriveAllowPolicy", "aws:wafv2/webAclAssociation:WebAclAssociation",
	"aws:wafv2/webAclLoggingConfiguration:WebAclLoggingConfiguration",
}

func untagged(_ string, r planned) string {
	if r.Type == "pulumi:providers:aws" {
		if r.Inputs["defaultTags"] == nil {
			return "has no default tags"
		}
		return ""
	}
	if r.Inputs["tags"] == nil && !slices.Contains(untaggable, r.Type) {
		return "has no tags"
	}
	return ""
}

func unprotected(name string, r planned) string {
	holdsData := name == "storage-media" || name == "database-instance" || r.Type == "aws:kms/key:Key" && r.Provider == "" || r.Type == "aws:secretsmanager/secret:Secret"
	if holdsData && !r.Protect {
		return "is not protected"
	}
	return ""
}

// leaked walks all that is not marked as a secret.
func leaked(_ string, r planned) string {
	var walk func(path string, value any) string
	walk = func(path string, value any) string {
		switch v := value.(type) {
		case map[string]any:
			for key, element := range v {
				if found := walk(path+"."+key, element); found != "" {
					return found
				}
			}
		case []any:
			for _, element := range v {
				if found := walk(path, element); found != "" {
					return found
				}
			}
		case string:
			for _, secret := range []string{"a-database-password", "a-token-for-the-cache", "hooks.slack.example.com"} {
				if strings.Contains(readableText(path, v), secret) {
					return path + " shows a secret"
				}
			}
		}
		return ""
	}
	return walk("", r.Inputs)
}

func readableText(path, text string) string {
	if unpacked, ok := readable(path[strings.LastIndex(path, ".")+1:], text).(string); ok {
		return unpacked
	}
	return text
}

// outdated compares what is registered by its token with the rest, which the
// SDK in go.mod registers.
func outdated(_ string, r planned) string {
	if r.Version != sdkVersion {
		return fmt.Sprintf("asks for version %q, not the %s of token.go", r.Version, sdkVersion)
	}
	return ""
}

func unresolved(_ string, r planned) string {
	text := fmt.Sprint(readable("", r.Inputs))
	for _, mark := range []string{"%!", "Calling [ToString]", "04da6b54"} {
		if strings.Contains(text, mark) {
			return "holds " + mark
		}
	}
	return ""
}

// at returns the value at a dotted path, list indexes included.
func at(value any, path string) any {
	for _, key := range strings.Split(path, ".") {
		switch v := value.(type) {
		case map[string]any:
			value = v[key]
		case []any:
			var i int
			if _, err := fmt.Sscan(key, &i); err != nil || i >= len(v) {
				return nil
			}
			value = v[i]
		default:
			return nil
		}
	}
	return value
}
