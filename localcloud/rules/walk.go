package rules

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
)

// leaf is one value of a resource, at whatever depth.
type leaf struct {
	path   string // as a reader writes it: rules[0].name
	kind   string // with every element of a list alike: rules[].name
	value  resource.PropertyValue
	secret bool
}

// leaves are all values of the inputs: scalars, and lists and objects as wholes.
func leaves(inputs resource.PropertyMap) []leaf {
	var all []leaf
	for _, key := range inputs.StableKeys() {
		if !resource.IsInternalPropertyKey(key) {
			all = walk(all, string(key), string(key), inputs[key], false)
		}
	}
	return all
}

func walk(all []leaf, path, kind string, v resource.PropertyValue, secret bool) []leaf {
	v, hidden, known := reveal(v)
	secret = secret || hidden
	if !known {
		return all
	}
	all = append(all, leaf{path, kind, v, secret})
	switch {
	case v.IsArray():
		for i, element := range v.ArrayValue() {
			all = walk(all, fmt.Sprintf("%s[%d]", path, i), kind+"[]", element, secret)
		}
	case v.IsObject():
		for _, key := range v.ObjectValue().StableKeys() {
			all = walk(all, path+"."+string(key), kind+"."+string(key), v.ObjectValue()[key], secret)
		}
	}
	return all
}

// reveal takes a value out of its wrappings, and says whether it is secret and
// whether it is known.
func reveal(v resource.PropertyValue) (value resource.PropertyValue, secret, known bool) {
	for {
		switch {
		case v.IsSecret():
			v, secret = v.SecretValue().Element, true
		case v.IsOutput():
			if !v.OutputValue().Known {
				return v, secret, false
			}
			secret = secret || v.OutputValue().Secret
			v = v.OutputValue().Element
		default:
			return v, secret, !v.IsComputed() && !v.IsNull()
		}
	}
}

// show is the value as an error tells it.
func (l leaf) show() string {
	if l.secret {
		return "is [secret]"
	}
	text := fmt.Sprint(l.value.V)
	if l.value.IsString() {
		text = strconv.Quote(l.value.StringValue())
	}
	if len(text) > 120 {
		text = text[:120] + "..."
	}
	return "is " + text
}

// at is the value at a path of names and indexes, as far as it is known.
func at(v resource.PropertyValue, path string) (resource.PropertyValue, bool) {
	v, _, known := reveal(v)
	if path == "" || !known {
		return v, known
	}
	name, rest, _ := strings.Cut(path, ".")
	if i, err := strconv.Atoi(name); err == nil && v.IsArray() && i < len(v.ArrayValue()) {
		return at(v.ArrayValue()[i], rest)
	}
	if v.IsObject() {
		if element, ok := v.ObjectValue()[resource.PropertyKey(name)]; ok {
			return at(element, rest)
		}
	}
	return v, false
}

func (r *declared) at(path string) (resource.PropertyValue, bool) {
	return at(resource.NewObjectProperty(r.inputs), path)
}

// given says whether the program gives the property, known or not.
func (r *declared) given(path string) bool {
	v := resource.NewObjectProperty(r.inputs)
	for name := range strings.SplitSeq(path, ".") {
		v, _, _ = reveal(v)
		if v.IsComputed() || v.IsOutput() {
			return true
		}
		if !v.IsObject() {
			return false
		}
		var ok bool
		if v, ok = v.ObjectValue()[resource.PropertyKey(name)]; !ok || v.IsNull() {
			return false
		}
	}
	v, _, _ = reveal(v)
	return !v.IsString() || v.StringValue() != ""
}

// text is the string at the path, "" if it is not there or not known.
func (r *declared) text(path string) string {
	if v, ok := r.at(path); ok && v.IsString() {
		return v.StringValue()
	}
	return ""
}

// number is the number at the path.
func (r *declared) number(path string) (float64, bool) {
	v, ok := r.at(path)
	if !ok || !v.IsNumber() {
		return 0, false
	}
	return v.NumberValue(), true
}

// yes says whether the property is known to be true.
func (r *declared) yes(path string) bool {
	v, ok := r.at(path)
	return ok && v.IsBool() && v.BoolValue()
}

// open says whether the property is given but not known yet.
func (r *declared) open(path string) bool {
	_, known := r.at(path)
	return !known && r.given(path)
}

// elements are the known objects of the list at the path, with their paths.
func (r *declared) elements(path string) []part {
	v, ok := r.at(path)
	if !ok || !v.IsArray() {
		return nil
	}
	var all []part
	for i, element := range v.ArrayValue() {
		if element, _, known := reveal(element); known && element.IsObject() {
			all = append(all, part{declared{typ: r.typ, region: r.region, inputs: element.ObjectValue()},
				fmt.Sprintf("%s[%d]", path, i)})
		}
	}
	return all
}

// part is an object within a resource.
type part struct {
	declared
	path string
}

// count is how many of the properties are given.
func (r *declared) count(paths ...string) (n int) {
	for _, path := range paths {
		if r.given(path) {
			n++
		}
	}
	return n
}

// one requires exactly one of the properties.
func (r *declared) one(paths ...string) {
	if n := r.count(paths...); n != 1 {
		r.fail(paths[0], "is one of %s, of which exactly one must be given, not %d", strings.Join(paths, ", "), n)
	}
}
