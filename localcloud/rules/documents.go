package rules

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// Which properties hold which documents.
var (
	identityPolicies = []string{"iam/rolePolicy.policy", "iam/role.inlinePolicies[].policy", "iam/userPolicy.policy", "iam/groupPolicy.policy"}
	managedPolicies  = []string{"iam/policy.policy"}
	trustPolicies    = []string{"iam/role.assumeRolePolicy"}
	resourcePolicies = []string{"kms/key.policy", "sqs/queuePolicy.policy", "sqs/queue.policy", "s3/bucketPolicy.policy", "s3/bucket.policy",
		"sns/topicPolicy.policy", "sns/topic.policy", "secretsmanager/secretPolicy.policy", "secretsmanager/secret.policy", "ec2/vpcEndpoint.policy",
		"cloudwatch/logResourcePolicy.policyDocument", "cloudwatch/eventBusPolicy.policy"}
	eventPatterns = []string{"cloudwatch/eventRule.eventPattern"}
)

// decode reads one JSON document, and nothing after it.
func decode(text string, into any) error {
	decoder := json.NewDecoder(strings.NewReader(text))
	decoder.UseNumber()
	if err := decoder.Decode(into); err != nil {
		return fmt.Errorf("it is no JSON: %w", err)
	}
	if _, err := decoder.Token(); err != io.EOF {
		return fmt.Errorf("it goes on after its end")
	}
	return nil
}

// policyKind is what differs between kinds of policies.
type policyKind struct {
	principal bool // it must say whom it is for; else it must not
	trust     bool // it has no resource: that is the role
	most      int  // bytes, white space apart
}

var (
	policyElements    = []string{"Version", "Id", "Statement"}
	statementElements = []string{"Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction", "Resource", "NotResource", "Condition"}
	principalKinds    = []string{"AWS", "Service", "Federated", "CanonicalUser"}
	actionForm        = regexp.MustCompile(`^(\*|[a-zA-Z0-9-]+:[a-zA-Z0-9*?]+)$`)
	sidForm           = regexp.MustCompile(`^[a-zA-Z0-9]*$`)
	anySidForm        = regexp.MustCompile(`^[a-zA-Z0-9 _-]*$`)
	resourceForm      = regexp.MustCompile(`^(\*|arn:[^:]*:[^:]*:[^:]*:[^:]*:.+)$`)
	operatorForm      = regexp.MustCompile(`^(ForAllValues:|ForAnyValue:)?(String(Not)?(Equals(IgnoreCase)?|Like)|` +
		`Numeric((Not)?Equals|(Less|Greater)Than(Equals)?)|Date((Not)?Equals|(Less|Greater)Than(Equals)?)|Bool|BinaryEquals|` +
		`(Not)?IpAddress|Arn(Not)?(Equals|Like))(IfExists)?$|^Null$`)
)

func (k policyKind) broken(text, _ string) error {
	var document map[string]any
	if err := decode(text, &document); err != nil {
		return err
	}
	var compact bytes.Buffer
	if json.Compact(&compact, []byte(text)) == nil && compact.Len() > k.most {
		return fmt.Errorf("it has %d bytes, may have %d", compact.Len(), k.most)
	}
	if err := known(document, policyElements); err != nil {
		return err
	}
	if version, given := document["Version"]; given && version != "2012-10-17" && version != "2008-10-17" {
		return fmt.Errorf("its Version is %v, must be 2012-10-17", version)
	}
	statements, list := document["Statement"].([]any)
	if single, object := document["Statement"].(map[string]any); object {
		statements, list = []any{single}, true
	}
	if !list || len(statements) == 0 {
		return fmt.Errorf("it has no Statement")
	}
	sids := map[string]bool{}
	for i, s := range statements {
		statement, object := s.(map[string]any)
		if !object {
			return fmt.Errorf("Statement[%d] is no object", i)
		}
		if err := k.brokenStatement(statement, sids); err != nil {
			return fmt.Errorf("Statement[%d]: %w", i, err)
		}
	}
	return nil
}

