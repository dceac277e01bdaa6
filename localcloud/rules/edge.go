package rules

import (
	"fmt"
	"net/netip"
	"regexp"
	"strings"
)

const (
	createTargets  = "ELB API v2, CreateTargetGroup"
	createListener = "ELB API v2, CreateListener"
	changeRecords  = "Route 53 API, ResourceRecordSet"
	webACLSource   = "AWS WAF API, CreateWebACL: Rule"
)

var (
	statusForm = regexp.MustCompile(`^\d{3}(-\d{3})?(,\d{3}(-\d{3})?)*$`)
	portForm   = regexp.MustCompile(`^(#\{port\}|[1-9]\d{0,4})$`)
)

// edgeRules are of the balancer, its certificate, DNS and the firewall before it.
var edgeRules = map[string][]rule{
	"aws:lb/loadBalancer:LoadBalancer": {
		{"an application balancer is in two zones", "ELB API v2, CreateLoadBalancer", func(r *declared) {
			v, known := r.at("subnets")
			application := r.text("loadBalancerType") == "application" || !r.given("loadBalancerType")
			r.require(!application || !known || !v.IsArray() || len(v.ArrayValue()) >= 2, "subnets", "are fewer than two")
			r.require(r.count("subnets", "subnetMappings") == 1, "subnets", "must be given, or subnetMappings")
			idle, given := r.number("idleTimeout")
			r.require(!given || idle >= 1 && idle <= 4000, "idleTimeout", "is %v, must be from 1 to 4000", idle)
			r.require(!r.yes("accessLogs.enabled") || r.given("accessLogs.bucket"), "accessLogs.bucket",
				"is not given, but accessLogs are enabled")
		}},
	},
	"aws:lb/targetGroup:TargetGroup": {
		{"targets have a port, a protocol and a network", createTargets, func(r *declared) {
			if r.text("targetType") == "lambda" {
				return
			}
			for _, needed := range []string{"port", "protocol", "vpcId"} {
				r.require(r.given(needed), needed, "is not given: only Lambda functions have none")
			}
			port, given := r.number("port")
			r.require(!given || port >= 1 && port <= 65535, "port", "is %v, must be from 1 to 65535", port)
		}},
		{"a check fits into its interval", createTargets + ": HealthCheckTimeoutSeconds", healthCheck},
		{"slow start goes with round robin only", "ELB user guide, Slow start mode", func(r *declared) {
			slow, given := r.number("slowStart")
			r.require(!given || slow == 0 || slow >= 30 && slow <= 900, "slowStart", "is %v, must be 0 or from 30 to 900", slow)
			algorithm := r.text("loadBalancingAlgorithmType")
			r.require(!given || slow == 0 || algorithm == "" || algorithm == "round_robin", "slowStart",
				"is %v, which %s does not go with", slow, algorithm)
			delay, delayed := r.number("deregistrationDelay")
			r.require(!delayed || delay >= 0 && delay <= 3600, "deregistrationDelay", "is %v, must be from 0 to 3600", delay)
		}},
	},
	"aws:lb/listener:Listener": {
		{"TLS has a certificate and a policy, and nothing else has", createListener, func(r *declared) {
			port, given := r.number("port")
			r.require(!given || port >= 1 && port <= 65535, "port", "is %v, must be from 1 to 65535", port)
			protocol := r.text("protocol")
			encrypted := protocol == "HTTPS" || protocol == "TLS"
			r.require(!encrypted || r.given("certificateArn"), "certificateArn", "is not given, but the protocol is %s", protocol)
			plain := protocol != "" && !encrypted
			for _, path := range []string{"certificateArn", "sslPolicy"} {
				r.require(!plain || !r.given(path), path, "is given, but the protocol is %s", protocol)
			}
		}},
		{"an action has what its type needs", createListener + ": Action", func(r *declared) { actions(r, "defaultActions") }},
	},
	"aws:lb/listenerRule:ListenerRule": {
		{"a rule has a place and a condition", "ELB API v2, CreateRule", func(r *declared) {
			place, given := r.number("priority")
			r.require(!given || place >= 1 && place <= 50000, "priority", "is %v, must be from 1 to 50000", place)
			if v, ok := r.at("conditions"); ok && v.IsArray() {
				r.require(len(v.ArrayValue()) > 0, "conditions", "are none, must be one at least")
			}
			actions(r, "actions")
		}},
	},
	"aws:acm/certificate:Certificate": {
		{"a certificate is for a name", "ACM API, RequestCertificate", func(r *declared) {
			name := r.text("domainName")
			r.require(name == "" || certificateName.MatchString(name), "domainName", "is %q, must be a domain name", name)
			r.require(!r.given("domainName") || r.given("validationMethod") || r.given("certificateAuthorityArn"),
				"validationMethod", "is not given")
		}},
	},
	"aws:route53/record:Record": {
		{"a record has values with a time to live, or an alias", changeRecords, record},
		{"one way to route, each share with a name", changeRecords + ": SetIdentifier", routing},
	},
	"aws:route53/healthCheck:HealthCheck": {
		{"a check has something to look at", "Route 53 API, HealthCheckConfig", func(r *declared) {
			every, given := r.number("requestInterval")
			r.require(!given || every == 10 || every == 30, "requestInterval", "is %v, must be 10 or 30", every)
			kind := r.text("type")
			probes := strings.HasPrefix(kind, "HTTP") || kind == "TCP"
			r.require(!probes || r.count("fqdn", "ipAddress") > 0, "fqdn", "is not given, nor is ipAddress")
			r.require(strings.HasSuffix(kind, "STR_MATCH") == r.given("searchString"), "searchString",
				"goes with HTTP_STR_MATCH and HTTPS_STR_MATCH")
			r.require(kind != "CALCULATED" || r.given("childHealthchecks"), "childHealthchecks",
				"are not given, but the type is CALCULATED")
			r.require(kind != "CLOUDWATCH_METRIC" || r.given("cloudwatchAlarmName"), "cloudwatchAlarmName",
				"is not given, but the type is CLOUDWATCH_METRIC")
		}},
	},
	"aws:wafv2/webAcl:WebAcl": {
		{"rules differ in name and place, and each acts", webACLSource, aclRules},
	},
	"aws:wafv2/webAclLoggingConfiguration:WebAclLoggingConfiguration": {
		{"logs go to what is named for it", "AWS WAF developer guide, Sending web ACL traffic logs to CloudWatch Logs", func(r *declared) {
			for _, arn := range texts(r, "logDestinationConfigs") {
				r.require(strings.Contains(arn, "aws-waf-logs-"), "logDestinationConfigs",
					"has %q, whose name must begin with aws-waf-logs-", arn)
			}
		}},
	},
}

