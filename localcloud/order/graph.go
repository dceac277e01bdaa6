package order

import (
	"slices"
	"strings"
	"sync"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource/plugin"
	"github.com/pulumi/pulumi/sdk/v3/go/common/tokens"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
)

// Node is one resource as the program registers it.
type Node struct {
	URN    string
	Kind   string // its type, see Kind
	Custom bool   // made by a provider, not a component
	Needs  []string

	inputs resource.PropertyMap
	refers []string // URNs that its inputs come from
}

// Name is the resource's own, without its stack and parents.
func (n *Node) Name() string { return n.URN[strings.LastIndex(n.URN, "::")+2:] }

// Kind is a type token without "aws:" and its last part.
func Kind(token string) string {
	name := strings.TrimPrefix(token, "aws:")
	if at := strings.LastIndex(name, ":"); at > 0 {
		name = name[:at]
	}
	return name
}

// Registered is the node of a registration in a stack.
func Registered(project, stack string, r *pulumirpc.RegisterResourceRequest) (*Node, error) {
	n := &Node{Kind: Kind(r.GetType()), Custom: r.GetCustom(), Needs: slices.Clone(r.GetDependencies())}
	parentType := tokens.Type("")
	if parent := resource.URN(r.GetParent()); parent != "" {
		n.Needs = append(n.Needs, r.GetParent())
		if parent.QualifiedType() != resource.RootStackType {
			parentType = parent.QualifiedType()
		}
	}
	n.URN = string(resource.NewURN(tokens.QName(stack), tokens.PackageName(project), parentType, tokens.Type(r.GetType()), r.GetName()))
	if at := strings.LastIndex(r.GetProvider(), "::"); at > 0 { // a reference is URN::ID
		n.Needs = append(n.Needs, r.GetProvider()[:at])
	}
	for _, of := range r.GetPropertyDependencies() {
		n.refers = append(n.refers, of.GetUrns()...)
	}
	n.Needs = append(n.Needs, n.refers...)
	var err error
	n.inputs, err = plugin.UnmarshalProperties(r.GetObject(), plugin.MarshalOptions{KeepUnknowns: true, SkipNulls: true})
	return n, err
}

// Graph is what was registered so far. Safe for concurrent use.
type Graph struct {
	mu    sync.Mutex
	nodes []*Node
	byURN map[string]*Node
}

// Add takes in a registration and returns what it breaks, one line for each:
// what it should wait for, and what should have waited for it. Registrations
// that are under way at the same time wait for each other in no way.
func (g *Graph) Add(n *Node) (broken []string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.byURN == nil {
		g.byURN = map[string]*Node{}
	}
	waits := g.closure(n)
	for _, r := range rules {
		if r.After == n.Kind && r.holds(n) {
			broken = append(broken, g.missing(r, n, waits)...)
		}
		if !slices.Contains(r.Before, n.Kind) || !r.checked() {
			continue
		}
		for _, after := range g.nodes {
			if r.After == after.Kind && r.holds(after) && g.tied(r, after, n) {
				broken = append(broken, r.broken(after, n))
			}
		}
	}
	g.nodes = append(g.nodes, n)
	g.byURN[n.URN] = n
	return broken
}

// Nodes are the resources in the order in which they were registered.
func (g *Graph) Nodes() []*Node {
	g.mu.Lock()
	defer g.mu.Unlock()
	return slices.Clone(g.nodes)
}

// closure is all that is there before n.
func (g *Graph) closure(n *Node) map[*Node]bool {
	all := map[*Node]bool{}
	var walk func(urns []string)
	walk = func(urns []string) {
		for _, urn := range urns {
			if before := g.byURN[urn]; before != nil && !all[before] {
				all[before] = true
				walk(before.Needs)
			}
		}
	}
	walk(n.Needs)
	return all
}

// missing says what n ought to wait for and does not.
func (g *Graph) missing(r Rule, n *Node, waits map[*Node]bool) (broken []string) {
	if !r.checked() {
		return nil // its inputs name it, or they could not be written
	}
	found := false
	for _, before := range g.nodes {
		if !slices.Contains(r.Before, before.Kind) || !g.tied(r, n, before) {
			continue
		}
		if found = found || waits[before]; !waits[before] {
			broken = append(broken, r.broken(n, before))
		}
	}
	if !r.Must || found || len(broken) > 0 {
		return broken
	}
	if on := g.reach(n, r.Ties[0].By); len(on) > 0 {
		return []string{r.lacking(n, on[0])}
	}
	return nil // what it stands on is not of this program: nor may the other be
}

// tied says whether before is the one that after needs: both stand on the same
// resource, or the one's input is the other's.
func (g *Graph) tied(r Rule, after, before *Node) bool {
	if r.If != nil && !r.If(before.inputs) {
		return false
	}
	if r.Same != [2]string{} {
		a, b := text(after.inputs, r.Same[0]), text(before.inputs, r.Same[1])
		return a != "" && a == b && after.URN != before.URN
	}
	for _, t := range r.Ties {
		there := g.reach(before, t.Of)
		if !slices.ContainsFunc(g.reach(after, t.By), func(n *Node) bool { return slices.Contains(there, n) }) {
			return false
		}
	}
	return true
}

// reach follows what inputs name, kind by kind: "ec2/subnet ec2/vpc" from a NAT
// gateway is the VPC of its subnet.
func (g *Graph) reach(from *Node, path string) []*Node {
	at := []*Node{from}
	for kind := range strings.FieldsSeq(path) {
		var next []*Node
		for _, n := range at {
			for _, urn := range n.refers {
				to := g.byURN[urn]
				switch {
				case to == nil || slices.Contains(next, to):
				case to.Kind == kind:
					next = append(next, to)
				case standsFor[to.Kind] == kind:
					next = append(next, g.reach(to, kind)...)
				}
			}
		}
		at = next
	}
	return at
}

func text(inputs resource.PropertyMap, path string) string {
	v := value(inputs, path)
	if v.IsString() {
		return v.StringValue()
	}
	return ""
}

// value is the input at a path; null when there is none.
func value(inputs resource.PropertyMap, path string) resource.PropertyValue {
	parsed, err := resource.ParsePropertyPath(path)
	if err != nil {
		return resource.NewNullProperty()
	}
	v, _ := parsed.Get(resource.NewProperty(inputs))
	return v
}