func (k policyKind) brokenStatement(s map[string]any, sids map[string]bool) error {
	if err := known(s, statementElements); err != nil {
		return err
	}
	if s["Effect"] != "Allow" && s["Effect"] != "Deny" {
		return fmt.Errorf("Effect is %v, must be Allow or Deny", s["Effect"])
	}
	if sid, given := s["Sid"].(string); given && sid != "" {
		form := sidForm
		if k.principal {
			form = anySidForm
		}
		if !form.MatchString(sid) || sids[sid] {
			return fmt.Errorf("Sid %q is there twice, or has other than letters and digits", sid)
		}
		sids[sid] = true
	}
	if err := exactly(s, "Action", "NotAction", actionForm); err != nil {
		return err
	}
	_, has := s["Principal"]
	_, hasNot := s["NotPrincipal"]
	switch {
	case k.principal && has == hasNot:
		return fmt.Errorf("it must have a Principal")
	case !k.principal && (has || hasNot):
		return fmt.Errorf("it must have no Principal: the policy is that of the principal itself")
	}
	if err := brokenPrincipal(s["Principal"]); has && err != nil {
		return err
	}
	if k.trust {
		if s["Resource"] != nil || s["NotResource"] != nil {
			return fmt.Errorf("it must have no Resource: that is the role")
		}
	} else if err := exactly(s, "Resource", "NotResource", resourceForm); err != nil {
		return err
	}
	return brokenCondition(s["Condition"])
}

// exactly one of both elements, a text or a list of texts of the form.
func exactly(s map[string]any, element, not string, form *regexp.Regexp) error {
	value, has := s[element]
	other, hasNot := s[not]
	if has == hasNot {
		return fmt.Errorf("it must have one of %s and %s", element, not)
	}
	if hasNot {
		element, value = not, other
	}
	texts, err := textsOf(value)
	if err != nil || len(texts) == 0 {
		return fmt.Errorf("%s must be a text or a list of texts", element)
	}
	for _, text := range texts {
		if !form.MatchString(text) {
			return fmt.Errorf("%s %q has no such form", element, text)
		}
	}
	return nil
}

func brokenPrincipal(value any) error {
	if value == "*" {
		return nil
	}
	kinds, object := value.(map[string]any)
	if !object {
		return fmt.Errorf("Principal must be an object, or *")
	}
	for kind, whom := range kinds {
		texts, err := textsOf(whom)
		if !slices.Contains(principalKinds, kind) || err != nil || len(texts) == 0 {
			return fmt.Errorf("Principal has %q: its kinds are %s, each with a text or a list of texts", kind, strings.Join(principalKinds, ", "))
		}
		for _, text := range texts {
			if kind == "Service" && !strings.Contains(text, ".amazonaws.com") && !strings.HasSuffix(text, ".aws.internal") {
				return fmt.Errorf("Principal.Service %q is no name of a service, like ec2.amazonaws.com", text)
			}
		}
	}
	return nil
}

func brokenCondition(value any) error {
	if value == nil {
		return nil
	}
	operators, object := value.(map[string]any)
	if !object {
		return fmt.Errorf("Condition must be an object")
	}
	for operator, keys := range operators {
		if !operatorForm.MatchString(operator) {
			return fmt.Errorf("Condition has no operator %q", operator)
		}
		values, object := keys.(map[string]any)
		if !object || len(values) == 0 {
			return fmt.Errorf("Condition.%s must be an object of keys and values", operator)
		}
		for key := range values {
			if !strings.Contains(key, ":") {
				return fmt.Errorf("Condition.%s: %q is no key, like aws:SourceAccount", operator, key)
			}
		}
	}
	return nil
}

// textsOf is a text, or a list of texts, as a list.
func textsOf(value any) ([]string, error) {
	switch v := value.(type) {
	case string:
		return []string{v}, nil
	case []any:
		texts := make([]string, 0, len(v))
		for _, element := range v {
			text, ok := element.(string)
			if !ok {
				return nil, fmt.Errorf("%v is no text", element)
			}
			texts = append(texts, text)
		}
		return texts, nil
	}
	return nil, fmt.Errorf("%v is neither a text nor a list", value)
}