var certificateName = regexp.MustCompile(`^(\*\.)?([A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+` +
	`[A-Za-z0-9][A-Za-z0-9-]{0,61}[A-Za-z0-9]$`)

func healthCheck(r *declared) {
	within := func(path string, low, high float64) float64 {
		n, given := r.number("healthCheck." + path)
		r.require(!given || n >= low && n <= high, "healthCheck."+path, "is %v, must be from %v to %v", n, low, high)
		return n
	}
	interval, timeout := within("interval", 5, 300), within("timeout", 2, 120)
	within("healthyThreshold", 2, 10)
	within("unhealthyThreshold", 2, 10)
	r.require(interval == 0 || timeout == 0 || timeout < interval, "healthCheck.timeout",
		"is %v, must be below interval %v", timeout, interval)
	if path := r.text("healthCheck.path"); path != "" && strings.HasPrefix(r.text("protocol"), "HTTP") &&
		r.text("protocolVersion") != "GRPC" {
		r.require(strings.HasPrefix(path, "/") && len(path) <= 1024, "healthCheck.path", "is %q, must begin with /", path)
	}
	if codes := r.text("healthCheck.matcher"); codes != "" && r.text("protocolVersion") != "GRPC" {
		r.require(statusForm.MatchString(codes), "healthCheck.matcher", "is %q, must be codes like 200 or 200-299", codes)
	}
}

