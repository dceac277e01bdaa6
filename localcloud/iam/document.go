package iam

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// document is a policy, ready to be evaluated.
type document struct{ statements []statement }

type statement struct {
	sid        string
	deny       bool
	who        *principals // nil in an identity's policy
	actions    patterns    // in lower case: actions have no case
	resources  patterns
	conditions []condition
}

// patterns match what one of them matches, or, when not is set, what none does.
type patterns struct {
	not  bool
	list []string
}

func (p patterns) match(s string) bool {
	return slices.ContainsFunc(p.list, func(pattern string) bool { return like(pattern, s) }) != p.not
}

// principals say whom a statement of a resource's policy is about.
type principals struct {
	not      bool
	anyone   bool
	accounts []string // numbers, of account principals
	arns     []string
	services []string
}

// texts is a JSON string or a list of them.
type texts []string

// UnmarshalJSON implements json.Unmarshaler.
func (t *texts) UnmarshalJSON(raw []byte) error {
	var one string
	if json.Unmarshal(raw, &one) == nil {
		*t = texts{one}
		return nil
	}
	var flags []any // true and 5 are written without quotes too
	if json.Unmarshal(raw, &flags) != nil {
		var flag any
		if err := json.Unmarshal(raw, &flag); err != nil {
			return err
		}
		flags = []any{flag}
	}
	*t = nil
	for _, flag := range flags {
		switch flag.(type) {
		case string, bool, float64:
			*t = append(*t, fmt.Sprint(flag))
		default:
			return fmt.Errorf("%s is neither a string nor a list of strings", raw)
		}
	}
	return nil
}

type written struct {
	Sid                     string
	Effect                  string
	Principal, NotPrincipal json.RawMessage
	Action, NotAction       texts
	Resource, NotResource   texts
	Condition               map[string]map[string]texts
}

// parse reads a policy document. What it doesn't know how to evaluate is an error.
func parse(text string) (*document, error) {
	var d struct{ Statement json.RawMessage }
	if err := json.Unmarshal([]byte(text), &d); err != nil {
		return nil, fmt.Errorf("policy document: %w", err)
	}
	if strings.Contains(text, "${") {
		return nil, fmt.Errorf("policy document: it has a policy variable, which the local cloud does not evaluate: %s", text)
	}
	var all []written
	if json.Unmarshal(d.Statement, &all) != nil {
		all = make([]written, 1)
		if err := json.Unmarshal(d.Statement, &all[0]); err != nil {
			return nil, fmt.Errorf("policy document: statement: %w", err)
		}
	}
	out := &document{}
	for _, w := range all {
		s, err := w.statement()
		if err != nil {
			return nil, fmt.Errorf("policy document: statement %q: %w", w.Sid, err)
		}
		out.statements = append(out.statements, s)
	}
	return out, nil
}

func (w *written) statement() (s statement, err error) {
	s.sid, s.deny = w.Sid, w.Effect == "Deny"
	if !s.deny && w.Effect != "Allow" {
		return s, fmt.Errorf("effect %q: it must be Allow or Deny", w.Effect)
	}
	s.actions = patterns{w.NotAction != nil, slices.Concat(w.Action, w.NotAction)}
	for i, action := range s.actions.list {
		s.actions.list[i] = strings.ToLower(action)
	}
	s.resources = patterns{w.NotResource != nil, slices.Concat(w.Resource, w.NotResource)}
	if s.resources.list == nil { // a trust policy names no resource: it is the role
		s.resources.list = []string{"*"}
	}
	switch {
	case w.Principal != nil:
		s.who, err = parsePrincipals(w.Principal, false)
	case w.NotPrincipal != nil:
		s.who, err = parsePrincipals(w.NotPrincipal, true)
	}
	if err != nil {
		return s, err
	}
	for operator, tests := range w.Condition {
		for key, values := range tests {
			c, err := newCondition(operator, key, values)
			if err != nil {
				return s, err
			}
			s.conditions = append(s.conditions, c)
		}
	}
	return s, nil
}

func parsePrincipals(raw json.RawMessage, not bool) (*principals, error) {
	p := &principals{not: not}
	var star string
	if json.Unmarshal(raw, &star) == nil && star == "*" {
		p.anyone = true
		return p, nil
	}
	var kinds map[string]texts
	if err := json.Unmarshal(raw, &kinds); err != nil {
		return nil, fmt.Errorf("principal %s: %w", raw, err)
	}
	p.services = kinds["Service"]
	for _, who := range kinds["AWS"] {
		account := strings.TrimSuffix(strings.TrimPrefix(who, "arn:aws:iam::"), ":root")
		switch {
		case who == "*":
			p.anyone = true
		case !strings.Contains(account, ":"):
			p.accounts = append(p.accounts, account)
		default:
			p.arns = append(p.arns, who)
		}
	}
	return p, nil
}

// like says whether a pattern, in which * stands for any characters and ? for
// one, matches all of s. In a resource's ARN * goes beyond colons (IAM user
// guide, reference_policies_elements_resource).
func like(pattern, s string) bool {
	star, retry, i, j := -1, 0, 0, 0
	for j < len(s) {
		switch {
		case i < len(pattern) && pattern[i] == '*':
			star, retry = i, j
			i++
		case i < len(pattern) && (pattern[i] == '?' || pattern[i] == s[j]):
			i++
			j++
		case star >= 0:
			retry++
			i, j = star+1, retry
		default:
			return false
		}
	}
	return strings.Trim(pattern[i:], "*") == ""
}
