package rules

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
)

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

// brokenFilter is for what SNS delivers by: the same operators; {} is no filter.
func brokenFilter(text, _ string) error {
	var pattern map[string]any
	if err := decode(text, &pattern); err != nil {
		return err
	}
	return patternFields("", pattern)
}

// patternFields: a field is an object of fields, or a list of what it may be; $or is
// a list of alternatives.
func patternFields(path string, fields map[string]any) error {
	for _, key := range slices.Sorted(maps.Keys(fields)) {
		var err error
		switch v := fields[key].(type) {
		case map[string]any:
			err = patternFields(path+key+".", v)
		case []any:
			if len(v) == 0 {
				return fmt.Errorf("%s%s matches nothing", path, key)
			}
			err = patternChoices(path, key, v)
		default:
			return fmt.Errorf("%s%s must be a list of values, or an object", path, key)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// patternChoices are values, or operators on them: an object of one each.
func patternChoices(path, key string, choices []any) error {
	for _, choice := range choices {
		object, is := choice.(map[string]any)
		var err error
		switch {
		case !is: // a text, a number, true, false or null
		case key == "$or":
			err = patternFields(path, object)
		case len(object) != 1:
			err = fmt.Errorf("%s%s has a choice of %d operators, must have one", path, key, len(object))
		default:
			for operator, value := range object {
				if takes, has := patternOperators[operator]; !has || !takes(value) {
					err = fmt.Errorf("%s%s has %q of %v: the operators are %s", path, key, operator, value,
						strings.Join(slices.Sorted(maps.Keys(patternOperators)), ", "))
				}
			}
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// patternOperators are the comparisons, each with what it takes (EventBridge user
// guide, Comparison operators for use in event patterns).
var patternOperators = map[string]func(any) bool{
	"prefix":             isAffix,
	"suffix":             isAffix,
	"equals-ignore-case": isText,
	"wildcard":           isText,
	"cidr":               isText,
	"exists":             func(value any) bool { _, is := value.(bool); return is },
	"numeric":            isRange,
	"anything-but":       isExcluded,
}

func isText(value any) bool { _, is := value.(string); return is }

// isAffix is a text, or one in whatever case.
func isAffix(value any) bool {
	object, is := value.(map[string]any)
	return isText(value) || is && len(object) == 1 && isText(object["equals-ignore-case"])
}

// isRange is pairs of a comparison and a number: [">", 0, "<=", 5].
func isRange(value any) bool {
	pairs, is := value.([]any)
	for i, element := range pairs {
		text, _ := element.(string)
		_, number := element.(json.Number)
		if i%2 == 0 && !slices.Contains([]string{"<", "<=", "=", ">", ">="}, text) || i%2 == 1 && !number {
			return false
		}
	}
	return is && len(pairs) >= 2 && len(pairs)%2 == 0
}

// isExcluded is a value, a list of them, or an operator on one or more texts.
func isExcluded(value any) bool {
	object, is := value.(map[string]any)
	if !is {
		return value != nil
	}
	for operator, of := range object {
		_, err := textsOf(of)
		if err != nil || !slices.Contains([]string{"prefix", "suffix", "equals-ignore-case", "wildcard"}, operator) {
			return false
		}
	}
	return len(object) == 1
}
