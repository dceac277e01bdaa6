package rules

import (
	"fmt"
	"regexp"
	"strings"
)

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
