package order

import (
	"fmt"
	"slices"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
)

// Rule says what is there before AWS makes a resource of a kind. A rule without
// a tie holds by itself: an input cannot name what is not there.
type Rule struct {
	After  string                          // kind
	When   func(resource.PropertyMap) bool // of its inputs; nil: always
	Before []string                        // kinds, any of them
	If     func(resource.PropertyMap) bool // of its inputs; nil: always
	Ties   []Tie                           // how to know that the two belong together
	Same   [2]string                       // or: an input of After is this input of Before
	Must   bool                            // there has to be one; else only what there is has to come first

	Refused string // what AWS answers, or
	Later   string // what fails although AWS takes the call
	Source  string
}

// Tie is a resource that both stand on: from either, the kinds on the way there,
// by what inputs name.
type Tie struct{ By, Of string }

// Precedes says whether AWS itself has a resource of the kind before ready when
// it makes one of the kind after.
func Precedes(before, after string) bool {
	return slices.ContainsFunc(rules, func(r Rule) bool { return r.After == after && slices.Contains(r.Before, before) })
}

// checked says whether a dependency could be forgotten.
func (r Rule) checked() bool { return len(r.Ties) > 0 || r.Same != [2]string{} }

func (r Rule) holds(n *Node) bool { return r.When == nil || r.When(n.inputs) }

func (r Rule) consequence() string {
	if r.Refused != "" {
		return "AWS refuses: " + r.Refused
	}
	return "AWS takes it, but " + r.Later
}

// broken is the refusal of after, which does not wait for before.
func (r Rule) broken(after, before *Node) string {
	return fmt.Sprintf("%s (%s) does not wait for %s (%s): %s. Declare it: pulumi.DependsOn with %s. Source: %s",
		after.Name(), after.Kind, before.Name(), before.Kind, r.consequence(), before.Name(), r.Source)
}

// lacking is the refusal of after, for which there is nothing of the kind to
// wait for.
func (r Rule) lacking(after, on *Node) string {
	return fmt.Sprintf("%s (%s) waits for no %s of %s (%s): %s. Declare one, and that it is waited for: pulumi.DependsOn. Source: %s",
		after.Name(), after.Kind, strings.Join(r.Before, " or "), on.Name(), on.Kind, r.consequence(), r.Source)
}

// given holds where an input asks for something; what is not yet known does.
func given(path string) func(resource.PropertyMap) bool {
	return func(in resource.PropertyMap) bool {
		v := value(in, path)
		switch {
		case v.IsNull():
			return false
		case v.IsBool():
			return v.BoolValue()
		case v.IsString():
			return v.StringValue() != ""
		case v.IsArray():
			return len(v.ArrayValue()) > 0
		}
		return true
	}
}

// not holds unless an input is that text.
func not(path, unwanted string) func(resource.PropertyMap) bool {
	return func(in resource.PropertyMap) bool { return text(in, path) != unwanted }
}

func unless(path string) func(resource.PropertyMap) bool {
	holds := given(path)
	return func(in resource.PropertyMap) bool { return !holds(in) }
}
