package rules

import (
	"encoding/base64"
	"fmt"
	"net/netip"
	"regexp"
	"slices"
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
	{"a network block of IPv4", "EC2 API: IPv6 has properties of its own", isCIDRv4, brokenCIDRv4},
	{"a network block of IPv6", "EC2 API: IPv4 has properties of its own", isCIDRv6, brokenCIDRv6},
	{"a schedule", "EventBridge user guide, cron and rate expressions",
		in("cloudwatch/eventRule.scheduleExpression", "scheduler/schedule.scheduleExpression"), brokenSchedule},
	{"a recurrence", "Auto Scaling user guide, scheduled scaling: Unix cron", in("autoscaling/schedule.recurrence"),
		brokenRecurrence},
	{"a time in UTC", "the provider's autoscaling.validScheduleTimestamp: 2006-01-02T15:04:05Z",
		in("autoscaling/schedule.startTime", "autoscaling/schedule.endTime"), brokenTimestamp},
	{"a daily window", "RDS API, CreateDBInstance; the provider's validOnceADayWindowFormat",
		in("rds/instance.backupWindow", "rds/cluster.preferredBackupWindow",
			"elasticache/replicationGroup.snapshotWindow"), brokenDaily},
	{"a weekly window", "RDS API, CreateDBInstance; the provider's verify.ValidOnceAWeekWindowFormat",
		in("rds/instance.maintenanceWindow", "elasticache/replicationGroup.maintenanceWindow"), brokenWeekly},
	{"user data", "EC2 user guide: at most 16 KB before it is encoded; the provider takes it as base64",
		in("ec2/launchTemplate.userData", "ec2/instance.userDataBase64"), brokenUserData},
	{"an instance type", "EC2 user guide, instance types", isInstanceType, brokenInstanceType},
	{"a database class", "RDS user guide, DB instance classes", in("rds/instance.instanceClass"), brokenClass("db.")},
	{"a node type", "ElastiCache user guide, supported node types",
		in("elasticache/replicationGroup.nodeType", "elasticache/cluster.nodeType"), brokenClass("cache.")},
	{"a zone of the region", "EC2 user guide, Regions and Zones: a zone is its region and a letter", isZone, brokenZone},
	{"a service of the region", "EC2 API, CreateVpcEndpoint", in("ec2/vpcEndpoint.serviceName"), brokenServiceName},
}

// formats holds the resource's texts to the tables.
func (r *declared) formats() {
	for _, l := range r.leaves {
		if !l.value.IsString() || l.value.StringValue() == "" {
			continue
		}
		for _, table := range [][]format{formats, documents} {
			for _, f := range table {
				r.format(l, f)
			}
		}
	}
}

func (r *declared) format(l leaf, f format) {
	if !f.applies(r.typ, l.kind) {
		return
	}
	r.source = f.source
	if err := f.broken(l.value.StringValue(), r.region); err != nil {
		r.fail(l.path, "%s, which is not %s: %v", l.show(), f.what, err)
	}
}

// in says whether a property is one of those named: rds/instance.backupWindow.
func in(properties ...string) func(typ, kind string) bool {
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

// Which properties are network blocks, by their last names: of either version, of
// IPv4 and of IPv6.
var (
	cidrNames   = []string{"cidrBlock", "cidrBlocks", "destinationCidrBlock", "cidrIpv4"}
	cidrv6Names = []string{"cidrIpv6", "ipv6CidrBlock", "ipv6CidrBlocks", "destinationIpv6CidrBlock"}
)

func isCIDRv4(_, kind string) bool      { return lastIs(kind, cidrNames) }
func isCIDRv6(_, kind string) bool      { return lastIs(kind, cidrv6Names) }
func isCIDR(typ, kind string) bool      { return isCIDRv4(typ, kind) || isCIDRv6(typ, kind) }
func brokenCIDRv4(text, _ string) error { return version(text, netip.Addr.Is4) }
func brokenCIDRv6(text, _ string) error { return version(text, netip.Addr.Is6) }

// version holds a block that is one to its version.
func version(text string, is func(netip.Addr) bool) error {
	if prefix, err := netip.ParsePrefix(text); err == nil && !is(prefix.Addr()) {
		return fmt.Errorf("it is one of the other version")
	}
	return nil
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

// lastIs says whether the last name of a property's path is one of names.
func lastIs(kind string, names []string) bool {
	last := strings.TrimSuffix(kind[strings.LastIndex(kind, ".")+1:], "[]")
	return slices.Contains(names, last)
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
	return lastIs(kind, []string{"availabilityZone", "availabilityZones"})
}

// zoneForm is a region with a letter, or a local zone: us-west-2-lax-1a.
var zoneForm = regexp.MustCompile(`^([a-z]{2}(-[a-z]+)+-\d)([a-z]|(-[a-z0-9]+)+-\d+[a-z]?)$`)

func brokenZone(text, region string) error {
	zone := zoneForm.FindStringSubmatch(text)
	if zone == nil {
		return fmt.Errorf("want a region and a letter, like ap-northeast-2a")
	}
	if region != "" && zone[1] != region {
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
