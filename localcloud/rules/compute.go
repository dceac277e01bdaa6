package rules

import (
	"regexp"
	"strings"
	"time"

	_ "time/tzdata" // time zones wherever this runs

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
)

var amiForm = regexp.MustCompile(`^(ami-([0-9a-f]{8}|[0-9a-f]{17})|resolve:ssm:.+)$`)

// computeRules are of EC2's instances, Auto Scaling and Lambda.
var computeRules = map[string][]rule{
	"aws:ec2/launchTemplate:LaunchTemplate": {
		{"an image is an AMI", "EC2 API, RequestLaunchTemplateData: ImageId", func(r *declared) {
			if id := r.text("imageId"); id != "" {
				r.require(amiForm.MatchString(id), "imageId", "is %q, must be like ami-0123456789abcdef0", id)
			}
		}},
		{"a volume has the size, the operations and the throughput of its type",
			"EC2 user guide, Amazon EBS volume types", volumes},
		{"flags are texts", "the provider's schema: TypeString, true or false", func(r *declared) {
			for _, path := range []string{"ebsOptimized"} {
				if flag := r.text(path); flag != "" {
					r.require(flag == "true" || flag == "false", path, "is %q, must be true or false", flag)
				}
			}
		}},
		{"tags are of kinds of resources once each", "EC2 API, LaunchTemplateTagSpecificationRequest", func(r *declared) {
			seen := map[string]bool{}
			for _, spec := range r.elements("tagSpecifications") {
				kind := spec.text("resourceType")
				r.require(kind == "" || !seen[kind], spec.path, "is of %s, which is there twice", kind)
				seen[kind] = true
			}
		}},
	},
	"aws:autoscaling/group:Group": {
		{"minimum <= desired <= maximum", "Auto Scaling API, CreateAutoScalingGroup", func(r *declared) {
			low, hasLow := r.number("minSize")
			high, hasHigh := r.number("maxSize")
			r.require(!hasLow || !hasHigh || low <= high, "maxSize", "is %v, below minSize %v", high, low)
			if desired, given := r.number("desiredCapacity"); given {
				r.require((!hasLow || desired >= low) && (!hasHigh || desired <= high), "desiredCapacity",
					"is %v, must be from minSize %v to maxSize %v", desired, low, high)
			}
		}},
		{"a tag says whether instances get it", "the provider's schema: tag", func(r *declared) {
			for _, tag := range r.elements("tags") {
				for _, needed := range []string{"key", "value", "propagateAtLaunch"} {
					_, has := tag.inputs[resource.PropertyKey(needed)]
					r.require(has, tag.path+"."+needed, "is not given")
				}
			}
		}},
		{"instances start somewhere, from one template", "Auto Scaling API, CreateAutoScalingGroup", func(r *declared) {
			r.one("launchTemplate", "mixedInstancesPolicy", "launchConfiguration")
			r.one("vpcZoneIdentifiers", "availabilityZones")
		}},
		{"a template is named once", "the provider's schema: launch_template", func(r *declared) {
			if _, ok := r.at("launchTemplate"); ok {
				r.require(r.count("launchTemplate.id", "launchTemplate.name") == 1, "launchTemplate",
					"must have one of id and name")
			}
		}},
		{"a refresh begins at a numbered version if it may go back",
			"Auto Scaling user guide, Use an instance refresh with auto rollback", func(r *declared) {
				version := r.text("launchTemplate.version")
				r.require(!r.yes("instanceRefresh.preferences.autoRollback") || version != "$Latest" && version != "$Default",
					"launchTemplate.version", "is %q, must be a number with autoRollback", version)
			}},
		{"a maintenance policy has both ends, at most 100 apart", "Auto Scaling API, InstanceMaintenancePolicy", func(r *declared) {
			low, _ := r.number("instanceMaintenancePolicy.minHealthyPercentage")
			high, given := r.number("instanceMaintenancePolicy.maxHealthyPercentage")
			r.require(!given || high < 0 && low < 0 || high >= 100 && high <= 200 && high-low <= 100, "instanceMaintenancePolicy",
				"is %v to %v, the end must be 100 to 200 and at most 100 above the beginning", low, high)
		}},
		{"hooks have a transition, a result and a heartbeat", "Auto Scaling API, LifecycleHookSpecification", func(r *declared) {
			for _, hook := range r.elements("initialLifecycleHooks") {
				beat, given := hook.number("heartbeatTimeout")
				r.require(!given || beat >= 30 && beat <= 7200, hook.path+".heartbeatTimeout",
					"is %v, must be from 30 to 7200", beat)
				moment, result := hook.text("lifecycleTransition"), hook.text("defaultResult")
				r.require(strings.HasPrefix(moment, "autoscaling:EC2_INSTANCE_") || moment == "", hook.path+".lifecycleTransition",
					"is %q, must be autoscaling:EC2_INSTANCE_LAUNCHING or autoscaling:EC2_INSTANCE_TERMINATING", moment)
				r.require(result == "" || result == "ABANDON" || result == "CONTINUE", hook.path+".defaultResult",
					"is %q, must be ABANDON or CONTINUE", result)
			}
		}},
		{"a wait is a duration", "the provider's schema: wait_for_capacity_timeout", func(r *declared) {
			if wait := r.text("waitForCapacityTimeout"); wait != "" {
				_, err := time.ParseDuration(wait)
				r.require(err == nil, "waitForCapacityTimeout", "is %q, must be a duration like 10m", wait)
			}
		}},
	},
	"aws:autoscaling/policy:Policy": {
		{"a policy has what its type needs", "Auto Scaling API, PutScalingPolicy", scalingPolicy},
	},
	"aws:autoscaling/schedule:Schedule": {
		{"an action changes a size", "Auto Scaling API, PutScheduledUpdateGroupAction", func(r *declared) {
			changes := false
			for _, size := range []string{"minSize", "maxSize", "desiredCapacity"} {
				n, known := r.number(size)
				changes = changes || r.open(size) || known && n != -1
			}
			r.require(changes, "minSize", "is not given, nor are maxSize and desiredCapacity: at least one must be")
			low, hasLow := r.number("minSize")
			high, hasHigh := r.number("maxSize")
			r.require(!hasLow || !hasHigh || high < 0 || low <= high, "maxSize", "is %v, below minSize %v", high, low)
		}},
		{"an action has a time", "Auto Scaling API, PutScheduledUpdateGroupAction", func(r *declared) {
			r.require(r.count("recurrence", "startTime") > 0, "startTime", "is not given, nor is recurrence")
			start, end := r.text("startTime"), r.text("endTime")
			r.require(start == "" || end == "" || start < end, "endTime", "is %q, not after startTime %q", end, start)
			if zone := r.text("timeZone"); zone != "" {
				_, err := time.LoadLocation(zone)
				r.require(err == nil, "timeZone", "is %q, must be a name of the IANA time zone database", zone)
			}
		}},
	},
	"aws:autoscaling/lifecycleHook:LifecycleHook": {
		{"a target needs a role", "Auto Scaling API, PutLifecycleHook", func(r *declared) {
			r.require(r.given("notificationTargetArn") == r.given("roleArn"), "roleArn", "goes with notificationTargetArn")
			beat, given := r.number("heartbeatTimeout")
			r.require(!given || beat >= 30 && beat <= 7200, "heartbeatTimeout", "is %v, must be from 30 to 7200", beat)
		}},
	},
	"aws:lambda/function:Function": {
		{"a function of an archive has what runs it, and 4 KB of variables",
			"Lambda API, CreateFunction; Lambda quotas", lambdaFunction},
	},
	"aws:lambda/permission:Permission": {
		{"a permission is for someone to do something", "Lambda API, AddPermission", lambdaPermission},
	},
}

