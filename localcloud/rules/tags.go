package rules

import (
	"regexp"
	"strings"
	"unicode/utf8"
)

var (
	tagKey   = regexp.MustCompile(`^[\p{L}\p{Z}\p{N}_.:/=+\-@]{1,128}$`)
	tagValue = regexp.MustCompile(`^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$`)
)

// mostTags is how many tags a resource takes; an object in S3 takes ten.
const (
	mostTags       = 50
	mostObjectTags = 10
	mostTagValue   = 256
)

// tags holds the keys, the values and the number of tags to AWS's rules. Those of
// a group of instances are a list.
func (r *declared) tags() {
	r.source = "AWS General Reference, Tagging AWS resources"
	most := mostTags
	if strings.HasPrefix(r.typ, "aws:s3/bucketObject") {
		most, r.source = mostObjectTags, "S3 user guide, Categorizing your objects using tags"
	}
	for _, l := range r.leaves {
		switch name := l.kind[strings.LastIndex(l.kind, ".")+1:]; {
		case name == "tags" && l.value.IsObject():
			r.require(len(l.value.ObjectValue()) <= most, l.path, "has %d tags, may have %d", len(l.value.ObjectValue()), most)
			for _, key := range l.value.ObjectValue().StableKeys() {
				value, _, known := reveal(l.value.ObjectValue()[key])
				r.tag(l.path+"."+string(key), string(key), value.IsString() && known, value.V)
			}
		case name == "tags" && l.value.IsArray():
			r.require(len(l.value.ArrayValue()) <= most, l.path, "has %d tags, may have %d", len(l.value.ArrayValue()), most)
			for _, tag := range r.elements(l.path) {
				r.tag(tag.path, tag.text("key"), true, tag.text("value"))
			}
		}
	}
}

func (r *declared) tag(path, key string, known bool, value any) {
	r.require(tagKey.MatchString(key), path, "has the key %q, must be 1 to 128 letters, digits, spaces and _.:/=+-@", key)
	r.require(!strings.HasPrefix(strings.ToLower(key), "aws:"), path, "has the key %q: aws: is AWS's own", key)
	if text, ok := value.(string); ok && known {
		r.require(tagValue.MatchString(text) && utf8.RuneCountInString(text) <= mostTagValue, path,
			"is %q, must be at most 256 letters, digits, spaces and _.:/=+-@", text)
	}
}
