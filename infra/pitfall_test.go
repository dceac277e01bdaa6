package infra

import (
	"encoding/json"
	"fmt"
	"maps"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// expect is what an input at a path must be in a resource of a plan.
type expect struct {
	resource, path string
	want           any
}

// absent is for an input that must not be there.
var absent any

// Each test is named after what AWS punishes, in the order of the list that the
// program was written against. What a plan cannot show is tested elsewhere:
// secrets, keys and protection by the invariants; peers by the config tests.
var pitfalls = []struct {
	name string
	plan string
	want []expect
}{
	{"01 no managed master password, which forbids replicas", "seoul", []expect{
		{"database-instance", "manageMasterUserPassword", absent}, {"database-instance", "password", secret{"a-database-password"}}}},
	{"02 a cross-region replica has its source's ARN, a key of its own region and no credentials", "tokyo", []expect{
		{"database-instance", "replicateSourceDb", "arn:aws:rds:ap-northeast-2:000000000000:db:seoul"},
		{"database-instance", "kmsKeyId", "${secrets-key.arn}"}, {"database-instance", "username", absent},
		{"database-instance", "password", absent}, {"database-instance", "dbName", absent}}},
	{"03 the source has backups", "seoul", []expect{{"database-instance", "backupRetentionPeriod", 7.0}}},
	{"03 the replica has backups too", "tokyo", []expect{{"database-instance", "backupRetentionPeriod", 7.0}}},
	{"04 the replica names its subnets, parameters and security group", "tokyo", []expect{
		{"database-instance", "dbSubnetGroupName", "${database-subnets.name}"},
		{"database-instance", "parameterGroupName", "${database-parameters.name}"},
		{"database-instance", "vpcSecurityGroupIds.0", "${firewall-database}"}}},
	{"04 a replica in the region must not name its subnets", "seoul", []expect{
		{"database-reader-1", "dbSubnetGroupName", absent}, {"database-reader-1", "replicateSourceDb", "${database-instance.identifier}"}}},
	{"06 the bad defaults of RDS are set right", "seoul", []expect{
		{"database-instance", "storageType", "gp3"}, {"database-instance", "deleteAutomatedBackups", false},
		{"database-instance", "engineLifecycleSupport", "open-source-rds-extended-support-disabled"},
		{"database-instance", "deletionProtection", true}}},
	{"06 a replica has deletion protection too", "tokyo", []expect{{"database-instance", "deletionProtection", true}}},
	{"09 backup-restore replicates the backups with the region's own key", "backups", []expect{
		{"database-backups", "kmsKeyId", "${secrets-key.arn}"},
		{"database-backups", "sourceDbInstanceArn", "arn:aws:rds:ap-northeast-2:000000000000:db:seoul"}}},
	{"10 the group begins with the number of the template's version, and the deploy command rolls it", "seoul", []expect{
		{"web-group", "launchTemplate.version", "1"}, {"web-group", "instanceRefresh", absent},
		{"worker-group", "mixedInstancesPolicy.launchTemplate.launchTemplateSpecification.version", "1"}}},
	{"10 an instance that does not boot is given up by the launch hook, in both groups", "seoul", []expect{
		{"web-group", "initialLifecycleHooks.0.defaultResult", "ABANDON"}, {"worker-group", "initialLifecycleHooks.0.defaultResult", "ABANDON"},
		{"worker-group", "initialLifecycleHooks.0.heartbeatTimeout", 300.0}}},
	{"10 an unhealthy instance runs on until another serves", "seoul", []expect{
		{"web-group", "instanceMaintenancePolicy.minHealthyPercentage", 100.0}, {"worker-group", "instanceMaintenancePolicy.maxHealthyPercentage", 150.0}}},
	{"37 no up waits for an exact number of instances", "seoul", []expect{
		{"web-group", "waitForCapacityTimeout", "0"}, {"web-group", "minElbCapacity", absent}}},
	{"11 the desired capacity is scaling's", "seoul", []expect{{"web-group", "desiredCapacity", absent}}},
	{"12 the balancer's health counts, after the boot, and draining outlives the app", "seoul", []expect{
		{"web-group", "healthCheckType", "ELB"}, {"web-group", "healthCheckGracePeriod", 60.0},
		{"edge-targets", "deregistrationDelay", float64(deregistrationSeconds)}}},
	{"13 a scheduled action leaves what it does not set, once, and a quarter of an hour early", "seoul", []expect{
		{"web-sale-start", "desiredCapacity", -1.0}, {"web-sale-start", "startTime", "2096-11-26T23:45:00Z"},
		{"web-sale-start", "recurrence", absent}, {"web-sale-end", "startTime", "2096-11-27T17:30:00Z"},
		{"web-sale-end", "minSize", 2.0}, {"web-sale-end", "maxSize", 12.0}}},
	{"13 a policy says that it tracks a target", "seoul", []expect{
		{"web-cpu", "policyType", "TargetTrackingScaling"}, {"web-requests", "policyType", "TargetTrackingScaling"},
		{"worker-backlog", "policyType", "TargetTrackingScaling"}}},
	{"14 instances need a token for their metadata, and volumes have tags", "seoul", []expect{
		{"web-template", "metadataOptions.httpTokens", "required"}, {"web-template", "tagSpecifications.1.resourceType", "volume"},
		{"web-template", "tagSpecifications.1.tags.Project", "newsfeed"}, {"web-template", "tagSpecifications.0.tags.Stack", "seoul"}}},
	{"16 both regions may write the validation record, and neither takes it away", "seoul", []expect{
		{"edge-certificate-proof-2", "allowOverwrite", true}}},
	{"18 alias records look at their targets", "seoul", []expect{
		{"dns-answer", "aliases.0.evaluateTargetHealth", true}, {"dns-failover", "aliases.0.evaluateTargetHealth", true}}},
	{"18 latency records do too", "active", []expect{
		{"dns-latency", "aliases.0.evaluateTargetHealth", true}, {"dns-latency", "latencyRoutingPolicies.0.region", "ap-northeast-1"},
		{"dns-latency", "failoverRoutingPolicies", absent}}},
	{"18 a pilot light serves nobody before it is scaled", "light", []expect{{"web-group", "minSize", 0.0}, {"web-group", "maxSize", 0.0}}},
	{"19 health checks probe the regional name", "tokyo", []expect{
		{"dns-check", "fqdn", "tokyo.newsfeed.example.com"}, {"dns-check", "resourcePath", "/healthz/region"},
		{"dns-check", "disabled", absent}}},
	{"21 a region is out after three checks at ten seconds", "seoul", []expect{
		{"dns-check", "requestInterval", 10.0}, {"dns-check", "failureThreshold", 3.0}}},
	{"22 the cache's bad defaults are set right", "seoul", []expect{
		{"cache-cluster", "multiAzEnabled", true}, {"cache-cluster", "automaticFailoverEnabled", true},
		{"cache-cluster", "replicasPerNodeGroup", 1.0}, {"cache-cluster", "atRestEncryptionEnabled", true},
		{"cache-cluster", "transitEncryptionEnabled", true}, {"cache-cluster", "authTokenUpdateStrategy", "ROTATE"},
		{"cache-parameters", "family", "redis7"}, {"cache-cluster", "notificationTopicArn", absent}}},
	{"23 queues poll long, and the dead wait longest", "seoul", []expect{
		{"queue-fanout", "receiveWaitTimeSeconds", 20.0}, {"queue-dead", "messageRetentionSeconds", 1209600.0},
		{"queue-fanout", "messageRetentionSeconds", 345600.0}}},
	{"43 the slow log is a file, or no log group sees it", "seoul", []expect{{"database-parameters", "parameters.5.name", "log_output"},
		{"database-parameters", "parameters.5.value", "FILE"}}},
	{"29 the load balancer is protected", "seoul", []expect{{"edge-balancer", "enableDeletionProtection", true}}},
}

func TestPitfalls(t *testing.T) {
	t.Parallel()
	plans := map[string]*plan{
		"seoul": mustDeploy(t, "seoul", settings{"worker.spotPercent": 50, "database.readReplicas": 1,
			"web.schedule": list{mapping{"name": "sale", "start": "2096-11-27T09:00", "end": "2096-11-28T02:30", "min": 4, "max": 12}}}),
		"tokyo":   mustDeploy(t, "tokyo", nil),
		"backups": mustDeploy(t, "tokyo", settings{"strategy": "backup-restore"}),
		"light":   mustDeploy(t, "tokyo", settings{"strategy": "pilot-light"}),
		"active":  mustDeploy(t, "tokyo", settings{"strategy": "active-active"}),
	}
	for _, pitfall := range pitfalls {
		t.Run(pitfall.name, func(t *testing.T) {
			t.Parallel()
			for _, e := range pitfall.want {
				r, declared := plans[pitfall.plan].Resources[e.resource]
				if got := at(r.Inputs, e.path); !declared || got != e.want {
					t.Errorf("%s %s is %v, must be %v", e.resource, e.path, got, e.want)
				}
			}
		})
	}
}

// A static parameter would need the method pending-reboot; there is none now, and
// performance_schema must not be set at all, or its management ends.
func TestPitfall07ParametersTakeEffectAtOnce(t *testing.T) {
	t.Parallel()
	p := mustDeploy(t, "seoul", nil)
	for _, raw := range p.Resources["database-parameters"].Inputs["parameters"].([]any) {
		parameter := raw.(map[string]any)
		if parameter["applyMethod"] != "immediate" || parameter["name"] == "performance_schema" {
			t.Errorf("%v is applied %v", parameter["name"], parameter["applyMethod"])
		}
	}
}

func TestPitfall24AlarmsMayUseTheKeyOfTheirTopic(t *testing.T) {
	t.Parallel()
	for which, p := range everyPlan(t) {
		for _, name := range p.named("aws:kms/key:Key") {
			may := map[string]bool{}
			for _, s := range statements(p.Resources[name]) {
				if len(s.Condition) == 0 && slices.Contains(s.Action, "kms:Decrypt") && slices.Contains(s.Action, "kms:GenerateDataKey*") {
					may[s.Principal["Service"]] = true
				}
			}
			for _, service := range []string{"cloudwatch.amazonaws.com", "events.amazonaws.com", "events.rds.amazonaws.com"} {
				if !may[service] {
					t.Errorf("%s: %s: %s may not use it, or under a condition only", which, name, service)
				}
			}
		}
		for _, name := range p.named("aws:sns/topicPolicy:TopicPolicy") {
			for _, s := range statements(p.Resources[name]) {
				if conditional := len(s.Condition) > 0; conditional == (s.Principal["Service"] == "events.amazonaws.com") {
					t.Errorf("%s: %s: %s: EventBridge publishes nothing under a condition; all others must have one", which, name, s.Sid)
				}
			}
		}
	}
}

// Balances of burst credits are what gp3 has not; a lag of -1 is a broken replica.
func TestPitfall08AlarmsWatchWhatExists(t *testing.T) {
	t.Parallel()
	p := mustDeploy(t, "tokyo", nil)
	text := ""
	for _, name := range p.named("aws:cloudwatch/metricAlarm:MetricAlarm") {
		text += p.Resources[name].text(name)
	}
	for _, want := range []string{"EBSIOBalance%", "EBSByteBalance%", "ReplicaLag", "FreeStorageSpace"} {
		if !strings.Contains(text, want) {
			t.Errorf("no alarm on %s", want)
		}
	}
	if strings.Contains(text, "BurstBalance") {
		t.Error("an alarm on BurstBalance, which gp3 does not report")
	}
	if got := p.Resources["alarms-database-storage"].Inputs["threshold"]; got != 10.0*gibibyte {
		t.Errorf("free storage alarms at %v, must be bytes", got)
	}
	broken := p.Resources["alarms-database-replication-stopped"].Inputs
	if broken["comparisonOperator"] != "LessThanThreshold" || broken["threshold"] != 0.0 {
		t.Errorf("broken replication alarms at %v %v", broken["comparisonOperator"], broken["threshold"])
	}
}

func TestPitfall17RegionHealthAlarmsWhereRoute53Measures(t *testing.T) {
	t.Parallel()
	p := mustDeploy(t, "seoul", nil)
	if region := p.Resources["world"].Inputs["region"]; region != "us-east-1" {
		t.Errorf("Route 53's alarms are in %v", region)
	}
	health := p.Resources["alarms-region-health"]
	if health.Provider != "world" || p.Resources["alerting-world-topic"].Provider != "world" || at(health.Inputs, "alarmActions.0") != "${alerting-world-topic.arn}" {
		t.Errorf("the alarm is by provider %q and tells %v", health.Provider, at(health.Inputs, "alarmActions.0"))
	}
}

func TestPitfall30OtherRegionsHaveProvidersThatCheckNothing(t *testing.T) {
	t.Parallel()
	p := mustDeploy(t, "tokyo", nil)
	for _, provider := range []string{"peer", "world"} {
		for _, check := range []string{"skipCredentialsValidation", "skipMetadataApiCheck", "skipRegionValidation", "skipRequestingAccountId"} {
			if got := fmt.Sprint(p.Resources[provider].Inputs[check]); got != "true" {
				t.Errorf("provider %s: %s is %v", provider, check, got)
			}
		}
	}
}

func TestPitfall26UserDataHoldsNoSecret(t *testing.T) {
	t.Parallel()
	p := mustDeploy(t, "seoul", nil)
	text := readable("userData", p.Resources["web-template"].Inputs["userData"]).(string)
	for _, want := range []string{"NEWSFEED_DATABASE_SECRET=${secrets-database.arn}", "NEWSFEED_CACHE_SECRET=${secrets-cache.arn}"} {
		if !strings.Contains(text, want) {
			t.Errorf("user data lacks %s", want)
		}
	}
	if strings.Contains(text, "a-database-password") || strings.Contains(text, "a-token-for-the-cache") {
		t.Error("user data shows a secret")
	}
}

// Who compiles for the first time waits for each of these, and may not have the
// memory for the largest (docs/decisions/0013).
func TestPitfall31NoHeavyPackageIsCompiled(t *testing.T) {
	t.Parallel()
	packages, err := exec.Command("go", "list", "-deps", "-test", "./program", ".").Output()
	if err != nil {
		t.Fatal(err)
	}
	for _, heavy := range []string{"ec2", "quicksight", "ssm", "wafv2"} {
		if strings.Contains(string(packages), "/go/aws/"+heavy+"\n") {
			t.Errorf("the SDK's %s is imported: register its resources by type token, as token.go does", heavy)
		}
	}
}

func TestPoliciesAreWrittenAsIAMWantsThem(t *testing.T) {
	t.Parallel()
	p := mustDeploy(t, "seoul", nil)
	var document map[string]any
	if err := json.Unmarshal([]byte(p.Resources["identity-worker-may"].Inputs["policy"].(string)), &document); err != nil {
		t.Fatal(err)
	}
	if got := at(document, "Statement.0.Resource.0"); document["Version"] != "2012-10-17" || got != "${storage-artifacts.arn}/*" {
		t.Errorf("policy is %v", document)
	}
}

func TestPitfall06ReplicasAreProtectedByUsToo(t *testing.T) {
	t.Parallel()
	for which, p := range everyPlan(t) {
		if r, there := p.Resources["database-instance"]; there && (!r.Protect || r.Inputs["deletionProtection"] != true) {
			t.Errorf("%s: the database may be deleted: RDS ignores deletionProtection when it makes a replica", which)
		}
	}
}

func TestPitfall12DrainingOutlivesTheApp(t *testing.T) {
	t.Parallel()
	if drainSeconds >= deregistrationSeconds {
		t.Errorf("the app drains for %d s, the balancer forgets it after %d s", drainSeconds, deregistrationSeconds)
	}
}

// One inline rule would overwrite all that stand alone.
func TestPitfall15EveryRuleStandsAlone(t *testing.T) {
	t.Parallel()
	p := mustDeploy(t, "tokyo", nil)
	if len(p.named("aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule")) == 0 || len(p.named("aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule")) == 0 {
		t.Error("there are no rules of their own")
	}
	for name, r := range p.Resources {
		if strings.HasSuffix(r.Type, ":SecurityGroupRule") || inlineRules(name, r) != "" {
			t.Errorf("%s mixes the two ways to declare a rule", name)
		}
	}
}

func TestPitfall16NeitherRegionTakesTheValidationRecordAway(t *testing.T) {
	t.Parallel()
	for _, stack := range []string{"seoul", "tokyo"} {
		p := mustDeploy(t, stack, nil)
		for _, name := range []string{"edge-certificate-proof-1", "edge-certificate-proof-2"} {
			if r := p.Resources[name]; !r.Retain || r.Inputs["allowOverwrite"] != true {
				t.Errorf("%s: %s goes with its stack, or cannot be shared", stack, name)
			}
		}
	}
}

func TestPitfall23AJobEndsBeforeItsMessageComesBack(t *testing.T) {
	t.Parallel()
	p := mustDeploy(t, "seoul", nil)
	fanout, dead := p.Resources["queue-fanout"].Inputs, p.Resources["queue-dead"].Inputs
	if fanout["visibilityTimeoutSeconds"].(float64) < 30 || dead["messageRetentionSeconds"].(float64) <= fanout["messageRetentionSeconds"].(float64) {
		t.Errorf("visible again after %v s; kept %v s, dead %v s", fanout["visibilityTimeoutSeconds"], fanout["messageRetentionSeconds"], dead["messageRetentionSeconds"])
	}
}

func TestPitfall25OnlyOurTopicsAndRulesInvokeAFunction(t *testing.T) {
	t.Parallel()
	p := mustDeploy(t, "seoul", settings{"slackWebhook": hook})
	want := map[string]string{
		"alerting-slack-topic-may":       "sns.amazonaws.com ${alerting-topic.arn}",
		"alerting-slack-world-topic-may": "sns.amazonaws.com ${alerting-world-topic.arn}",
		"watchdog-minute-may":            "events.amazonaws.com ${watchdog-minute.arn}",
	}
	got := map[string]string{}
	for _, name := range p.named("aws:lambda/permission:Permission") {
		in := p.Resources[name].Inputs
		got[name] = fmt.Sprintf("%v %v", in["principal"], in["sourceArn"])
	}
	if !maps.Equal(got, want) {
		t.Errorf("functions are invoked by %v, must be by %v", got, want)
	}
}

// A topic tells a function of another region; the subscription is where the
// topic is.
func TestPitfall17BothTopicsReachSlack(t *testing.T) {
	t.Parallel()
	p := mustDeploy(t, "tokyo", settings{"slackWebhook": hook})
	for name, want := range map[string]struct{ topic, provider string }{
		"alerting-slack-topic":       {"${alerting-topic.arn}", ""},
		"alerting-slack-world-topic": {"${alerting-world-topic.arn}", "world"},
	} {
		r := p.Resources[name]
		if r.Inputs["topic"] != want.topic || r.Provider != want.provider || r.Inputs["endpoint"] != "${alerting-slack.arn}" || r.Inputs["protocol"] != "lambda" {
			t.Errorf("%s: %v by provider %q", name, r.Inputs, r.Provider)
		}
	}
}

func TestPitfall26NoFunctionIsTold(t *testing.T) {
	t.Parallel()
	p := mustDeploy(t, "seoul", settings{"slackWebhook": hook})
	for _, name := range p.named("aws:lambda/function:Function") {
		text := p.Resources[name].text(name)
		for _, plain := range []string{"a-database-password", "a-token-for-the-cache", "hooks.slack.example.com"} {
			if strings.Contains(text, plain) {
				t.Errorf("%s holds a secret, which whoever may describe it can read:\n%s", name, text)
			}
		}
	}
	if got := at(p.Resources["secrets-slack-value"].Inputs, "secretString"); got != (secret{`{"url":"` + hook + `"}`}) {
		t.Errorf("the secret holds %v", got)
	}
}

// GetOutput on a missing output passes every preview and fails the up.
func TestPitfall27AMissingOutputFailsThePreview(t *testing.T) {
	t.Parallel()
	_, err := deploy(t, "tokyo", stackFile(t, "tokyo", settings{"peer": "never-up"}))
	if err == nil || !strings.Contains(err.Error(), "stack never-up has no output region: bring it up first: make deploy STACK=never-up") {
		t.Errorf("error is %v", err)
	}
}

func TestPitfall28OnlyTheStandbyReadsTheOther(t *testing.T) {
	t.Parallel()
	for stack, want := range map[string][]string{"seoul": nil, "tokyo": {"organization/newsfeed/seoul"}} {
		if p := mustDeploy(t, stack, nil); !slices.Equal(p.References, want) {
			t.Errorf("%s reads %v, must read %v", stack, p.References, want)
		}
	}
}

func TestPitfall29WhatHoldsDataOutlivesAMistake(t *testing.T) {
	t.Parallel()
	p := mustDeploy(t, "seoul", settings{"slackWebhook": hook})
	for _, name := range []string{"secrets-key", "secrets-database", "secrets-cache", "secrets-slack", "database-instance", "storage-media"} {
		if !p.Resources[name].Protect {
			t.Errorf("%s is not protected", name)
		}
	}
	for _, name := range []string{"storage-media"} {
		if !p.Resources[name].Retain {
			t.Errorf("%s does not outlive its stack", name)
		}
	}
	if p.Resources["storage-media"].Inputs["forceDestroy"] == true {
		t.Error("the media bucket may be emptied")
	}
}