// volume is what a type of volume has.
type volume struct {
	least, most                float64 // GiB
	leastIOPS, mostIOPS, ratio float64
	needsIOPS                  bool
}

var volumeTypes = map[string]volume{
	"gp2":      {least: 1, most: 16384},
	"gp3":      {1, 65536, 3000, 80000, 500, false},
	"io1":      {4, 16384, 100, 64000, 50, true},
	"io2":      {4, 65536, 100, 256000, 1000, true},
	"sc1":      {least: 125, most: 16384},
	"st1":      {least: 125, most: 16384},
	"standard": {least: 1, most: 1024},
}

func volumes(r *declared) {
	for _, mapping := range r.elements("blockDeviceMappings") {
		of, known := volumeTypes[mapping.text("ebs.volumeType")]
		size, sized := mapping.number("ebs.volumeSize")
		iops, chosen := mapping.number("ebs.iops")
		path := mapping.path + ".ebs"
		if known {
			r.require(!sized || size >= of.least && size <= of.most, path+".volumeSize",
				"is %v, must be from %v to %v GiB", size, of.least, of.most)
			r.require(!of.needsIOPS || mapping.given("ebs.iops"), path+".iops", "is not given, which io1 and io2 need")
			r.require(!chosen || of.mostIOPS > 0, path+".iops", "is %v, which volumes of that type do not take", iops)
			fits := iops >= of.leastIOPS && iops <= of.mostIOPS && (!sized || iops <= max(of.ratio*size, of.leastIOPS))
			r.require(!chosen || of.mostIOPS == 0 || fits, path+".iops",
				"is %v, must be from %v to %v and at most %v a GiB", iops, of.leastIOPS, of.mostIOPS, of.ratio)
		}
		if throughput, given := mapping.number("ebs.throughput"); given {
			r.require(mapping.text("ebs.volumeType") == "gp3" && throughput >= 125 && throughput <= 2000,
				path+".throughput", "is %v, must be from 125 to 2000, of gp3", throughput)
		}
		for _, flag := range []string{"encrypted", "deleteOnTermination"} {
			text := mapping.text("ebs." + flag)
			r.require(text == "" || text == "true" || text == "false", path+"."+flag, "is %q, must be true or false", text)
		}
		r.require(!mapping.given("ebs.kmsKeyId") || mapping.text("ebs.encrypted") != "false", path+".kmsKeyId",
			"is given, but encrypted is false")
	}
}

