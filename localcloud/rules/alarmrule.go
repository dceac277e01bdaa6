package rules

import (
	"fmt"
	"regexp"
	"slices"
)

var (
	ruleTokens = regexp.MustCompile(`\s*(AND\b|OR\b|NOT\b|TRUE\b|FALSE\b|ALARM\b|OK\b|INSUFFICIENT_DATA\b|AT_LEAST\b|` +
		`[(),]|"[^"]*"|[^\s(),"]+)`)
	leastForm  = regexp.MustCompile(`^([1-9]\d*|[1-9]\d?%|100%)$`)
	ruleStates = []string{"ALARM", "OK", "INSUFFICIENT_DATA"}
)

// alarmRule reads the rule of a composite alarm: states of alarms, joined by AND,
// OR and NOT, and AT_LEAST of many (CloudWatch user guide, Composite alarms).
func alarmRule(text string) error {
	if len(text) > 10240 {
		return fmt.Errorf("it has %d characters, may have 10240", len(text))
	}
	p := &ruleParser{}
	for _, match := range ruleTokens.FindAllStringSubmatch(text, -1) {
		p.tokens = append(p.tokens, match[1])
	}
	if err := p.either(); err != nil {
		return err
	}
	if p.at < len(p.tokens) {
		return fmt.Errorf("%q is one too many", p.tokens[p.at])
	}
	return nil
}

type ruleParser struct {
	tokens []string
	at     int
}

func (p *ruleParser) peek() string {
	if p.at < len(p.tokens) {
		return p.tokens[p.at]
	}
	return ""
}

func (p *ruleParser) take(tokens ...string) bool {
	if slices.Contains(tokens, p.peek()) && p.peek() != "" {
		p.at++
		return true
	}
	return false
}

// either is operands joined by AND and OR.
func (p *ruleParser) either() error {
	for {
		if err := p.operand(); err != nil {
			return err
		}
		if !p.take("AND", "OR") {
			return nil
		}
	}
}

func (p *ruleParser) operand() error {
	for p.take("NOT") {
	}
	switch {
	case p.take("TRUE", "FALSE"):
		return nil
	case p.take("AT_LEAST"):
		if err := p.atLeast(); err != nil {
			return err
		}
	case p.take(ruleStates...):
		if !p.take("(") {
			return fmt.Errorf("a state is of an alarm: ALARM(name)")
		}
		if err := p.alarm(); err != nil {
			return err
		}
	case p.take("("):
		if err := p.either(); err != nil {
			return err
		}
	default:
		return fmt.Errorf("%q is no state of an alarm", p.peek())
	}
	if !p.take(")") {
		return fmt.Errorf("a parenthesis is not closed")
	}
	return nil
}

// alarm is the name of one, or its ARN.
func (p *ruleParser) alarm() error {
	if slices.Contains([]string{"", "(", ")", ",", `""`}, p.peek()) {
		return fmt.Errorf("a state names no alarm")
	}
	p.at++
	return nil
}

// atLeast is a number or a share of alarms in a state: AT_LEAST(2, ALARM, (a, b, c)).
func (p *ruleParser) atLeast() error {
	if !p.take("(") || !leastForm.MatchString(p.peek()) {
		return fmt.Errorf("AT_LEAST begins with how many: a number, or a percentage")
	}
	p.at++
	comma := p.take(",")
	p.take("NOT")
	if !comma || !p.take(ruleStates...) || !p.take(",") || !p.take("(") {
		return fmt.Errorf("AT_LEAST goes on with a state and a list of alarms: ALARM, (a, b)")
	}
	for {
		if err := p.alarm(); err != nil {
			return err
		}
		if !p.take(",") {
			break
		}
	}
	if !p.take(")") {
		return fmt.Errorf("the list of AT_LEAST is not closed")
	}
	return nil
}
