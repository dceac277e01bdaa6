package cloudwatch

import (
	"fmt"
	"slices"
	"strings"
)

// The limits of a rule ("Create a composite alarm" in the CloudWatch user guide
// and PutCompositeAlarm in the API reference).
const (
	maxRule     = 10_240
	maxChildren = 100
	maxElements = 500
)

// rule is the expression of a composite alarm.
type rule struct {
	root     condition
	children []string
}

// condition is a part of a rule.
type condition func(state func(alarm string) State) bool

func (r *rule) eval(state func(alarm string) State) bool { return r.root(state) }

// alarms are the names or ARNs that the rule refers to, each once.
func (r *rule) alarms() []string { return r.children }

type ruleParser struct {
	rest     string
	children []string
	elements int
}

// parseRule reads ALARM("x") OR NOT OK(x) AND (...), TRUE, FALSE. NOT binds
// closest, OR least.
func parseRule(source string) (*rule, error) {
	if len(source) > maxRule {
		return nil, fmt.Errorf("alarm rule of %d characters: %d at most", len(source), maxRule)
	}
	p := &ruleParser{rest: source}
	root, err := p.or()
	if p.skip(); err == nil && p.rest != "" {
		err = fmt.Errorf("unexpected %q", p.rest)
	}
	if err == nil && (len(p.children) > maxChildren || p.elements > maxElements) {
		err = fmt.Errorf("%d alarms, %d elements: %d and %d at most", len(p.children), p.elements, maxChildren, maxElements)
	}
	if err != nil {
		return nil, fmt.Errorf("alarm rule %q: %w", source, err)
	}
	return &rule{root, p.children}, nil
}

func (p *ruleParser) skip() { p.rest = strings.TrimLeft(p.rest, " \t\r\n") }

// word takes a word or a parenthesis if it comes next.
func (p *ruleParser) word(w string) bool {
	p.skip()
	rest, found := strings.CutPrefix(p.rest, w)
	if !found || isWord(w[len(w)-1]) && rest != "" && isWord(rest[0]) {
		return false
	}
	p.rest = rest
	return true
}

func isWord(c byte) bool {
	return c == '_' || c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z' || c >= '0' && c <= '9'
}

func (p *ruleParser) or() (condition, error) {
	return p.joined("OR", p.and, func(a, b bool) bool { return a || b })
}

func (p *ruleParser) and() (condition, error) {
	return p.joined("AND", p.not, func(a, b bool) bool { return a && b })
}

func (p *ruleParser) joined(by string, part func() (condition, error), join func(a, b bool) bool) (condition, error) {
	left, err := part()
	for err == nil && p.word(by) {
		var right condition
		before := left
		right, err = part()
		left = func(state func(string) State) bool { return join(before(state), right(state)) }
	}
	return left, err
}

func (p *ruleParser) not() (condition, error) {
	negated := false
	for p.word("NOT") {
		negated = !negated
	}
	of, err := p.element()
	if err != nil || !negated {
		return of, err
	}
	return func(state func(string) State) bool { return !of(state) }, nil
}

func (p *ruleParser) element() (condition, error) {
	if p.elements++; p.elements > maxElements {
		return nil, fmt.Errorf("more than %d elements", maxElements)
	}
	for word, truth := range map[string]bool{"TRUE": true, "FALSE": false} {
		if p.word(word) {
			return func(func(string) State) bool { return truth }, nil
		}
	}
	if p.word("(") {
		inner, err := p.or()
		if err == nil && !p.word(")") {
			err = fmt.Errorf("a parenthesis that is not closed")
		}
		return inner, err
	}
	for _, want := range states {
		if p.word(string(want)) {
			name, err := p.argument()
			return func(state func(string) State) bool { return state(name) == want }, err
		}
	}
	return nil, fmt.Errorf("unexpected %q: it must be ALARM, OK, INSUFFICIENT_DATA, TRUE, FALSE or a parenthesis", p.rest)
}

// argument reads the name or ARN of an alarm, with quotes or without.
func (p *ruleParser) argument() (string, error) {
	if !p.word("(") {
		return "", fmt.Errorf("unexpected %q: the name of an alarm in parentheses must follow", p.rest)
	}
	p.skip()
	end, from := ")", p.rest
	if quoted, found := strings.CutPrefix(p.rest, `"`); found {
		end, from = `"`, quoted
	}
	name, rest, found := strings.Cut(from, end)
	if p.rest = rest; end == `"` {
		found = p.word(")") && found
	}
	if name = strings.TrimSpace(name); !found || name == "" {
		return "", fmt.Errorf("the name of an alarm that is not closed")
	}
	if !slices.Contains(p.children, name) {
		p.children = append(p.children, name)
	}
	return name, nil
}
