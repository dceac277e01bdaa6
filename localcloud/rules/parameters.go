package rules

import (
	_ "embed" // the names below
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/agext/levenshtein"
)

// The names of the parameters of a family, one a line; a * marks those that RDS
// applies at a reboot only.
//
//go:embed facts/mysql8.4.txt
var mysql84 string

//go:embed facts/redis7.txt
var redis7 string

// names reads such a list: whether each parameter is static.
func parameterNames(list string) func() map[string]bool {
	return sync.OnceValue(func() map[string]bool {
		all := map[string]bool{}
		for name := range strings.FieldsSeq(list) {
			all[strings.TrimSuffix(name, "*")] = strings.HasSuffix(name, "*")
		}
		return all
	})
}

var (
	mysqlParameters = parameterNames(mysql84)
	redisParameters = parameterNames(redis7)
)

func databaseParameters(r *declared) {
	known, forms := map[string]bool{}, map[string]*regexp.Regexp{}
	if r.text("family") == "mysql8.4" {
		known, forms = mysqlParameters(), mysqlForms()
	}
	r.parameters(known, forms)
	for _, p := range r.elements("parameters") {
		name, method := p.text("name"), p.text("applyMethod")
		r.require(method == "" || method == "immediate" || method == "pending-reboot", p.path+".applyMethod",
			"is %q, must be immediate or pending-reboot", method)
		r.require(!known[name] || method == "pending-reboot", p.path+".applyMethod",
			"is %q, but %s takes effect at a reboot only: pending-reboot", method, name)
	}
}

func cacheParameters(r *declared) {
	known, forms := map[string]bool{}, map[string]*regexp.Regexp{}
	if r.text("family") == "redis7" {
		known, forms = redisParameters(), redisForms()
	}
	r.parameters(known, forms)
}

// parameters holds the names to those that are known, if any are, and the values to
// their forms, and refuses a name that is there twice. A formula is not looked into.
func (r *declared) parameters(known map[string]bool, forms map[string]*regexp.Regexp) {
	seen := map[string]bool{}
	for _, p := range r.elements("parameters") {
		name := p.text("name")
		if name == "" {
			continue
		}
		r.require(!seen[name], p.path+".name", "is %q, which is there twice", name)
		seen[name] = true
		if _, has := known[name]; !has && len(known) > 0 {
			r.fail(p.path+".name", "is %q, which %s does not have%s", name, r.text("family"), nearest(name, known))
		}
		value := p.text("value")
		r.require(p.given("value"), p.path+".value", "is not given")
		form, few := forms[name]
		r.require(!few || value == "" || strings.Contains(value, "{") || form.MatchString(value), p.path+".value",
			"is %q, which %s does not take: %v", value, name, form)
	}
}

// nearest names the parameter that an unknown one was meant to be, if one is near.
func nearest(name string, known map[string]bool) string {
	var all []string
	for other := range known {
		all = append(all, other)
	}
	slices.Sort(all)
	edits := func(other string) int { return levenshtein.Distance(name, other, nil) }
	if best := slices.MinFunc(all, func(a, b string) int { return edits(a) - edits(b) }); edits(best) <= max(2, len(name)/4) {
		return "; did you mean " + best + "?"
	}
	return ""
}