func actions(r *declared, list string) {
	for _, a := range r.elements(list) {
		fail := func(ok bool, path, format string, args ...any) { r.require(ok, a.path+path, format, args...) }
		switch a.text("type") {
		case "forward":
			fail(a.count("targetGroupArn", "forward") > 0, ".targetGroupArn", "is not given, but the type is forward")
		case "redirect":
			fail(a.given("redirect"), ".redirect", "is not given, but the type is redirect")
			code := a.text("redirect.statusCode")
			fail(code == "" || code == "HTTP_301" || code == "HTTP_302", ".redirect.statusCode",
				"is %q, must be HTTP_301 or HTTP_302", code)
			port := a.text("redirect.port")
			fail(port == "" || portForm.MatchString(port), ".redirect.port", "is %q, must be a port or #{port}", port)
			protocol := a.text("redirect.protocol")
			fail(protocol == "" || protocol == "HTTP" || protocol == "HTTPS" || protocol == "#{protocol}",
				".redirect.protocol", "is %q, must be HTTP or HTTPS", protocol)
		case "fixed-response":
			fail(a.given("fixedResponse"), ".fixedResponse", "is not given, but the type is fixed-response")
			code := a.text("fixedResponse.statusCode")
			fail(code == "" || regexp.MustCompile(`^[245]\d\d$`).MatchString(code), ".fixedResponse.statusCode",
				"is %q, must be a 2xx, 4xx or 5xx", code)
			body := a.text("fixedResponse.messageBody")
			fail(len(body) <= 1024, ".fixedResponse.messageBody", "has %d characters, may have 1024", len(body))
		}
	}
}

func record(r *declared) {
	r.one("records", "aliases")
	r.require(r.given("records") == r.given("ttl"), "ttl", "goes with records, and aliases have none")
	ttl, given := r.number("ttl")
	r.require(!given || ttl >= 0 && ttl <= 2147483647, "ttl", "is %v, must be from 0 to 2147483647", ttl)
	kind := r.text("type")
	values := texts(r, "records")
	r.require(kind != "CNAME" || len(values) <= 1, "records", "has %d values, a CNAME has one", len(values))
	for i, value := range values {
		address, err := netip.ParseAddr(value)
		path := fmt.Sprintf("records[%d]", i)
		r.require(kind != "A" || err == nil && address.Is4(), path, "is %q, must be an IPv4 address", value)
		r.require(kind != "AAAA" || err == nil && address.Is6(), path, "is %q, must be an IPv6 address", value)
	}
}

var routes = []string{"failoverRoutingPolicies", "latencyRoutingPolicies", "weightedRoutingPolicies", "geolocationRoutingPolicies",
	"geoproximityRoutingPolicy", "cidrRoutingPolicy", "multivalueAnswerRoutingPolicy"}

func routing(r *declared) {
	n := r.count(routes...)
	r.require(n <= 1, "setIdentifier", "has %d ways to route, may have one", n)
	r.require((n == 1) == r.given("setIdentifier"), "setIdentifier", "goes with a way to route, and every share has one")
	for _, p := range r.elements("failoverRoutingPolicies") {
		kind := p.text("type")
		r.require(kind == "" || kind == "PRIMARY" || kind == "SECONDARY", p.path+".type",
			"is %q, must be PRIMARY or SECONDARY", kind)
	}
	for _, p := range r.elements("weightedRoutingPolicies") {
		weight, given := p.number("weight")
		r.require(!given || weight >= 0 && weight <= 255, p.path+".weight", "is %v, must be from 0 to 255", weight)
	}
}

func aclRules(r *declared) {
	_, known := r.at("defaultAction")
	r.require(!known || r.count("defaultAction.allow", "defaultAction.block") == 1, "defaultAction",
		"must be one of allow and block")
	names, places := map[string]bool{}, map[float64]bool{}
	for _, rule := range r.elements("rules") {
		name := rule.text("name")
		place, hasPlace := rule.number("priority")
		r.require(name == "" || !names[name], rule.path+".name", "is %q, which is there twice", name)
		r.require(!hasPlace || !places[place], rule.path+".priority", "is %v, which is there twice", place)
		names[name], places[place] = true, true
		group := rule.count("statement.managedRuleGroupStatement", "statement.ruleGroupReferenceStatement") > 0
		if group {
			r.require(rule.given("overrideAction") && !rule.given("action"), rule.path+".overrideAction",
				"goes with a group of rules, which has no action")
		} else {
			r.require(rule.given("action") && !rule.given("overrideAction"), rule.path+".action",
				"is needed by a rule that is no group, which has no overrideAction")
		}
		limit, given := rule.number("statement.rateBasedStatement.limit")
		r.require(!given || limit >= 10 && limit <= 2e9, rule.path+".statement.rateBasedStatement.limit",
			"is %v, must be from 10 to 2000000000", limit)
		window, given := rule.number("statement.rateBasedStatement.evaluationWindowSec")
		r.require(!given || window == 60 || window == 120 || window == 300 || window == 600,
			rule.path+".statement.rateBasedStatement.evaluationWindowSec",
			"is %v, must be 60, 120, 300 or 600", window)
	}
}
