package cloudwatch

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// namespace is what a service of AWS publishes: an alarm on anything else in it
// would never see a value.
type namespace struct {
	source  string            // AWS's page about it
	metrics map[string]string // the unit of each; "" where AWS names none
	sets    [][]string        // of dimensions, that a metric may have
	only    map[string][][]string
}

const guide = "https://docs.aws.amazon.com/"

// namespaces are those of the services that a stack of ours may use.
var namespaces = map[string]namespace{
	"AWS/ApplicationELB": {
		source: guide + "elasticloadbalancing/latest/application/load-balancer-cloudwatch-metrics.html",
		metrics: units1("Count", "ActiveConnectionCount", "ClientTLSNegotiationErrorCount", "ConsumedLCUs", "DesyncMitigationMode_NonCompliant_Request_Count",
			"DroppedInvalidHeaderRequestCount", "ForwardedInvalidHeaderRequestCount", "HTTP_Fixed_Response_Count", "HTTP_Redirect_Count",
			"HTTPCode_ELB_3XX_Count", "HTTPCode_ELB_4XX_Count", "HTTPCode_ELB_5XX_Count", "HTTPCode_ELB_500_Count", "HTTPCode_ELB_502_Count",
			"HTTPCode_ELB_503_Count", "HTTPCode_ELB_504_Count", "IPv6RequestCount", "NewConnectionCount", "NonStickyRequestCount",
			"RejectedConnectionCount", "RequestCount", "RuleEvaluations", "HealthyHostCount", "UnHealthyHostCount", "HTTPCode_Target_2XX_Count",
			"HTTPCode_Target_3XX_Count", "HTTPCode_Target_4XX_Count", "HTTPCode_Target_5XX_Count", "RequestCountPerTarget", "TargetConnectionErrorCount",
			"TargetTLSNegotiationErrorCount", "AnomalousHostCount", "MitigatedHostCount", "PeakLCUs").
			and("Bytes", "ProcessedBytes", "IPv6ProcessedBytes").and("Seconds", "TargetResponseTime"),
		sets: [][]string{{"LoadBalancer"}, {"AvailabilityZone", "LoadBalancer"}, {"LoadBalancer", "TargetGroup"}, {"AvailabilityZone", "LoadBalancer", "TargetGroup"}, {"TargetGroup"}},
		only: with(map[string][][]string{
			"RequestCountPerTarget": {{"TargetGroup"}, {"LoadBalancer", "TargetGroup"}},
		}, [][]string{{"LoadBalancer", "TargetGroup"}, {"AvailabilityZone", "LoadBalancer", "TargetGroup"}}, "HealthyHostCount", "UnHealthyHostCount").
			and([][]string{{"LoadBalancer"}, {"AvailabilityZone", "LoadBalancer"}}, "HTTPCode_ELB_3XX_Count", "HTTPCode_ELB_4XX_Count", "HTTPCode_ELB_5XX_Count",
				"HTTPCode_ELB_500_Count", "HTTPCode_ELB_502_Count", "HTTPCode_ELB_503_Count", "HTTPCode_ELB_504_Count", "ActiveConnectionCount",
				"NewConnectionCount", "RejectedConnectionCount", "ProcessedBytes"),
	},
	"AWS/EC2": {
		source: guide + "AWSEC2/latest/UserGuide/viewing_metrics_with_cloudwatch.html",
		metrics: units1("Percent", "CPUUtilization").
			and("Bytes", "NetworkIn", "NetworkOut", "DiskReadBytes", "DiskWriteBytes", "EBSReadBytes", "EBSWriteBytes").
			and("Count", "NetworkPacketsIn", "NetworkPacketsOut", "DiskReadOps", "DiskWriteOps", "EBSReadOps", "EBSWriteOps", "StatusCheckFailed",
				"StatusCheckFailed_Instance", "StatusCheckFailed_System", "StatusCheckFailed_AttachedEBS", "MetadataNoToken", "CPUCreditUsage",
				"CPUCreditBalance", "CPUSurplusCreditBalance", "CPUSurplusCreditsCharged").
			and("Percent", "EBSIOBalance%", "EBSByteBalance%"),
		sets: [][]string{{"InstanceId"}, {"AutoScalingGroupName"}, {"ImageId"}, {"InstanceType"}, {}},
	},
	"AWS/AutoScaling": {
		source: guide + "autoscaling/ec2/userguide/ec2-auto-scaling-metrics.html",
		metrics: units1("", "GroupMinSize", "GroupMaxSize", "GroupDesiredCapacity", "GroupInServiceInstances", "GroupPendingInstances", "GroupStandbyInstances",
			"GroupTerminatingInstances", "GroupTotalInstances", "GroupInServiceCapacity", "GroupPendingCapacity", "GroupStandbyCapacity",
			"GroupTerminatingCapacity", "GroupTotalCapacity", "WarmPoolDesiredCapacity", "WarmPoolWarmedCapacity", "WarmPoolPendingCapacity",
			"WarmPoolTerminatingCapacity", "WarmPoolTotalCapacity", "GroupAndWarmPoolDesiredCapacity", "GroupAndWarmPoolTotalCapacity"),
		sets: [][]string{{"AutoScalingGroupName"}},
	},
	"AWS/RDS": {
		source: guide + "AmazonRDS/latest/UserGuide/rds-metrics.html",
		metrics: units1("Percent", "CPUUtilization", "BurstBalance", "EBSIOBalance%", "EBSByteBalance%").
			and("Bytes", "FreeableMemory", "FreeStorageSpace", "FreeLocalStorage", "SwapUsage", "BinLogDiskUsage").
			and("Count", "DatabaseConnections", "DiskQueueDepth", "CPUCreditUsage", "CPUCreditBalance", "CPUSurplusCreditBalance", "CPUSurplusCreditsCharged").
			and("Count/Second", "ReadIOPS", "WriteIOPS").and("Bytes/Second", "ReadThroughput", "WriteThroughput", "NetworkReceiveThroughput", "NetworkTransmitThroughput").
			and("Seconds", "ReadLatency", "WriteLatency", "ReplicaLag"),
		sets: [][]string{{"DBInstanceIdentifier"}, {"DatabaseClass"}, {"EngineName"}, {"SourceRegion"}, {}},
	},
	"AWS/ElastiCache": {
		source: guide + "AmazonElastiCache/latest/dg/CacheMetrics.Redis.html",
		metrics: units1("Percent", "CPUUtilization", "EngineCPUUtilization", "DatabaseMemoryUsagePercentage", "DatabaseCapacityUsagePercentage", "MemoryFragmentationRatio", "CacheHitRate").
			and("Bytes", "FreeableMemory", "SwapUsage", "BytesUsedForCache", "NetworkBytesIn", "NetworkBytesOut", "ReplicationBytes").
			and("Count", "CurrConnections", "NewConnections", "Evictions", "Reclaimed", "CacheHits", "CacheMisses", "CurrItems", "CurrVolatileItems",
				"AuthenticationFailures", "CommandAuthorizationFailures", "KeyAuthorizationFailures", "MasterLinkHealthStatus", "IsMaster", "SaveInProgress",
				"NetworkBandwidthInAllowanceExceeded", "NetworkBandwidthOutAllowanceExceeded", "NetworkConntrackAllowanceExceeded",
				"NetworkPacketsPerSecondAllowanceExceeded", "NetworkPacketsIn", "NetworkPacketsOut", "GetTypeCmds", "SetTypeCmds", "SortedSetBasedCmds",
				"TrafficManagementActive", "CPUCreditBalance", "CPUCreditUsage", "KeysTracked", "BlockedConnections").
			and("Seconds", "ReplicationLag").and("Microseconds", "SuccessfulReadRequestLatency", "SuccessfulWriteRequestLatency"),
		sets: [][]string{{"CacheClusterId"}, {"CacheClusterId", "CacheNodeId"}, {"ReplicationGroupId"}, {}},
	},
	"AWS/SQS": {
		source: guide + "AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-available-cloudwatch-metrics.html",
		metrics: units1("Count", "ApproximateNumberOfMessagesDelayed", "ApproximateNumberOfMessagesNotVisible", "ApproximateNumberOfMessagesVisible",
			"NumberOfEmptyReceives", "NumberOfMessagesDeleted", "NumberOfMessagesReceived", "NumberOfMessagesSent").
			and("Seconds", "ApproximateAgeOfOldestMessage").and("Bytes", "SentMessageSize"),
		sets: [][]string{{"QueueName"}},
	},
	"AWS/Lambda": {
		source: guide + "lambda/latest/dg/monitoring-metrics-types.html",
		metrics: units1("Count", "Invocations", "Errors", "DeadLetterErrors", "DestinationDeliveryFailures", "Throttles", "ProvisionedConcurrencyInvocations",
			"ProvisionedConcurrencySpilloverInvocations", "RecursiveInvocationsDropped", "ConcurrentExecutions", "ProvisionedConcurrentExecutions",
			"ProvisionedConcurrencyUtilization", "UnreservedConcurrentExecutions", "ClaimedAccountConcurrency", "AsyncEventsReceived", "AsyncEventsDropped").
			and("Milliseconds", "Duration", "PostRuntimeExtensionsDuration", "IteratorAge", "AsyncEventAge"),
		sets: [][]string{{"FunctionName"}, {"FunctionName", "Resource"}, {"ExecutedVersion", "FunctionName", "Resource"}, {}},
	},
	"AWS/Route53": {
		source: guide + "Route53/latest/DeveloperGuide/monitoring-cloudwatch.html",
		metrics: units1("None", "HealthCheckStatus", "ChildHealthCheckHealthyCount").and("Percent", "HealthCheckPercentageHealthy").
			and("Milliseconds", "ConnectionTime", "SSLHandshakeTime", "TimeToFirstByte").and("Count", "DNSQueries"),
		sets: [][]string{{"HealthCheckId"}, {"HealthCheckId", "Region"}, {"Region"}},
		only: map[string][][]string{"DNSQueries": {{"HostedZoneId"}}},
	},
	"AWS/WAFV2": {
		source:  guide + "waf/latest/developerguide/waf-metrics.html",
		metrics: units1("Count", "AllowedRequests", "BlockedRequests", "CountedRequests", "CaptchaRequests", "ChallengeRequests", "PassedRequests", "RequestsWithValidCaptchaToken"),
		sets:    [][]string{{"Region", "Rule", "WebACL"}, {"Region", "RuleGroup", "WebACL"}, {"Rule", "WebACL"}, {"Region", "WebACL"}, {"Attack", "Region", "WebACL"}},
	},
	"AWS/NATGateway": {
		source: guide + "vpc/latest/userguide/metrics-dimensions-nat-gateway.html",
		metrics: units1("Count", "ActiveConnectionCount", "ConnectionAttemptCount", "ConnectionEstablishedCount", "ErrorPortAllocation", "IdleTimeoutCount",
			"PacketsDropCount", "PacketsInFromDestination", "PacketsInFromSource", "PacketsOutToDestination", "PacketsOutToSource", "PeakPacketsPerSecond").
			and("Bytes", "BytesInFromDestination", "BytesInFromSource", "BytesOutToDestination", "BytesOutToSource").and("Bytes/Second", "PeakBytesPerSecond"),
		sets: [][]string{{"NatGatewayId"}},
	},
	"AWS/CertificateManager": {
		source:  guide + "acm/latest/userguide/cloudwatch-metrics.html",
		metrics: units1("", "DaysToExpiry"),
		sets:    [][]string{{"CertificateArn"}},
	},
	"AWS/S3": {
		source: guide + "AmazonS3/latest/userguide/metrics-dimensions.html",
		metrics: units1("Bytes", "BucketSizeBytes", "BytesDownloaded", "BytesUploaded", "BytesPendingReplication").
			and("Count", "NumberOfObjects", "AllRequests", "GetRequests", "PutRequests", "DeleteRequests", "HeadRequests", "PostRequests", "ListRequests",
				"4xxErrors", "5xxErrors", "OperationsPendingReplication", "OperationsFailedReplication").
			and("Milliseconds", "FirstByteLatency", "TotalRequestLatency").and("Seconds", "ReplicationLatency"),
		sets: [][]string{{"BucketName", "FilterId"}},
		only: with(map[string][][]string{}, [][]string{{"BucketName", "StorageType"}}, "BucketSizeBytes", "NumberOfObjects").
			and([][]string{{"DestinationBucket", "RuleId", "SourceBucket"}}, "BytesPendingReplication", "OperationsPendingReplication",
				"OperationsFailedReplication", "ReplicationLatency"),
	},
	"AWS/Events": {
		source: guide + "eventbridge/latest/userguide/eb-monitoring.html",
		metrics: units1("Count", "Invocations", "FailedInvocations", "MatchedEvents", "TriggeredRules", "ThrottledRules", "DeadLetterInvocations",
			"InvocationsSentToDlq", "InvocationsFailedToBeSentToDlq", "InvocationAttempts", "SuccessfulInvocationAttempts", "RetryInvocationAttempts"),
		sets: [][]string{{"RuleName"}, {"EventBusName", "RuleName"}, {"EventBusName"}, {}},
	},
	"AWS/SNS": {
		source: guide + "sns/latest/dg/sns-monitoring-using-cloudwatch.html",
		metrics: units1("Count", "NumberOfMessagesPublished", "NumberOfNotificationsDelivered", "NumberOfNotificationsFailed",
			"NumberOfNotificationsFilteredOut", "NumberOfNotificationsFilteredOut-InvalidAttributes", "NumberOfNotificationsFilteredOut-NoMessageAttributes",
			"NumberOfNotificationsRedrivenToDlq", "NumberOfNotificationsFailedToRedriveToDlq").and("Bytes", "PublishSize"),
		sets: [][]string{{"TopicName"}, {}},
	},
}

