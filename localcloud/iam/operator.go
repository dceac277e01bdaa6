package iam

import (
	"fmt"
	"net/netip"
	"strconv"
	"strings"
	"time"
)

// operator compares a value of a policy with one of the request.
type operator struct {
	negated bool
	null    bool // asks whether the key is there
	test    func(wanted, value string) bool
	check   func(wanted string) error // whether a policy may have the value
}

var operators = map[string]operator{
	"Null": {null: true, check: flag},

	"StringEquals":              {test: equal, check: anything},
	"StringNotEquals":           {test: equal, check: anything, negated: true},
	"StringEqualsIgnoreCase":    {test: strings.EqualFold, check: anything},
	"StringNotEqualsIgnoreCase": {test: strings.EqualFold, check: anything, negated: true},
	"StringLike":                {test: like, check: anything},
	"StringNotLike":             {test: like, check: anything, negated: true},
	"BinaryEquals":              {test: equal, check: anything},
	"Bool":                      {test: strings.EqualFold, check: flag},

	// Both kinds take wildcards, in each of the six parts of an ARN.
	"ArnEquals":    {test: arnLike, check: arn},
	"ArnLike":      {test: arnLike, check: arn},
	"ArnNotEquals": {test: arnLike, check: arn, negated: true},
	"ArnNotLike":   {test: arnLike, check: arn, negated: true},

	"IpAddress":    {test: inBlock, check: block},
	"NotIpAddress": {test: inBlock, check: block, negated: true},

	"NumericEquals":            number(func(order int) bool { return order == 0 }),
	"NumericNotEquals":         not(number(func(order int) bool { return order == 0 })),
	"NumericLessThan":          number(func(order int) bool { return order < 0 }),
	"NumericLessThanEquals":    number(func(order int) bool { return order <= 0 }),
	"NumericGreaterThan":       number(func(order int) bool { return order > 0 }),
	"NumericGreaterThanEquals": number(func(order int) bool { return order >= 0 }),

	"DateEquals":            date(func(order int) bool { return order == 0 }),
	"DateNotEquals":         not(date(func(order int) bool { return order == 0 })),
	"DateLessThan":          date(func(order int) bool { return order < 0 }),
	"DateLessThanEquals":    date(func(order int) bool { return order <= 0 }),
	"DateGreaterThan":       date(func(order int) bool { return order > 0 }),
	"DateGreaterThanEquals": date(func(order int) bool { return order >= 0 }),
}

func not(o operator) operator {
	o.negated = true
	return o
}

func anything(string) error { return nil }

func equal(wanted, value string) bool { return wanted == value }

func flag(wanted string) error {
	if !strings.EqualFold(wanted, "true") && !strings.EqualFold(wanted, "false") {
		return fmt.Errorf("want true or false")
	}
	return nil
}

func arn(wanted string) error {
	if wanted != "*" && strings.Count(wanted, ":") < 5 {
		return fmt.Errorf("want an ARN")
	}
	return nil
}

func arnLike(wanted, value string) bool {
	if wanted == "*" {
		return true
	}
	want, have := strings.SplitN(wanted, ":", 6), strings.SplitN(value, ":", 6)
	for i, part := range want {
		if i >= len(have) || !like(part, have[i]) {
			return false
		}
	}
	return true
}

func parseBlock(text string) (netip.Prefix, error) {
	if addr, err := netip.ParseAddr(text); err == nil {
		return netip.PrefixFrom(addr, addr.BitLen()), nil
	}
	return netip.ParsePrefix(text)
}

func block(wanted string) error {
	_, err := parseBlock(wanted)
	return err
}

func inBlock(wanted, value string) bool {
	prefix, err := parseBlock(wanted)
	addr, err2 := netip.ParseAddr(value)
	return err == nil && err2 == nil && prefix.Contains(addr)
}

// ordered compares values that read takes to numbers; holds judges how the
// request's value stands to the policy's.
func ordered(read func(string) (float64, error), holds func(order int) bool) operator {
	return operator{
		check: func(wanted string) error {
			_, err := read(wanted)
			return err
		},
		test: func(wanted, value string) bool {
			want, err := read(wanted)
			have, err2 := read(value)
			if err != nil || err2 != nil {
				return false
			}
			switch {
			case have < want:
				return holds(-1)
			case have > want:
				return holds(1)
			}
			return holds(0)
		},
	}
}

func number(holds func(order int) bool) operator {
	return ordered(func(text string) (float64, error) { return strconv.ParseFloat(text, 64) }, holds)
}

// date takes the ISO 8601 formats of W3C, and seconds since 1970.
func date(holds func(order int) bool) operator {
	return ordered(func(text string) (float64, error) {
		for _, layout := range []string{time.RFC3339, "2006-01-02T15:04Z07:00", time.DateOnly} {
			if t, err := time.Parse(layout, text); err == nil {
				return float64(t.UnixMilli()) / 1000, nil
			}
		}
		return strconv.ParseFloat(text, 64)
	}, holds)
}
