package rules

import (
	"encoding/base64"
	"fmt"
	"net/netip"
	"regexp"
	"strconv"
	"strings"
	"time"
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

var arnName = regexp.MustCompile(`(Arn|^arn|Arns\[\]|(alarm|ok|insufficientData)Actions\[\]|logDestinationConfigs\[\])$`)

// notARNs are properties that look like ARNs' by name and take more.
var notARNs = []string{"lambda/permission.sourceArn", "lambda/function.layers[]"}

func isARN(typ, kind string) bool { return arnName.MatchString(kind) && !in(notARNs)(typ, kind) }

var arnForm = regexp.MustCompile(`^arn:[\w-]+:[a-zA-Z0-9-]+:([a-z]{2}(-[a-z]+)+-\d)?:(aws|aws-managed|\d{12})?:.+$`)

func brokenARN(text, _ string) error {
	if arnForm.MatchString(text) || strings.HasPrefix(text, "arn:aws:automate:") || strings.HasPrefix(text, "arn:aws:swf:") {
		return nil
	}
	return fmt.Errorf("want arn:partition:service:region:account:resource")
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

// rate and cron as EventBridge has them: a value of one has a unit in the
// singular, and a day is of the month or of the week, never both.
var (
	rateForm = regexp.MustCompile(`^rate\((\d+) (minutes?|hours?|days?)\)$`)
	cronForm = regexp.MustCompile(`^cron\((.+)\)$`)
	onceForm = regexp.MustCompile(`^at\(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\)$`)
)

func brokenSchedule(text, _ string) error {
	if onceForm.MatchString(text) {
		return nil
	}
	if rate := rateForm.FindStringSubmatch(text); rate != nil {
		n, _ := strconv.Atoi(rate[1])
		switch plural := strings.HasSuffix(rate[2], "s"); {
		case n == 0:
			return fmt.Errorf("the value must be positive")
		case plural == (n == 1):
			return fmt.Errorf("the unit of %d is %s", n, map[bool]string{true: strings.TrimSuffix(rate[2], "s"), false: rate[2] + "s"}[n == 1])
		}
		return nil
	}
	cron := cronForm.FindStringSubmatch(text)
	if cron == nil {
		return fmt.Errorf("want rate(value unit) or cron(six fields)")
	}
	fields := strings.Fields(cron[1])
	if len(fields) != 6 {
		return fmt.Errorf("cron has %d fields, must have 6: minutes hours day-of-month month day-of-week year", len(fields))
	}
	if (fields[2] == "?") == (fields[4] == "?") {
		return fmt.Errorf("exactly one of day-of-month and day-of-week must be ?")
	}
	ranges := []cronField{{0, 59, nil}, {0, 23, nil}, {1, 31, nil}, {1, 12, months}, {1, 7, days}, {1970, 2199, nil}}
	return cronFields(fields, ranges)
}

func brokenRecurrence(text, _ string) error {
	fields := strings.Fields(text)
	if len(fields) != 5 {
		return fmt.Errorf("it has %d fields, must have 5: minute hour day-of-month month day-of-week", len(fields))
	}
	return cronFields(fields, []cronField{{0, 59, nil}, {0, 23, nil}, {1, 31, nil}, {1, 12, months}, {0, 7, days}})
}

// cronField is what one field of a cron expression takes.
type cronField struct {
	low, high int
	names     []string
}

var (
	months = []string{"JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"}
	days   = []string{"SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"}
)

func cronFields(fields []string, ranges []cronField) error {
	for i, field := range fields {
		for part := range strings.SplitSeq(field, ",") {
			base, step, stepped := strings.Cut(part, "/")
			if n, err := strconv.Atoi(step); stepped && (err != nil || n < 1) {
				return fmt.Errorf("field %d: the step %q is no number", i+1, step)
			}
			low, high, ranged := strings.Cut(base, "-")
			if !ranges[i].takes(low) || ranged && !ranges[i].takes(high) {
				return fmt.Errorf("field %d: %q is not within %d to %d", i+1, base, ranges[i].low, ranges[i].high)
			}
		}
	}
	return nil
}

func (f cronField) takes(text string) bool {
	if text == "*" || text == "?" || text == "L" || text == "LW" {
		return true
	}
	for _, name := range f.names {
		if strings.EqualFold(name, text) {
			return true
		}
	}
	day, nth, counted := strings.Cut(text, "#")
	if m, err := strconv.Atoi(nth); counted && (err != nil || m < 1 || m > 5) {
		return false
	}
	n, err := strconv.Atoi(strings.TrimSuffix(strings.TrimSuffix(day, "L"), "W"))
	return err == nil && n >= f.low && n <= f.high
}

func brokenTimestamp(text, _ string) error {
	_, err := time.Parse("2006-01-02T15:04:05Z", text)
	return err
}

var (
	dailyForm  = regexp.MustCompile(`^([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-3]):([0-5]\d)$`)
	weeklyForm = regexp.MustCompile(`^(?i:(sun|mon|tue|wed|thu|fri|sat):([01]\d|2[0-3]):([0-5]\d)-(sun|mon|tue|wed|thu|fri|sat):([01]\d|2[0-3]):([0-5]\d))$`)
)

// leastWindow is how long AWS's windows last at least, in minutes.
const leastWindow = 30

func brokenDaily(text, _ string) error {
	from, to, err := daily(text)
	if err != nil {
		return err
	}
	if length := (to - from + 24*60) % (24 * 60); length < leastWindow {
		return fmt.Errorf("it lasts %d minutes, must last %d at least", length, leastWindow)
	}
	return nil
}

// daily returns the ends of a window in minutes of the day.
func daily(text string) (from, to int, err error) {
	m := dailyForm.FindStringSubmatch(text)
	if m == nil {
		return 0, 0, fmt.Errorf("want hh24:mi-hh24:mi")
	}
	return minutes(m[1], m[2]), minutes(m[3], m[4]), nil
}

func brokenWeekly(text, _ string) error {
	from, to, err := weekly(text)
	if err != nil {
		return err
	}
	if length := (to - from + week) % week; length < leastWindow {
		return fmt.Errorf("it lasts %d minutes, must last %d at least", length, leastWindow)
	}
	return nil
}

const week = 7 * 24 * 60

// weekly returns the ends of a window in minutes of the week.
func weekly(text string) (from, to int, err error) {
	m := weeklyForm.FindStringSubmatch(text)
	if m == nil {
		return 0, 0, fmt.Errorf("want ddd:hh24:mi-ddd:hh24:mi")
	}
	day := func(name string) int {
		for i, d := range days {
			if strings.EqualFold(d, name) {
				return i * 24 * 60
			}
		}
		return 0
	}
	return day(m[1]) + minutes(m[2], m[3]), day(m[4]) + minutes(m[5], m[6]), nil
}

func minutes(hour, minute string) int {
	h, _ := strconv.Atoi(hour)
	m, _ := strconv.Atoi(minute)
	return 60*h + m
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
