package metricmath

import (
	"fmt"
	"strconv"
)

// The limits of an expression: its length is CloudWatch's (MetricDataQuery in
// the API reference), the depth is ours.
const (
	maxLength = 2048
	maxDepth  = 100
)

// node is a part of an expression.
type node interface {
	eval(*Input) (value, error)
}

type (
	literal   float64
	reference string
	text      string // an argument of METRICS, or a word such as REPEAT
	list      []node
	negation  struct{ of node }
	binary    struct {
		op          operator
		left, right node
	}
	call struct {
		name      string
		do        function
		arguments []node
	}
)

// Expression is one that could be read.
type Expression struct {
	root node
	ids  []string
}

// IDs are the metrics and expressions that it refers to by name, each once, in
// the order of its text.
func (e *Expression) IDs() []string { return e.ids }

type parser struct {
	tokens []token
	depth  int
	ids    []string
}

// Parse reads an expression.
func Parse(source string) (*Expression, error) {
	if len(source) > maxLength {
		return nil, fmt.Errorf("expression of %d characters: %d at most", len(source), maxLength)
	}
	tokens, err := tokenize(source)
	if err != nil {
		return nil, fmt.Errorf("expression %q: %w", source, err)
	}
	p := &parser{tokens: tokens}
	root, err := p.expression(0)
	if err == nil && p.peek().kind != end {
		err = p.unexpected()
	}
	if err != nil {
		return nil, fmt.Errorf("expression %q: %w", source, err)
	}
	return &Expression{root, p.ids}, nil
}

func (p *parser) peek() token { return p.tokens[0] }

func (p *parser) next() token {
	t := p.tokens[0]
	if t.kind != end {
		p.tokens = p.tokens[1:]
	}
	return t
}

// take takes a symbol if it comes next.
func (p *parser) take(s string) bool {
	if t := p.peek(); t.kind != symbol || t.text != s {
		return false
	}
	p.next()
	return true
}

func (p *parser) unexpected() error {
	t := p.peek()
	if t.kind == end {
		return fmt.Errorf("it ends too early")
	}
	return fmt.Errorf("at %d: unexpected %q", t.at+1, t.text)
}

// expression reads operands joined by operators of at least that rank.
func (p *parser) expression(rank int) (node, error) {
	if p.depth++; p.depth > maxDepth {
		return nil, fmt.Errorf("more than %d parts within each other", maxDepth)
	}
	defer func() { p.depth-- }()
	left, err := p.operand()
	for err == nil {
		op, ok := operators[p.peek().text]
		if !ok || op.rank < rank || p.peek().kind != symbol && p.peek().kind != word {
			return left, nil
		}
		p.next()
		var right node
		right, err = p.expression(op.rank + 1)
		left = binary{op, left, right}
	}
	return nil, err
}

func (p *parser) operand() (node, error) {
	t := p.peek()
	switch {
	case t.kind == number:
		p.next()
		v, err := strconv.ParseFloat(t.text, 64)
		if err != nil {
			return nil, fmt.Errorf("at %d: %q is no number", t.at+1, t.text)
		}
		return literal(v), nil
	case t.kind == name:
		p.next()
		return p.refer(t.text), nil
	case t.kind == quoted:
		p.next()
		return text(t.text), nil
	case t.kind == word:
		return p.function()
	case p.take("-"):
		of, err := p.expression(signRank)
		return negation{of}, err
	case p.take("("):
		inner, err := p.expression(0)
		if err == nil && !p.take(")") {
			err = p.unexpected()
		}
		return inner, err
	case p.take("["):
		items, err := p.items("]")
		return list(items), err
	}
	return nil, p.unexpected()
}

func (p *parser) refer(id string) node {
	for _, known := range p.ids {
		if known == id {
			return reference(id)
		}
	}
	p.ids = append(p.ids, id)
	return reference(id)
}

// function reads a call, or one of the words that are arguments.
func (p *parser) function() (node, error) {
	t := p.next()
	if t.text == fillRepeat || t.text == fillLinear {
		return text(t.text), nil
	}
	do, ok := functions[t.text]
	if !ok {
		return nil, fmt.Errorf("at %d: the local cloud does not have the function %s", t.at+1, t.text)
	}
	if !p.take("(") {
		return nil, p.unexpected()
	}
	arguments, err := p.items(")")
	if err == nil && (len(arguments) < do.least || len(arguments) > do.most) {
		err = fmt.Errorf("at %d: %s takes %d to %d arguments, not %d", t.at+1, t.text, do.least, do.most, len(arguments))
	}
	return call{t.text, do, arguments}, err
}

// items reads what stands between commas, up to the closing symbol.
func (p *parser) items(closing string) ([]node, error) {
	var all []node
	for !p.take(closing) {
		if len(all) > 0 && !p.take(",") {
			return nil, p.unexpected()
		}
		item, err := p.expression(0)
		if err != nil {
			return nil, err
		}
		all = append(all, item)
	}
	return all, nil
}
