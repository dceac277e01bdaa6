package rules

import (
	"strings"
	"sync"
)

// oneOf, form and within are the constraints that AWS states in prose, or that only
// its provider checks: its API models lack them.
func oneOf(source string, values ...string) *constraint {
	c := &constraint{Source: source}
	for _, value := range values {
		c.Enum = append(c.Enum, value)
	}
	return c
}

func form(source, pattern string, not ...string) *constraint {
	return &constraint{Source: source, Pattern: pattern, Not: not}
}

func within(source string, low, high float64) *constraint {
	return &constraint{Source: source, MinValue: &low, MaxValue: &high}
}

func atLeast(source string, low float64) *constraint {
	return &constraint{Source: source, MinValue: &low}
}

const (
	groupAPI    = "Auto Scaling API, CreateAutoScalingGroup"
	balancerAPI = "ELB API v2, LoadBalancerAttribute"
	targetsAPI  = "ELB API v2, TargetGroupAttribute"
	templateAPI = "EC2 API, RequestLaunchTemplateData"
	eventsAPI   = "RDS API, CreateEventSubscription"
	topicAPI    = "SNS API, SetTopicAttributes"
	subscribe   = "SNS API, Subscribe"
)

// documented are those constraints, by type and property path.
var documented = sync.OnceValue(func() map[string]map[string]*constraint {
	all := map[string]map[string]*constraint{
		"aws:ec2/launchTemplate:LaunchTemplate": {
			"creditSpecification.cpuCredits":          oneOf(templateAPI+": CreditSpecification", "standard", "unlimited"),
			"metadataOptions.httpPutResponseHopLimit": within(templateAPI+": MetadataOptions", 1, 64),
			"name": form("EC2 API, CreateLaunchTemplate: LaunchTemplateName", `[a-zA-Z0-9().\-/_]{3,128}`),
		},
		"aws:autoscaling/group:Group": {
			"desiredCapacity":            atLeast(groupAPI+": a capacity is no less than zero", 0),
			"healthCheckGracePeriod":     atLeast(groupAPI+": HealthCheckGracePeriod, in seconds", 0),
			"instanceRefresh.triggers[]": oneOf("the provider's validateGroupInstanceRefreshTriggerFields", groupAttributes...),
			"maxSize":                    atLeast(groupAPI+": a capacity is no less than zero", 0),
			"metricsGranularity":         oneOf("Auto Scaling API, EnableMetricsCollection: Granularity", "1Minute"),
			"minSize":                    atLeast(groupAPI+": a capacity is no less than zero", 0),
		},
		"aws:autoscaling/policy:Policy": {
			"adjustmentType": oneOf("Auto Scaling API, PutScalingPolicy: AdjustmentType",
				"ChangeInCapacity", "ExactCapacity", "PercentChangeInCapacity"),
		},
		"aws:lambda/function:Function": {
			"reservedConcurrentExecutions": atLeast("the provider's schema: -1 is no reservation", -1),
		},
		"aws:rds/instance:Instance": {
			"caCertIdentifier": oneOf("RDS user guide, Using SSL/TLS to encrypt a connection: certificate authorities",
				"rds-ca-rsa2048-g1", "rds-ca-rsa4096-g1", "rds-ca-ecc384-g1"),
			"engine": oneOf(createInstance+": Engine", databaseEngines...),
			"licenseModel": oneOf(createInstance+": LicenseModel", "bring-your-own-license", "general-public-license",
				"license-included", "marketplace-license", "postgresql-license"),
			"networkType": oneOf(createInstance+": NetworkType", "IPV4", "DUAL"),
		},
		"aws:rds/parameterGroup:ParameterGroup": {
			"name": form("RDS API, CreateDBParameterGroup: DBParameterGroupName", `[a-z][a-z0-9.-]{0,254}`, `--`, `-$`),
		},
		"aws:rds/subnetGroup:SubnetGroup": {
			"name": form("RDS API, CreateDBSubnetGroup: DBSubnetGroupName; the provider's validSubnetGroupName",
				`[a-z0-9_ .-]{1,255}`, `^default$`),
		},
		"aws:rds/eventSubscription:EventSubscription": {
			"eventCategories[]": oneOf("RDS user guide, Amazon RDS event categories and event messages", eventCategories...),
			"name":              form(eventsAPI+": SubscriptionName", `.{1,254}`),
			"sourceType": oneOf(eventsAPI+": SourceType", "blue-green-deployment", "custom-engine-version", "db-cluster",
				"db-cluster-snapshot", "db-instance", "db-parameter-group", "db-proxy", "db-security-group",
				"db-snapshot", "zero-etl"),
		},
		"aws:elasticache/replicationGroup:ReplicationGroup": {
			"snapshotRetentionLimit": within("the provider's schema: snapshot_retention_limit, in days", 0, 35),
		},
		"aws:elasticache/subnetGroup:SubnetGroup": {
			"name": form("ElastiCache API, CreateCacheSubnetGroup: CacheSubnetGroupName", `[a-zA-Z0-9-]{1,255}`),
		},
		"aws:lb/loadBalancer:LoadBalancer": {
			"clientKeepAlive": within(balancerAPI+": client_keep_alive.seconds", 60, 604800),
			"desyncMitigationMode": oneOf(balancerAPI+": routing.http.desync_mitigation_mode", "monitor",
				"defensive", "strictest"),
			"loadBalancerType": oneOf("ELB API v2, CreateLoadBalancer: Type", "application", "network", "gateway"),
			"xffHeaderProcessingMode": oneOf(balancerAPI+": routing.http.xff_header_processing.mode", "append",
				"preserve", "remove"),
		},
		"aws:lb/targetGroup:TargetGroup": {
			"loadBalancingAlgorithmType": oneOf(targetsAPI+": load_balancing.algorithm.type",
				"round_robin", "least_outstanding_requests", "weighted_random"),
			"loadBalancingAnomalyMitigation": oneOf(targetsAPI+": load_balancing.algorithm.anomaly_mitigation", "on", "off"),
			"loadBalancingCrossZoneEnabled": oneOf(targetsAPI+": load_balancing.cross_zone.enabled",
				"true", "false", "use_load_balancer_configuration"),
			"protocolVersion":           form(createTargets+": ProtocolVersion", `(?i:HTTP1|HTTP2|GRPC)`),
			"stickiness.cookieDuration": within(targetsAPI+": stickiness.lb_cookie.duration_seconds", 1, 604800),
			"stickiness.type": oneOf(targetsAPI+": stickiness.type",
				"lb_cookie", "app_cookie", "source_ip", "source_ip_dest_ip", "source_ip_dest_ip_proto"),
		},
		"aws:lb/listener:Listener": {
			"sslPolicy": form("ELB user guide, Security policies for your Application Load Balancer",
				strings.Join(tlsPolicies, "|")),
		},
		"aws:iam/rolePolicy:RolePolicy": {
			"name": form("IAM API, PutRolePolicy: PolicyName", `[\w+=,.@-]{1,128}`),
		},
		"aws:sqs/queue:Queue": {
			"deduplicationScope":  oneOf("SQS API, CreateQueue: DeduplicationScope", "messageGroup", "queue"),
			"fifoThroughputLimit": oneOf("SQS API, CreateQueue: FifoThroughputLimit", "perQueue", "perMessageGroupId"),
		},
		"aws:sns/topic:Topic": {
			"signatureVersion": within(topicAPI+": SignatureVersion", 1, 2),
			"tracingConfig":    oneOf(topicAPI+": TracingConfig", "Active", "PassThrough"),
		},
		"aws:sns/topicSubscription:TopicSubscription": {
			"filterPolicyScope": oneOf(subscribe+": FilterPolicyScope", "MessageAttributes", "MessageBody"),
			"protocol": oneOf(subscribe+": Protocol",
				"application", "email", "email-json", "firehose", "http", "https", "lambda", "sms", "sqs"),
		},
		"aws:cloudwatch/metricAlarm:MetricAlarm": {
			"evaluateLowSampleCountPercentiles": oneOf(putAlarm+": EvaluateLowSampleCountPercentile", "evaluate", "ignore"),
		},
		"aws:cloudwatch/dashboard:Dashboard": {
			"dashboardName": form("CloudWatch API, PutDashboard: DashboardName", `[A-Za-z0-9_-]{1,255}`),
		},
		"aws:cloudwatch/logGroup:LogGroup": {
			"name": form("CloudWatch Logs API, CreateLogGroup: logGroupName", `[.\-_/#A-Za-z0-9]{1,512}`),
		},
	}
	for _, paths := range all {
		for _, c := range paths {
			c.compile()
		}
	}
	return all
})