type metricUnits map[string]string

func units1(unit string, names ...string) metricUnits { return metricUnits{}.and(unit, names...) }

func (m metricUnits) and(unit string, names ...string) metricUnits {
	for _, name := range names {
		m[name] = unit
	}
	return m
}

type dimensionSets map[string][][]string

func with(base map[string][][]string, sets [][]string, names ...string) dimensionSets {
	return dimensionSets(base).and(sets, names...)
}

func (d dimensionSets) and(sets [][]string, names ...string) dimensionSets {
	for _, name := range names {
		d[name] = sets
	}
	return d
}

// exists tells what AWS would never emit: a name, a set of dimensions or a unit.
// Namespaces that do not begin with AWS/ are free.
func (m Metric) exists(unit string) error {
	if unit != "" && !slices.Contains(units, unit) {
		return fmt.Errorf("unit %q: CloudWatch has no such unit", unit)
	}
	if !strings.HasPrefix(m.Namespace, "AWS/") {
		return nil
	}
	n, known := namespaces[m.Namespace]
	if !known {
		return fmt.Errorf("namespace %q: the local cloud knows %s", m.Namespace, strings.Join(slices.Sorted(maps.Keys(namespaces)), ", "))
	}
	of, known := n.metrics[m.Name]
	if !known {
		return fmt.Errorf("metric %s: there is none of that name in %s: see %s", m.Name, m.Namespace, n.source)
	}
	if unit != "" && of != "" && unit != of {
		return fmt.Errorf("metric %s of %s: its unit is %s, not %s: an alarm with another sees no value: see %s", m.Name, m.Namespace, of, unit, n.source)
	}
	sets, special := n.only[m.Name]
	if !special {
		sets = n.sets
	}
	var names []string
	for _, d := range m.Dimensions {
		names = append(names, d.Name)
	}
	for _, set := range sets {
		if slices.Equal(set, names) {
			return nil
		}
	}
	return fmt.Errorf("metric %s of %s: it is never emitted by dimensions %v, but by one of %v: see %s", m.Name, m.Namespace, names, sets, n.source)
}
