package rules

import (
	"bytes"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// policyKind is what differs between kinds of policies.
type policyKind struct {
	principal  bool // it must say whom it is for; else it must not
	trust      bool // it has no resource: that is the role
	most       int  // bytes, white space apart
	statements int  // at most; 0 is any number
	actions    int  // of a statement, at most; 0 is any number
}

func resourcePolicy(most int) func(text, region string) error {
	return policyKind{principal: true, most: most}.broken
}

var (
	policyElements    = []string{"Version", "Id", "Statement"}
	statementElements = []string{"Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction", "Resource",
		"NotResource", "Condition"}
	principalKinds = []string{"AWS", "Service", "Federated", "CanonicalUser"}
	actionForm     = regexp.MustCompile(`^(\*|[a-zA-Z0-9-]+:[a-zA-Z0-9*?]+)$`)
	sidForm        = regexp.MustCompile(`^[a-zA-Z0-9]*$`)
	anySidForm     = regexp.MustCompile(`^[a-zA-Z0-9 _-]*$`)
	resourceForm   = regexp.MustCompile(`^(\*|arn:[^:]*:[^:]*:[^:]*:[^:]*:.+)$`)
	accountForm    = regexp.MustCompile(`^(\*|\d{12}|arn:[\w-]+:(iam|sts)::(\d{12}|cloudfront):.+|A[A-Z0-9]{15,})$`) // or a unique ID
	operatorForm   = regexp.MustCompile(`^(ForAllValues:|ForAnyValue:)?(String(Not)?(Equals(IgnoreCase)?|Like)|` +
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
	if k.statements > 0 && len(statements) > k.statements {
		return fmt.Errorf("it has %d statements, may have %d", len(statements), k.statements)
	}
	sids := map[string]bool{}
	for i, s := range statements {
		statement, object := s.(map[string]any)
		if !object {
			return fmt.Errorf("its Statement[%d] is no object", i)
		}
		if err := k.brokenStatement(statement, sids); err != nil {
			return fmt.Errorf("its Statement[%d]: %w", i, err)
		}
	}
	return nil
}

func (k policyKind) brokenStatement(s map[string]any, sids map[string]bool) error {
	if err := known(s, statementElements); err != nil {
		return err
	}
	if s["Effect"] != "Allow" && s["Effect"] != "Deny" {
		return fmt.Errorf("its Effect is %v, must be Allow or Deny", s["Effect"])
	}
	if sid, given := s["Sid"].(string); given && sid != "" {
		form := sidForm
		if k.principal {
			form = anySidForm
		}
		if !form.MatchString(sid) || sids[sid] {
			return fmt.Errorf("its Sid %q is there twice, or has other than letters and digits", sid)
		}
		sids[sid] = true
	}
	if err := exactly(s, "Action", "NotAction", actionForm); err != nil {
		return err
	}
	if actions, _ := textsOf(s["Action"]); k.actions > 0 && len(actions) > k.actions {
		return fmt.Errorf("it has %d actions, may have %d", len(actions), k.actions)
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
		return fmt.Errorf("its Principal must be an object, or *")
	}
	for kind, whom := range kinds {
		texts, err := textsOf(whom)
		if !slices.Contains(principalKinds, kind) || err != nil || len(texts) == 0 {
			return fmt.Errorf("its Principal has %q: its kinds are %s, each with a text or a list of texts",
				kind, strings.Join(principalKinds, ", "))
		}
		for _, text := range texts {
			if kind == "Service" && !strings.Contains(text, ".amazonaws.com") && !strings.HasSuffix(text, ".aws.internal") {
				return fmt.Errorf("its Principal.Service %q is no name of a service, like ec2.amazonaws.com", text)
			}
			if kind == "AWS" && !accountForm.MatchString(text) {
				return fmt.Errorf("its Principal.AWS %q is no account and no ARN", text)
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
		return fmt.Errorf("its Condition must be an object")
	}
	for operator, keys := range operators {
		if !operatorForm.MatchString(operator) {
			return fmt.Errorf("its Condition has no operator %q", operator)
		}
		values, object := keys.(map[string]any)
		if !object || len(values) == 0 {
			return fmt.Errorf("its Condition.%s must be an object of keys and values", operator)
		}
		for key := range values {
			if !strings.Contains(key, ":") {
				return fmt.Errorf("its Condition.%s: %q is no key, like aws:SourceAccount", operator, key)
			}
		}
	}
	return nil
}