// databaseEngines are those of RDS.
var databaseEngines = []string{"aurora-mysql", "aurora-postgresql", "custom-oracle-ee", "custom-oracle-ee-cdb", "custom-oracle-se2",
	"custom-oracle-se2-cdb", "custom-sqlserver-dev", "custom-sqlserver-ee", "custom-sqlserver-se", "custom-sqlserver-web", "db2-ae",
	"db2-se", "mariadb", "mysql", "oracle-ee", "oracle-ee-cdb", "oracle-se2", "oracle-se2-cdb", "postgres", "sqlserver-dev-ee",
	"sqlserver-ee", "sqlserver-ex", "sqlserver-se", "sqlserver-web"}

// eventCategories are those of every source of RDS's events.
var eventCategories = []string{"availability", "backtrack", "backup", "configuration change", "creation", "deletion", "failover",
	"failure", "global-failover", "low storage", "maintenance", "migration", "notification", "read replica", "recovery",
	"restoration", "restoring", "security", "security patching", "serverless"}

// groupAttributes are what the provider calls the properties of a group: a change of
// one may start a refresh.
var groupAttributes = []string{"availability_zone_distribution", "availability_zones", "capacity_rebalance",
	"capacity_reservation_specification", "context", "default_cooldown", "default_instance_warmup", "desired_capacity",
	"desired_capacity_type", "enabled_metrics", "force_delete", "force_delete_warm_pool", "health_check_grace_period",
	"health_check_type", "ignore_failed_scaling_activities", "initial_lifecycle_hook", "instance_maintenance_policy",
	"instance_refresh", "launch_configuration", "launch_template", "load_balancers", "max_instance_lifetime", "max_size",
	"metrics_granularity", "min_elb_capacity", "min_size", "mixed_instances_policy", "name", "name_prefix", "placement_group",
	"protect_from_scale_in", "service_linked_role_arn", "suspended_processes", "tag", "target_group_arns",
	"termination_policies", "traffic_source", "vpc_zone_identifier", "wait_for_capacity_timeout", "wait_for_elb_capacity",
	"warm_pool"}

// tlsPolicies are ELB's, by their generations.
var tlsPolicies = []string{
	`ELBSecurityPolicy-(2015-05|2016-08|TLS-1-0-2015-04|TLS-1-[12]-2017-01|TLS-1-2-Ext-2018-06)`,
	`ELBSecurityPolicy-FS-(2018-06|1-[12]-2019-08|1-2-Res-(2019-08|2020-10))`,
	`ELBSecurityPolicy-TLS13-1-([013]|2(-Res|-Ext[12])?)-(2021-06|PQ-2025-09)`,
	`ELBSecurityPolicy-TLS13-1-([013]|2(-Res|-Ext[012])?)-FIPS-(2023-04|PQ-2025-09)`,
	`ELBSecurityPolicy-TLS13-1-[23](-Ext0)?-RFC9151(-INTEROP[1-4])?-FIPS-2023-07`,
}
