package rules

import (
	"encoding/base64"
	"fmt"
	"net/netip"
	"regexp"
	"strings"
)

// format is how a text must be written, wherever a property of that kind stands.
type format struct {
	what    string
	source  string
	applies func(typ, kind string) bool
	broken  func(text, region string) error
}

// formats are asked of every text of every resource.
var formats = []format{
	{"an ARN", "AWS General Reference, Amazon Resource Names; the provider's verify.ValidARN", isARN, brokenARN},
	{"a network block", "EC2 API; the provider's verify.ValidIPv4CIDRNetworkAddress takes none with host bits", isCIDR, brokenCIDR},
	{"an identity policy", "IAM user guide, JSON policy element reference and quotas", in(identityPolicies), policyKind{most: 10240}.broken},
	{"a managed policy", "IAM user guide, quotas: 6,144 characters without white space", in(managedPolicies), policyKind{most: 6144}.broken},
	{"a trust policy", "IAM user guide, JSON policy element reference; quota of 2,048 characters, 4,096 on request", in(trustPolicies),
		policyKind{principal: true, trust: true, most: 4096}.broken},
	{"a resource policy", "IAM user guide, JSON policy element reference; policies of KMS take 32 KB, of S3 20 KB, of SNS 30 KB", in(resourcePolicies),
		policyKind{principal: true, most: 32768}.broken},
	{"an event pattern", "EventBridge user guide, event patterns", in(eventPatterns), brokenPattern},
	{"a dashboard", "CloudWatch API, dashboard body structure and syntax", in([]string{"cloudwatch/dashboard.dashboardBody"}), brokenDashboard},
	{"a redrive policy", "SQS API, CreateQueue: RedrivePolicy", in([]string{"sqs/queue.redrivePolicy", "sqs/redrivePolicy.redrivePolicy"}), brokenRedrive},
	{"a redrive-allow policy", "SQS API, CreateQueue: RedriveAllowPolicy",
		in([]string{"sqs/queue.redriveAllowPolicy", "sqs/redriveAllowPolicy.redriveAllowPolicy"}), brokenRedriveAllow},
	{"a schedule", "EventBridge user guide, cron and rate expressions", in([]string{"cloudwatch/eventRule.scheduleExpression",
		"scheduler/schedule.scheduleExpression"}), brokenSchedule},
	{"a recurrence", "Auto Scaling user guide, scheduled scaling: Unix cron", in([]string{"autoscaling/schedule.recurrence"}), brokenRecurrence},
	{"a time in UTC", "the provider's autoscaling.validScheduleTimestamp: 2006-01-02T15:04:05Z",
		in([]string{"autoscaling/schedule.startTime", "autoscaling/schedule.endTime"}), brokenTimestamp},
	{"a daily window", "RDS API, CreateDBInstance; the provider's validOnceADayWindowFormat", in([]string{"rds/instance.backupWindow",
		"rds/cluster.preferredBackupWindow", "elasticache/replicationGroup.snapshotWindow"}), brokenDaily},
	{"a weekly window", "RDS API, CreateDBInstance; the provider's verify.ValidOnceAWeekWindowFormat", in([]string{"rds/instance.maintenanceWindow",
		"elasticache/replicationGroup.maintenanceWindow"}), brokenWeekly},
	{"user data", "EC2 user guide: at most 16 KB before it is encoded; the provider takes it as base64",
		in([]string{"ec2/launchTemplate.userData", "ec2/instance.userDataBase64"}), brokenUserData},
	{"an instance type", "EC2 user guide, instance types", isInstanceType, brokenInstanceType},
	{"a database class", "RDS user guide, DB instance classes", in([]string{"rds/instance.instanceClass"}), brokenClass("db.")},
	{"a node type", "ElastiCache user guide, supported node types", in([]string{"elasticache/replicationGroup.nodeType",
		"elasticache/cluster.nodeType"}), brokenClass("cache.")},
	{"a zone of the region", "EC2 API: availability zones are the region's own", isZone, brokenZone},
	{"a service of the region", "EC2 API, CreateVpcEndpoint", in([]string{"ec2/vpcEndpoint.serviceName"}), brokenServiceName},
}

// formats holds the resource's texts to the table.
func (r *declared) formats() {
	for _, l := range r.leaves {
		if !l.value.IsString() || l.value.StringValue() == "" {
			continue
		}
		for _, f := range formats {
			if !f.applies(r.typ, l.kind) {
				continue
			}
			r.source = f.source
			if err := f.broken(l.value.StringValue(), r.region); err != nil {
				r.fail(l.path, "%s, which is not %s: %v", l.show(), f.what, err)
			}
		}
	}
}

// in says whether a property is one of those named: rds/instance.backupWindow.
func in(properties []string) func(typ, kind string) bool {
	return func(typ, kind string) bool {
		for _, p := range properties {
			name, path, _ := strings.Cut(p, ".")
			if path == kind && strings.HasPrefix(typ, "aws:"+name+":") {
				return true
			}
		}
		return false
	}
}

func isCIDR(_, kind string) bool {
	name := kind[strings.LastIndexAny(kind, ".")+1:]
	switch strings.TrimSuffix(name, "[]") {
	case "cidrBlock", "cidrBlocks", "destinationCidrBlock", "cidrIpv4", "cidrIpv6", "ipv6CidrBlock", "ipv6CidrBlocks", "destinationIpv6CidrBlock":
		return true
	}
	return false
}

func brokenCIDR(text, _ string) error {
	prefix, err := netip.ParsePrefix(text)
	if err != nil {
		return fmt.Errorf("want an address, a slash and a length")
	}
	if prefix.Masked() != prefix {
		return fmt.Errorf("it has host bits: the block is %s", prefix.Masked())
	}
	return nil
}

func brokenUserData(text, _ string) error {
	raw, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		return fmt.Errorf("it is not base64")
	}
	if len(raw) > 16<<10 {
		return fmt.Errorf("it has %d bytes", len(raw))
	}
	return nil
}

func isZone(_, kind string) bool {
	name := kind[strings.LastIndex(kind, ".")+1:]
	return name == "availabilityZone" || name == "availabilityZones[]"
}

func brokenZone(text, region string) error {
	if region != "" && (!strings.HasPrefix(text, region) || len(text) == len(region)) {
		return fmt.Errorf("the region is %s", region)
	}
	return nil
}

var serviceForm = regexp.MustCompile(`^(com\.amazonaws|aws\.sagemaker|com\.amazonaws\.vpce)\.([a-z0-9-]+)\.[a-z0-9.-]+$`)

func brokenServiceName(text, region string) error {
	m := serviceForm.FindStringSubmatch(text)
	if m == nil {
		return fmt.Errorf("want com.amazonaws.<region>.<service>")
	}
	if region != "" && m[2] != region {
		return fmt.Errorf("it is of %s, the region is %s", m[2], region)
	}
	return nil
}
