package rules

import (
	_ "embed" // the blocks below
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"sync"

	"github.com/agext/levenshtein"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"

	"newsfeed/localcloud/provider/facts"
)

//go:embed facts/aws-blocks.json
var blocksJSON []byte

// blocks are the names within each block, with their kinds: "autoscaling.GroupTag"
// has "key" of "string".
var blocks = sync.OnceValue(func() map[string]map[string]string {
	var file struct {
		Blocks map[string]map[string]string `json:"blocks"`
	}
	if err := json.Unmarshal(blocksJSON, &file); err != nil {
		panic("facts/aws-blocks.json: " + err.Error())
	}
	return file.Blocks
})

// propertyTypes are the types of each resource's properties: "[]GroupTag" is a list
// of such blocks.
var propertyTypes = sync.OnceValue(func() map[string]map[string]string {
	var schema struct {
		Types map[string]struct {
			Inputs map[string]struct {
				Type string `json:"type"`
			} `json:"inputs"`
		} `json:"types"`
	}
	if err := json.Unmarshal(facts.AWSTypes, &schema); err != nil {
		panic("aws-types.json: " + err.Error())
	}
	all := map[string]map[string]string{}
	for typ, resource := range schema.Types {
		all[typ] = map[string]string{}
		for key, input := range resource.Inputs {
			all[typ][key] = input.Type
		}
	}
	return all
})

// names holds the names within blocks, and the kinds of their values, to those
// that the provider has. Which blocks a type has, its properties' types say.
func (r *declared) names() {
	r.source = "the schema of the AWS provider"
	for _, key := range r.inputs.StableKeys() {
		r.block(module(r.typ), string(key), r.inputs[key], blockOf(r.typ, string(key)))
	}
}

// module is the part of the SDK that a type is in: rds of aws:rds/instance:Instance.
func module(typ string) string {
	name, _, _ := strings.Cut(strings.TrimPrefix(typ, "aws:"), "/")
	return name
}

// blockOf is the block that a property of a type holds, or its list; the name of
// any other type is that of no block.
func blockOf(typ, key string) string { return strings.TrimPrefix(propertyTypes()[typ][key], "[]") }

// block holds a value to the block of that name: an object, or a list of such.
func (r *declared) block(module, path string, v resource.PropertyValue, name string) {
	fields, known := blocks()[module+"."+name]
	v, _, there := reveal(v)
	if !known || !there {
		return
	}
	if v.IsArray() {
		for i, element := range v.ArrayValue() {
			r.block(module, fmt.Sprintf("%s[%d]", path, i), element, name)
		}
		return
	}
	if !v.IsObject() {
		r.fail(path, "is %s, must be an object", v.TypeString())
		return
	}
	for _, key := range v.ObjectValue().StableKeys() {
		if resource.IsInternalPropertyKey(key) {
			continue
		}
		below := path + "." + string(key)
		kind, has := fields[string(key)]
		if !has {
			r.fail(below, "is no property of it%s", suggest(string(key), fields))
			continue
		}
		r.kind(module, below, v.ObjectValue()[key], kind)
	}
}

// kind holds a value within a block to its kind.
func (r *declared) kind(module, path string, v resource.PropertyValue, kind string) {
	v, _, known := reveal(v)
	if !known {
		return
	}
	if element, list := strings.CutPrefix(kind, "[]"); list {
		if !v.IsArray() {
			r.fail(path, "is %s, must be a list", v.TypeString())
			return
		}
		for i, e := range v.ArrayValue() {
			r.kind(module, fmt.Sprintf("%s[%d]", path, i), e, element)
		}
		return
	}
	if _, nested := blocks()[module+"."+kind]; nested {
		r.block(module, path, v, kind)
		return
	}
	fits := true
	switch kind {
	case "string":
		fits = v.IsString()
	case "bool":
		fits = v.IsBool()
	case "int":
		fits = v.IsNumber() && v.NumberValue() == math.Trunc(v.NumberValue())
	case "float64":
		fits = v.IsNumber()
	case "map[string]string":
		fits = v.IsObject()
	}
	r.require(fits, path, "is %s, must be %s", v.TypeString(), kind)
}

// suggest names the property that an unknown one was meant to be, or all.
func suggest(key string, fields map[string]string) string {
	known := slices.Sorted(maps.Keys(fields))
	edits := func(other string) int { return levenshtein.Distance(strings.ToLower(key), strings.ToLower(other), nil) }
	nearest := slices.MinFunc(known, func(a, b string) int { return edits(a) - edits(b) })
	if edits(nearest) <= max(2, len(key)/3) {
		return fmt.Sprintf("; did you mean %q?", nearest)
	}
	return "; it has " + strings.Join(known, ", ")
}
