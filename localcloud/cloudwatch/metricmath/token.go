package metricmath

import (
	"fmt"
	"strings"
)

type token struct {
	kind tokenKind
	text string
	at   int
}

type tokenKind int

const (
	end tokenKind = iota
	number
	name   // of a metric or an expression: it starts with a small letter
	word   // of a function or an operator: capitals
	quoted // without its quotes
	symbol
)

// symbols are tried in this order.
var symbols = []string{"==", "!=", "<=", ">=", "&&", "||", "<", ">", "+", "-", "*", "/", "^", "(", ")", "[", "]", ","}

func tokenize(text string) ([]token, error) {
	var all []token
	for at := 0; ; {
		at += len(text[at:]) - len(strings.TrimLeft(text[at:], " \t\r\n"))
		if at == len(text) {
			return append(all, token{end, "", at}), nil
		}
		t, size, err := scan(text[at:])
		if err != nil {
			return nil, fmt.Errorf("at %d: %w", at+1, err)
		}
		t.at = at
		all = append(all, t)
		at += size
	}
}

// scan reads the token that a text begins with, and tells its length.
func scan(text string) (token, int, error) {
	switch c := text[0]; {
	case isDigit(c) || c == '.':
		n := run(text, func(c byte) bool { return isDigit(c) || c == '.' })
		return token{kind: number, text: text[:n]}, n, nil
	case isSmall(c) || isCapital(c):
		n := run(text, func(c byte) bool { return isSmall(c) || isCapital(c) || isDigit(c) || c == '_' })
		kind := name
		if isCapital(c) {
			kind = word
		}
		return token{kind: kind, text: text[:n]}, n, nil
	case c == '"' || c == '\'':
		n := strings.IndexByte(text[1:], c)
		if n < 0 {
			return token{}, 0, fmt.Errorf("a quote that is not closed")
		}
		return token{kind: quoted, text: text[1 : n+1]}, n + 2, nil
	}
	for _, s := range symbols {
		if strings.HasPrefix(text, s) {
			return token{kind: symbol, text: s}, len(s), nil
		}
	}
	return token{}, 0, fmt.Errorf("unexpected %q", text[:1])
}

func run(text string, in func(byte) bool) int {
	n := 0
	for n < len(text) && in(text[n]) {
		n++
	}
	return n
}

func isDigit(c byte) bool   { return c >= '0' && c <= '9' }
func isSmall(c byte) bool   { return c >= 'a' && c <= 'z' }
func isCapital(c byte) bool { return c >= 'A' && c <= 'Z' }
