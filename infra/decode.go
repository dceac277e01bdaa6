package infra

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"reflect"
	"slices"
	"strings"

	"github.com/agext/levenshtein"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// Secret is a config value that must be encrypted in the stack file.
type Secret struct {
	plain     string
	encrypted bool
}

func newSecret(plain string, encrypted bool) Secret { return Secret{plain, encrypted} }

// Set says whether there is a value.
func (s Secret) Set() bool { return s.plain != "" }

// Output is the value, marked as a secret.
func (s Secret) Output() pulumi.StringOutput {
	return pulumi.ToSecret(pulumi.String(s.plain)).(pulumi.StringOutput)
}

// String keeps a secret out of logs and errors.
func (Secret) String() string { return "[secret]" }

// CheckKeys returns an error for each key of the newsfeed namespace that Config
// does not have. Pulumi does not tell an inline program which keys are set, so
// whoever runs Deploy inline calls this with the whole config first.
func CheckKeys(config map[string]string) error {
	known := configKeys()
	var errs []error
	for key := range config {
		name, ours := strings.CutPrefix(key, namespace)
		if ours && !slices.Contains(known, name) {
			errs = append(errs, unknownKey(key, name, known))
		}
	}
	slices.SortFunc(errs, func(a, b error) int { return strings.Compare(a.Error(), b.Error()) })
	return errors.Join(errs...)
}

// checkEnvironment is CheckKeys for a program that Pulumi runs as a process:
// that one gets the whole config in its environment.
func checkEnvironment() error {
	raw := os.Getenv(pulumi.EnvConfig)
	if raw == "" {
		return nil
	}
	var config map[string]string
	if err := json.Unmarshal([]byte(raw), &config); err != nil {
		return fmt.Errorf("%s: %w", pulumi.EnvConfig, err)
	}
	return CheckKeys(config)
}

// decode puts the config value raw, as Pulumi hands it over, into target.
// Objects and lists are JSON, all else is plain text.
func decode(path, raw string, target reflect.Value) error {
	if target.Kind() == reflect.String {
		target.SetString(raw)
		return nil
	}
	decoder := json.NewDecoder(strings.NewReader(raw))
	decoder.UseNumber()
	var value any
	if err := decoder.Decode(&value); err != nil || decoder.More() {
		value = raw
	}
	return assign(path, value, target)
}

// assign sets target from a decoded JSON value, strictly: what target has no
// place for is an error with its path.
func assign(path string, value any, target reflect.Value) error {
	switch v := value.(type) {
	case map[string]any:
		switch target.Kind() {
		case reflect.Struct:
			return assignStruct(path, v, target)
		case reflect.Map:
			return assignMap(path, v, target)
		}
	case []any:
		if target.Kind() == reflect.Slice {
			return assignList(path, v, target)
		}
	case string:
		if target.Kind() == reflect.String {
			target.SetString(v)
			return nil
		}
	case bool:
		if target.Kind() == reflect.Bool {
			target.SetBool(v)
			return nil
		}
	case json.Number:
		if n, err := v.Int64(); err == nil && target.Kind() == reflect.Int {
			target.SetInt(n)
			return nil
		}
	}
	return fmt.Errorf("%s: is %s, must be %s", path, describe(value), describeKind(target.Kind()))
}

func assignStruct(path string, value map[string]any, target reflect.Value) error {
	known := keysOf(target.Type())
	var errs []error
	for _, key := range sortedKeys(value) {
		if !slices.Contains(known, key) {
			errs = append(errs, unknownKey(path+"."+key, key, known))
			continue
		}
		for i := range target.NumField() {
			if target.Type().Field(i).Tag.Get("config") == key {
				errs = append(errs, assign(path+"."+key, value[key], target.Field(i)))
			}
		}
	}
	return errors.Join(errs...)
}

func assignMap(path string, value map[string]any, target reflect.Value) error {
	var errs []error
	target.Set(reflect.MakeMap(target.Type()))
	for _, key := range sortedKeys(value) {
		element := reflect.New(target.Type().Elem()).Elem()
		errs = append(errs, assign(path+"."+key, value[key], element))
		target.SetMapIndex(reflect.ValueOf(key), element)
	}
	return errors.Join(errs...)
}

func assignList(path string, value []any, target reflect.Value) error {
	var errs []error
	list := reflect.MakeSlice(target.Type(), len(value), len(value))
	for i, v := range value {
		errs = append(errs, assign(fmt.Sprintf("%s[%d]", path, i), v, list.Index(i)))
	}
	target.Set(list)
	return errors.Join(errs...)
}

func configKeys() []string { return keysOf(reflect.TypeFor[Config]()) }

func keysOf(t reflect.Type) []string {
	var keys []string
	for i := range t.NumField() {
		if key := t.Field(i).Tag.Get("config"); key != "" {
			keys = append(keys, key)
		}
	}
	return keys
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for key := range m {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}

func unknownKey(path, key string, known []string) error {
	edits := func(other string) int { return levenshtein.Distance(key, other, nil) }
	nearest := slices.MinFunc(known, func(a, b string) int { return edits(a) - edits(b) })
	if n := edits(nearest); n <= 2 && n < len(nearest) {
		return fmt.Errorf("%s: unknown key; did you mean %s?", path, nearest)
	}
	return fmt.Errorf("%s: unknown key; the keys are %s", path, strings.Join(known, ", "))
}

func describe(value any) string {
	switch v := value.(type) {
	case map[string]any:
		return "an object"
	case []any:
		return "a list"
	case string:
		return fmt.Sprintf("the text %q", v)
	case nil:
		return "empty"
	default:
		return fmt.Sprint(v)
	}
}

func describeKind(k reflect.Kind) string {
	switch k {
	case reflect.Struct, reflect.Map:
		return "an object"
	case reflect.Slice:
		return "a list"
	case reflect.Bool:
		return "true or false"
	case reflect.Int:
		return "a whole number"
	default:
		return "text"
	}
}