var policyParts = []string{"targetTrackingConfiguration", "stepAdjustments", "scalingAdjustment", "predictiveScalingConfiguration"}

func scalingPolicy(r *declared) {
	kind := r.text("policyType")
	needs := map[string]string{"TargetTrackingScaling": policyParts[0], "StepScaling": policyParts[1], "": policyParts[2],
		"SimpleScaling": policyParts[2], "PredictiveScaling": policyParts[3]}[kind]
	for _, part := range policyParts {
		if part == needs {
			r.require(r.given(part), part, "is not given, but policyType is %q", kind)
		} else {
			r.require(!r.given(part), part, "is given, but policyType is %q", kind)
		}
	}
	if _, ok := r.at("targetTrackingConfiguration"); !ok {
		return
	}
	const (
		tracking   = "targetTrackingConfiguration."
		predefined = tracking + "predefinedMetricSpecification"
		customized = tracking + "customizedMetricSpecification"
	)
	r.require(r.given(tracking+"targetValue"), tracking+"targetValue", "is not given")
	r.one(predefined, customized)
	byRequests := r.text(predefined+".predefinedMetricType") == "ALBRequestCountPerTarget"
	r.require(!byRequests || r.given(predefined+".resourceLabel"), predefined+".resourceLabel",
		"is not given, but the metric is ALBRequestCountPerTarget")
	queries := r.elements(customized + ".metrics")
	returned := 0
	for _, q := range queries {
		r.require(q.count("expression", "metricStat") == 1, q.path, "must have one of expression and metricStat")
		if data, given := q.at("returnData"); !given || data.IsBool() && data.BoolValue() {
			returned++
		}
	}
	r.require(len(queries) == 0 || returned == 1, customized+".metrics", "returns the data of %d metrics, must of one", returned)
}

var (
	reservedVariables = regexp.MustCompile(`^(_HANDLER|_X_AMZN_TRACE_ID|AWS_(DEFAULT_REGION|REGION|EXECUTION_ENV|LAMBDA_.*|` +
		`ACCESS_KEY(_ID)?|SECRET_ACCESS_KEY|SESSION_TOKEN)|LAMBDA_(TASK_ROOT|RUNTIME_DIR))$`)
	variableName = regexp.MustCompile(`^[a-zA-Z][a-zA-Z0-9_]+$`)
)

func lambdaFunction(r *declared) {
	zipped := r.text("packageType") != "Image"
	for _, needed := range []string{"runtime", "handler"} {
		r.require(!zipped || r.given(needed), needed, "is not given: a function of an archive needs it")
	}
	v, ok := r.at("environment.variables")
	if !ok || !v.IsObject() {
		return
	}
	size := 0
	for _, key := range v.ObjectValue().StableKeys() {
		name := string(key)
		path := "environment.variables." + name
		r.require(variableName.MatchString(name), path,
			"has a name of other than letters, digits and _, which begins with a letter")
		r.require(!reservedVariables.MatchString(name), path, "is a name that Lambda reserves")
		value, _, known := reveal(v.ObjectValue()[key])
		if known && value.IsString() {
			size += len(name) + len(value.StringValue())
		}
	}
	r.require(size <= 4096, "environment.variables", "has %d bytes, may have 4096", size)
}

var (
	permitted = regexp.MustCompile(`^(lambda:[a-zA-Z*]+|\*)$`)
	permittee = regexp.MustCompile(`^(\*|\d{12}|arn:.+|[a-z0-9.-]+\.amazonaws\.com(\.cn)?)$`)
)

func lambdaPermission(r *declared) {
	action, principal := r.text("action"), r.text("principal")
	r.require(action == "" || permitted.MatchString(action), "action", "is %q, must be like lambda:InvokeFunction", action)
	r.require(principal == "" || permittee.MatchString(principal), "principal",
		"is %q, must be an account, an ARN or a service like events.amazonaws.com", principal)
	if source := r.text("sourceArn"); source != "" {
		r.require(arnForm.MatchString(source), "sourceArn", "is %q, must be an ARN", source)
	}
}
