package iam

import (
	"embed"
	"fmt"
	"path"
	"strings"
)

// managed are the policies of AWS that the program attaches, by the last part of
// their ARN: their default versions as MAMIP (github.com/zoph-io/MAMIP, the
// directory policies) collects them from AWS every day, read on 2026-11-25.
//
//go:embed managed/*.json
var managed embed.FS

// managedPolicy returns the document of a policy of AWS.
func managedPolicy(arn string) (string, error) {
	if !strings.HasPrefix(arn, "arn:aws:iam::aws:policy/") {
		return "", fmt.Errorf("policy %s: the local cloud has the policies of AWS and those written into a role only", arn)
	}
	text, err := managed.ReadFile("managed/" + path.Base(arn) + ".json")
	if err != nil {
		return "", fmt.Errorf("policy %s: the local cloud does not have it: add it to localcloud/iam/managed", arn)
	}
	return string(text), nil
}
