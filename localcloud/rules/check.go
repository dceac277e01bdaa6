package rules

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
)

// Failure is one thing that AWS refuses.
type Failure struct {
	Path   string // of the property
	Reason string // the value, the rule, and its source
}

// rule is one row: what AWS refuses of a type, beyond single values.
type rule struct {
	what   string // the sentence that it is known by
	source string
	check  func(r *declared)
}

// tables hold the rows of each type, by its Pulumi token.
var tables = []map[string][]rule{computeRules, networkRules, dataRules, edgeRules, watchRules, messageRules, identityRules, storageRules}

// Check returns every refusal of the inputs of a resource of that type, in the
// order of their paths. Region is that of the connection; "" is any. What is made
// already is not asked again for what only its creation needs.
func Check(typ, region string, inputs resource.PropertyMap, made bool) []Failure {
	r := &declared{typ: typ, region: region, made: made, inputs: inputs, leaves: leaves(inputs)}
	r.values()
	r.names()
	r.formats()
	r.tags()
	for _, table := range tables {
		for _, row := range table[typ] {
			r.source = row.source
			row.check(r)
		}
	}
	slices.SortFunc(r.failures, func(a, b Failure) int {
		return cmp.Or(cmp.Compare(a.Path, b.Path), cmp.Compare(a.Reason, b.Reason))
	})
	return slices.Compact(r.failures)
}

// declared is the resource that is being checked.
type declared struct {
	typ, region string
	made        bool
	inputs      resource.PropertyMap
	leaves      []leaf
	source      string // of the row that is being checked
	failures    []Failure
}

// fail notes a refusal, with the source of the row.
func (r *declared) fail(path, format string, args ...any) {
	r.failures = append(r.failures, Failure{path, path + " " + fmt.Sprintf(format, args...) + " (" + r.source + ")"})
}

// require notes a refusal unless ok.
func (r *declared) require(ok bool, path, format string, args ...any) {
	if !ok {
		r.fail(path, format, args...)
	}
}
