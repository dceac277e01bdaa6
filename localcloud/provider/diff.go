package provider

import (
	"context"
	"slices"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource/plugin"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource/urn"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
)

// Diff compares the inputs of the last run with the new ones.
func (p *Provider) Diff(_ context.Context, req *pulumirpc.DiffRequest) (*pulumirpc.DiffResponse, error) {
	s := schemas()[string(urn.URN(req.GetUrn()).Type())]
	oldInputs, err := readPlain(req.GetOldInputs())
	if err != nil {
		return nil, err
	}
	state, err := readPlain(req.GetOlds())
	if err != nil {
		return nil, err
	}
	news, err := readPlain(req.GetNews())
	if err != nil {
		return nil, err
	}
	for _, ignored := range req.GetIgnoreChanges() {
		keep(news, oldInputs, resource.PropertyKey(ignored))
	}
	return s.diff(oldInputs, state, news), nil
}

// keep makes key in news what it was.
func keep(news, olds resource.PropertyMap, key resource.PropertyKey) {
	if old, ok := olds[key]; ok {
		news[key] = old
	} else {
		delete(news, key)
	}
}

func (s *schema) diff(oldInputs, state, news resource.PropertyMap) *pulumirpc.DiffResponse {
	changed := oldInputs.Diff(news, resource.IsInternalPropertyKey) // what is not yet known may differ
	s.dropSettled(changed, state)
	if changed == nil || !changed.AnyChanges() {
		return &pulumirpc.DiffResponse{Changes: pulumirpc.DiffResponse_DIFF_NONE, HasDetailedDiff: true}
	}
	resp := &pulumirpc.DiffResponse{
		Changes:         pulumirpc.DiffResponse_DIFF_SOME,
		HasDetailedDiff: true,
		DetailedDiff:    map[string]*pulumirpc.PropertyDiff{},
	}
	replaces := false
	for path, d := range plugin.NewDetailedDiffFromObjectDiff(changed, true) {
		kind := d.Kind
		if s.replaces(path) {
			kind, replaces = kind.AsReplace(), true
			resp.Replaces = append(resp.Replaces, topLevel(path))
		}
		resp.DetailedDiff[path] = &pulumirpc.PropertyDiff{Kind: pulumirpc.PropertyDiff_Kind(kind), InputDiff: true}
		resp.Diffs = append(resp.Diffs, topLevel(path))
	}
	slices.Sort(resp.Replaces)
	resp.Replaces = slices.Compact(resp.Replaces)
	slices.Sort(resp.Diffs)
	resp.Diffs = slices.Compact(resp.Diffs)
	// Two resources can't carry one name: where the program fixed it, the old
	// one goes first.
	key := s.autonamed()
	_, named := news[key]
	resp.DeleteBeforeReplace = replaces && named && !wasDefault(news, key) && oldInputs[key].DeepEquals(news[key])
	return resp
}

// dropSettled removes from a diff what AWS settles by itself: a computed input
// that is no longer given keeps its value, and one that is now given as it
// already is changes nothing.
func (s *schema) dropSettled(changed *resource.ObjectDiff, state resource.PropertyMap) {
	if changed == nil {
		return
	}
	for key := range changed.Deletes {
		if s.Inputs[key].Computed {
			delete(changed.Deletes, key)
		}
	}
	for key, value := range changed.Adds {
		if current, ok := state[key]; ok && current.DeepEquals(value) {
			delete(changed.Adds, key)
		}
	}
}

func (s *schema) replaces(path string) bool {
	return s.Inputs[resource.PropertyKey(topLevel(path))].Replaces
}

// topLevel is the property that a path such as "tags.Name" or "azs[1]" is of.
func topLevel(path string) string {
	if parsed, err := resource.ParsePropertyPath(path); err == nil && len(parsed) > 0 {
		if name, ok := parsed[0].(string); ok {
			return name
		}
	}
	return path
}
