package provider

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"github.com/agext/levenshtein"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
)

// validate holds inputs to the schema, and returns every failure.
func (s *schema) validate(news resource.PropertyMap) []*pulumirpc.CheckFailure {
	var failures []*pulumirpc.CheckFailure
	fail := func(key resource.PropertyKey, format string, args ...any) {
		failures = append(failures, &pulumirpc.CheckFailure{Property: string(key), Reason: fmt.Sprintf(format, args...)})
	}
	present := func(name string) bool {
		v, ok := news[resource.PropertyKey(name)]
		return ok && !v.IsNull()
	}
	for key, value := range news {
		in, known := s.Inputs[key]
		switch {
		case resource.IsInternalPropertyKey(key):
		case !known:
			fail(key, "unknown property %q%s", key, s.suggest(key))
		case !fits(value, in.Type):
			fail(key, "%q is %s, want %s", key, value.TypeString(), in.Type)
		}
	}
	for key, in := range s.Inputs {
		if in.Required && !present(string(key)) && key != s.autonamed() && in.Default == nil && !in.Computed {
			fail(key, "missing required property %q", key)
		}
		if !present(string(key)) {
			continue
		}
		for _, other := range in.ConflictsWith {
			if present(other) {
				fail(key, "%q conflicts with %q", key, other)
			}
		}
	}
	for _, group := range s.exclusive() {
		if n := count(group, present); n != 1 {
			fail(resource.PropertyKey(group[0]), "exactly one of %s must be given, not %d", strings.Join(group, ", "), n)
		}
	}
	slices.SortFunc(failures, func(a, b *pulumirpc.CheckFailure) int { return cmp.Compare(a.Reason, b.Reason) })
	return failures
}

// suggest names the property that an unknown one was meant to be, if one is
// near; or says that AWS alone sets it.
func (s *schema) suggest(key resource.PropertyKey) string {
	if slices.Contains(s.Outputs, key) {
		return ": AWS sets it, the program can't"
	}
	distance := func(known resource.PropertyKey) int { return levenshtein.Distance(string(key), string(known), nil) }
	nearest, found, least := resource.PropertyKey(""), false, max(2, len(key)/3)+1
	for _, known := range slices.Sorted(maps.Keys(s.Inputs)) {
		if d := distance(known); d < least {
			nearest, found, least = known, true, d
		}
	}
	if !found {
		return ""
	}
	return fmt.Sprintf("; did you mean %q?", nearest)
}

// fits says whether a value is of the SDK's type for it. What is not known yet
// fits, and of a block only that it is one is known here.
func fits(value resource.PropertyValue, typ string) bool {
	element, list := strings.CutPrefix(typ, "[]")
	switch {
	case value.IsSecret():
		return fits(value.SecretValue().Element, typ)
	case value.IsNull(), value.IsComputed(), value.IsOutput(), typ == "interface{}":
		return true
	case list:
		return value.IsArray() && !slices.ContainsFunc(value.ArrayValue(), func(v resource.PropertyValue) bool { return !fits(v, element) })
	}
	switch typ {
	case "string":
		return value.IsString()
	case "bool":
		return value.IsBool()
	case "float64":
		return value.IsNumber()
	case "int":
		return value.IsNumber() && value.NumberValue() == math.Trunc(value.NumberValue())
	case "pulumi.Archive":
		return value.IsArchive()
	case "pulumi.AssetOrArchive":
		return value.IsAsset() || value.IsArchive()
	case "map[string]string":
		if !value.IsObject() {
			return false
		}
		for _, v := range value.ObjectValue() {
			if !fits(v, "string") {
				return false
			}
		}
		return true
	}
	return value.IsObject()
}

// exclusive returns the sets of properties of which exactly one must be given.
func (s *schema) exclusive() [][]string {
	seen := map[string]bool{}
	var groups [][]string
	for _, in := range s.Inputs {
		group := slices.Sorted(slices.Values(in.ExactlyOneOf))
		if _, code := s.Inputs["code"]; code && slices.Contains(group, "imageUri") {
			group = append([]string{"code"}, group...) // Pulumi's own, for the file that the group knows
		}
		if id := strings.Join(group, " "); id != "" && !seen[id] {
			seen[id] = true
			groups = append(groups, group)
		}
	}
	return groups
}

func count(names []string, keep func(string) bool) (n int) {
	for _, name := range names {
		if keep(name) {
			n++
		}
	}
	return n
}
