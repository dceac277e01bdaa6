package plantime

import (
	"encoding/json"
	"strings"
)

// Node is one resource of a stack.
type Node struct {
	URN    string
	Type   string
	Custom bool // made by a provider; a component takes no time
	Inputs map[string]any
	Needs  []string // URNs of what the engine has ready before it
}

// Name is the resource's own.
func (n *Node) Name() string { return n.URN[strings.LastIndex(n.URN, "::")+2:] }

// Graph is a stack's resources, in the order in which they were registered:
// each after what it needs.
type Graph []*Node

// Read takes the graph from an engine's state: the dependencies that the
// engine itself goes by.
func Read(state []byte) (Graph, error) {
	var file struct {
		Checkpoint struct {
			Latest struct {
				Resources []struct {
					URN, Type, Parent, Provider string
					Custom                      bool
					Inputs                      map[string]any
					Dependencies                []string
					PropertyDependencies        map[string][]string
				}
			}
		}
	}
	if err := json.Unmarshal(state, &file); err != nil {
		return nil, err
	}
	var g Graph
	for _, r := range file.Checkpoint.Latest.Resources {
		n := &Node{URN: r.URN, Type: r.Type, Inputs: r.Inputs, Custom: r.Custom && !strings.HasPrefix(r.Type, "pulumi:")}
		n.Needs = append(n.Needs, r.Dependencies...)
		for _, urns := range r.PropertyDependencies {
			n.Needs = append(n.Needs, urns...)
		}
		if r.Parent != "" {
			n.Needs = append(n.Needs, r.Parent)
		}
		if at := strings.LastIndex(r.Provider, "::"); at > 0 {
			n.Needs = append(n.Needs, r.Provider[:at])
		}
		g = append(g, n)
	}
	return g, nil
}

// only returns the graph with no edges but those that keep says.
func (g Graph) only(keep func(before, after *Node) bool) Graph {
	byURN := map[string]*Node{}
	var out Graph
	for _, n := range g {
		clone := *n
		clone.Needs = nil
		for _, urn := range n.Needs {
			if before := byURN[urn]; before != nil && keep(before, n) {
				clone.Needs = append(clone.Needs, urn)
			}
		}
		byURN[n.URN] = n
		out = append(out, &clone)
	}
	return out
}