// known refuses a key that is not among names.
func known(object map[string]any, names []string) error {
	for _, key := range slices.Sorted(maps.Keys(object)) {
		if !slices.Contains(names, key) {
			return fmt.Errorf("there is no element %q: there are %s", key, strings.Join(names, ", "))
		}
	}
	return nil
}

func brokenPattern(text, _ string) error {
	var pattern map[string]any
	if err := decode(text, &pattern); err != nil {
		return err
	}
	if len(pattern) == 0 {
		return fmt.Errorf("it is empty")
	}
	if len(text) > 4096 {
		return fmt.Errorf("it has %d characters, may have 4096", len(text))
	}
	return patternFields("", pattern)
}

// patternFields: a field is an object of fields, or a list of what it may be.
func patternFields(path string, fields map[string]any) error {
	for key, value := range fields {
		switch v := value.(type) {
		case map[string]any:
			if err := patternFields(path+key+".", v); err != nil {
				return err
			}
		case []any:
			if len(v) == 0 {
				return fmt.Errorf("%s%s matches nothing", path, key)
			}
		default:
			return fmt.Errorf("%s%s must be a list of values, or an object", path, key)
		}
	}
	return nil
}

var widgetTypes = []string{"metric", "text", "log", "alarm", "explorer", "custom"}

func brokenDashboard(text, _ string) error {
	var body struct {
		Widgets []struct {
			Type                string
			X, Y, Width, Height *float64
			Properties          map[string]any
		}
	}
	if err := decode(text, &body); err != nil {
		return err
	}
	if body.Widgets == nil || len(body.Widgets) > 500 {
		return fmt.Errorf("it has %d widgets, may have 1 to 500", len(body.Widgets))
	}
	within := func(value *float64, low, high float64) bool { return value == nil || *value >= low && *value <= high }
	for i, w := range body.Widgets {
		alarms, _ := w.Properties["alarms"].([]any)
		switch {
		case !slices.Contains(widgetTypes, w.Type):
			return fmt.Errorf("widgets[%d] is of type %q, must be one of %s", i, w.Type, strings.Join(widgetTypes, ", "))
		case w.Properties == nil:
			return fmt.Errorf("widgets[%d] has no properties", i)
		case !within(w.Width, 1, 24) || !within(w.Height, 1, 1000) || !within(w.X, 0, 23) || !within(w.Y, 0, 1e9):
			return fmt.Errorf("widgets[%d] has no place on a grid of 24 columns", i)
		case len(alarms) > 100:
			return fmt.Errorf("widgets[%d] has %d alarms, may have 100", i, len(alarms))
		}
	}
	return nil
}

func brokenRedrive(text, _ string) error {
	var policy map[string]any
	if err := decode(text, &policy); err != nil {
		return err
	}
	if err := known(policy, []string{"deadLetterTargetArn", "maxReceiveCount"}); err != nil {
		return err
	}
	arn, _ := policy["deadLetterTargetArn"].(string)
	if brokenARN(arn, "") != nil {
		return fmt.Errorf("deadLetterTargetArn is %q, must be the ARN of a queue", arn)
	}
	count, number := policy["maxReceiveCount"].(json.Number)
	if n, err := count.Int64(); !number || err != nil || n < 1 || n > 1000 {
		return fmt.Errorf("maxReceiveCount is %v, must be a number from 1 to 1000", policy["maxReceiveCount"])
	}
	return nil
}

func brokenRedriveAllow(text, _ string) error {
	var policy map[string]any
	if err := decode(text, &policy); err != nil {
		return err
	}
	if err := known(policy, []string{"redrivePermission", "sourceQueueArns"}); err != nil {
		return err
	}
	sources, given := policy["sourceQueueArns"].([]any)
	switch policy["redrivePermission"] {
	case "allowAll", "denyAll":
		if given {
			return fmt.Errorf("sourceQueueArns goes with byQueue only")
		}
	case "byQueue":
		if len(sources) < 1 || len(sources) > 10 {
			return fmt.Errorf("sourceQueueArns has %d queues, must have 1 to 10", len(sources))
		}
	default:
		return fmt.Errorf("redrivePermission is %v, must be allowAll, denyAll or byQueue", policy["redrivePermission"])
	}
	return nil
}
