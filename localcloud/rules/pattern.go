package rules

import (
	"fmt"
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

// patternFields: a field is an object of fields, or a list of what it may be.
func patternFields(path string, fields map[string]any) error {
	for key, value := range fields {
		switch v := value.(type) {
		case map[string]any:
			if err := patternFields(path+key+".", v); err != nil {
				return err
			}
		case []any:
			if len(v) == 0 {
				return fmt.Errorf("%s%s matches nothing", path, key)
			}
		default:
			return fmt.Errorf("%s%s must be a list of values, or an object", path, key)
		}
	}
	return nil
}
