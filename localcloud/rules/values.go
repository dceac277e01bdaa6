package rules

import (
	"cmp"
	_ "embed" // the constraints below
	"encoding/base64"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"unicode/utf8"
)

//go:embed facts/aws-constraints.json
var constraintsJSON []byte

// constraint is what AWS's API checks of one property.
type constraint struct {
	Enum                  []any    `json:"enum"`    // texts, or numbers
	Pattern               string   `json:"pattern"` // of the whole value
	Not                   []string `json:"not"`     // patterns that must not be found in it
	MinLength             *int     `json:"minLength"`
	MaxLength             *int     `json:"maxLength"`
	MaxLengthWithoutSpace *int     `json:"maxLengthWithoutSpace"`
	MaxBytesDecoded       *int     `json:"maxBytesDecoded"`
	MinValue              *float64 `json:"minValue"`
	MaxValue              *float64 `json:"maxValue"`
	MinItems              *int     `json:"minItems"`
	MaxItems              *int     `json:"maxItems"`
	Source                string   `json:"source"`

	whole func() *regexp.Regexp
	found func() []*regexp.Regexp
}

// withoutLooking are the patterns of AWS that look around, which RE2 does not, in
// words that it has.
var withoutLooking = map[string]string{
	`(\*\.)?(((?!-)[A-Za-z0-9-]{0,62}[A-Za-z0-9])\.)+((?!-)[A-Za-z0-9-]{1,62}[A-Za-z0-9])`: `(\*\.)?` +
		`([A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z0-9][A-Za-z0-9-]{0,61}[A-Za-z0-9]`,
	`^(?!\s*$).+`: `.*\S.*`,
	`(^(?!(system\x2e)))(^[_a-zA-Z0-9])([^$]*)`:                             `[_a-zA-Z0-9][^$]*`,
	`[0-9A-Za-z\.\-_]*(?<!\.)`:                                              `([0-9A-Za-z.\-_]*[0-9A-Za-z\-_])?`,
	`((?!^\d+$)^[0-9a-zA-Z-_]+$)`:                                           `[0-9a-zA-Z-_]*[a-zA-Z-_][0-9a-zA-Z-_]*`,
	`^(?=[/\.\-_A-Za-z0-9]+)((?!aws\.).*)|(\$(\.[\w_-]+(\[(\d+|\*)\])*)*)$`: `[/.\-_A-Za-z0-9].*|(\$(\.[\w_-]+(\[(\d+|\*)\])*)*)`,
}

// constraints are by type and property path.
var constraints = sync.OnceValue(func() map[string]map[string]*constraint {
	var facts struct {
		Types map[string]map[string]*constraint `json:"types"`
	}
	if err := json.Unmarshal(constraintsJSON, &facts); err != nil {
		panic("facts/aws-constraints.json: " + err.Error())
	}
	for _, paths := range facts.Types {
		for _, c := range paths {
			c.compile()
		}
	}
	return facts.Types
})

// compile compiles patterns when they are first used: most never are.
func (c *constraint) compile() {
	c.whole = sync.OnceValue(func() *regexp.Regexp {
		pattern := c.Pattern
		if plain, looks := withoutLooking[pattern]; looks {
			pattern = plain
		}
		return regexp.MustCompile(`\A(?s:` + pattern + `)\z`)
	})
	c.found = sync.OnceValue(func() []*regexp.Regexp {
		var all []*regexp.Regexp
		for _, pattern := range c.Not {
			all = append(all, regexp.MustCompile(pattern))
		}
		return all
	})
}

// values holds every value to its constraints.
func (r *declared) values() {
	for _, paths := range []map[string]*constraint{constraints()[r.typ], documented()[r.typ]} {
		for _, l := range r.leaves {
			c := paths[l.kind]
			if c == nil {
				continue
			}
			r.source = cmp.Or(c.Source, "AWS's API model")
			if broken := c.broken(l); broken != "" {
				r.fail(l.path, "%s, %s", l.show(), broken)
			}
		}
	}
}

// broken says which rule the value breaks, "" if none.
func (c *constraint) broken(l leaf) string {
	switch {
	case l.value.IsString():
		return c.brokenText(l.value.StringValue())
	case l.value.IsNumber():
		n := l.value.NumberValue()
		if len(c.Enum) > 0 && !slices.Contains(c.Enum, any(n)) {
			return "must be one of " + c.choice()
		}
		return c.brokenNumber(n)
	case l.value.IsArray():
		n := len(l.value.ArrayValue())
		switch {
		case c.MinItems != nil && n < *c.MinItems:
			return fmt.Sprintf("must have at least %d elements", *c.MinItems)
		case c.MaxItems != nil && n > *c.MaxItems:
			return fmt.Sprintf("must have at most %d elements", *c.MaxItems)
		}
	}
	return ""
}

func (c *constraint) brokenNumber(n float64) string {
	switch {
	case c.MinValue != nil && n < *c.MinValue:
		return fmt.Sprintf("must be at least %v", *c.MinValue)
	case c.MaxValue != nil && n > *c.MaxValue:
		return fmt.Sprintf("must be at most %v", *c.MaxValue)
	}
	return ""
}

// choice lists what the value may be.
func (c *constraint) choice() string {
	all := make([]string, len(c.Enum))
	for i, value := range c.Enum {
		all[i] = fmt.Sprint(value)
	}
	return strings.Join(all, ", ")
}

// brokenText is for texts. The provider sends no empty one.
func (c *constraint) brokenText(text string) string {
	if text == "" {
		return ""
	}
	n := utf8.RuneCountInString(text)
	switch {
	case len(c.Enum) > 0 && !slices.Contains(c.Enum, any(text)):
		return "must be one of " + c.choice()
	case c.MinLength != nil && n < *c.MinLength:
		return fmt.Sprintf("must have at least %d characters", *c.MinLength)
	case c.MaxLength != nil && n > *c.MaxLength:
		return fmt.Sprintf("has %d characters, must have at most %d", n, *c.MaxLength)
	case c.MaxLengthWithoutSpace != nil && utf8.RuneCountInString(withoutSpace(text)) > *c.MaxLengthWithoutSpace:
		return fmt.Sprintf("must have at most %d characters but spaces", *c.MaxLengthWithoutSpace)
	case c.Pattern != "" && !c.whole().MatchString(text):
		return "must match " + c.Pattern
	case c.MaxBytesDecoded != nil:
		raw, err := base64.StdEncoding.DecodeString(text)
		if err != nil {
			return "must be base64"
		}
		if len(raw) > *c.MaxBytesDecoded {
			return fmt.Sprintf("has %d bytes, must have at most %d before it is encoded", len(raw), *c.MaxBytesDecoded)
		}
	}
	if c.MinValue != nil || c.MaxValue != nil { // the provider has some numbers as texts
		n, err := strconv.ParseFloat(text, 64)
		if err != nil {
			return "must be a number"
		}
		return c.brokenNumber(n)
	}
	for _, pattern := range c.found() {
		if pattern.MatchString(text) {
			return "must not match " + pattern.String()
		}
	}
	return ""
}

func withoutSpace(text string) string { return strings.Join(strings.Fields(text), "") }
