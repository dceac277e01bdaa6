package iam

import (
	"fmt"
	"slices"
	"strings"
)

// condition is one key under one operator.
type condition struct {
	key      string // in lower case: keys have no case
	operator operator
	each     quantifier
	ifExists bool
	values   []string
}

// quantifier says how the several values of a key in the request count.
type quantifier int

const (
	single quantifier = iota
	forAllValues
	forAnyValue
)

func newCondition(name, key string, values []string) (condition, error) {
	c := condition{key: strings.ToLower(key), values: values}
	base := name
	for prefix, each := range map[string]quantifier{"ForAllValues:": forAllValues, "ForAnyValue:": forAnyValue} {
		if rest, ok := strings.CutPrefix(base, prefix); ok {
			base, c.each = rest, each
		}
	}
	base, c.ifExists = strings.CutSuffix(base, "IfExists")
	var known bool
	if c.operator, known = operators[base]; !known {
		return c, fmt.Errorf("condition operator %q: the local cloud does not evaluate it", name)
	}
	for _, v := range values {
		if err := c.operator.check(v); err != nil {
			return c, fmt.Errorf("condition %s of %s: %q: %w", name, key, v, err)
		}
	}
	return c, nil
}

// keys answers with the values of a condition key in the request; none is an
// absent key.
type keys func(name string) []string

// holds follows the rules for keys that are absent, and for those with several
// values (IAM user guide, reference_policies_elements_condition_operators and
// reference_policies_condition-single-vs-multi-valued-context-keys): an absent
// key fails a test and passes a negated one, IfExists and ForAllValues.
func (c *condition) holds(request keys) bool {
	have := request(c.key)
	if c.operator.null {
		return slices.Contains(c.values, fmt.Sprint(len(have) == 0))
	}
	if len(have) == 0 {
		switch c.each {
		case forAllValues:
			return true
		case forAnyValue:
			return false
		}
		return c.ifExists || c.operator.negated
	}
	if c.each == forAllValues || c.each == single && c.operator.negated {
		return !slices.ContainsFunc(have, func(v string) bool { return !c.passes(v) })
	}
	return slices.ContainsFunc(have, c.passes)
}

// passes tests one value of the request: against any value of the policy, or, of
// a negated operator, against none.
func (c *condition) passes(value string) bool {
	matches := func(wanted string) bool { return c.operator.test(wanted, value) }
	return slices.ContainsFunc(c.values, matches) != c.operator.negated
}
