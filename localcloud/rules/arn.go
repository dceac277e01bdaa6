package rules

import (
	"fmt"
	"regexp"
)

var arnName = regexp.MustCompile(`(Arn|(^|\.)arn|Arns\[\]|(alarm|ok|insufficientData)Actions\[\]|logDestinationConfigs\[\])$`)

// notARNs are properties that look like ARNs' by name and take more.
var notARNs = in("lambda/permission.sourceArn", "lambda/function.layers[]")

// moreARNs are properties that hold ARNs under other names: the provider holds them
// to verify.ValidARN.
var moreARNs = in(
	"cloudwatch/logGroup.kmsKeyId",
	"ec2/launchTemplate.blockDeviceMappings[].ebs.kmsKeyId",
	"rds/eventSubscription.snsTopic",
	"rds/instance.kmsKeyId",
	"rds/instance.performanceInsightsKmsKeyId",
	"s3/bucketReplicationConfig.role",
	"s3/bucketReplicationConfig.rules[].destination.bucket",
	"s3/bucketReplicationConfig.rules[].destination.encryptionConfiguration.replicaKmsKeyId",
	"sns/topicSubscription.topic",
)

func isARN(typ, kind string) bool {
	return arnName.MatchString(kind) && !notARNs(typ, kind) || moreARNs(typ, kind)
}

var arnForm = regexp.MustCompile(`^arn:[\w-]+:[a-zA-Z0-9-]+:([a-z]{2}(-[a-z]+)+-\d)?:(aws|aws-managed|\d{12})?:.+$`)

// actionARN are actions of alarms in forms of their own.
var actionARN = regexp.MustCompile(`^arn:[\w-]+:(automate|swf):`)

func brokenARN(text, _ string) error {
	if arnForm.MatchString(text) || actionARN.MatchString(text) {
		return nil
	}
	return fmt.Errorf("want arn:partition:service:region:account:resource")
}
