package provider

import (
	"context"
	"errors"
	"fmt"
	"maps"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource/urn"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/emptypb"

	"newsfeed/localcloud/cloud"
)

// Create records a resource and gives it its body. When the body can't be
// given, nothing of it stays; when that takes longer than the provider waits,
// all of it does.
func (p *Provider) Create(ctx context.Context, req *pulumirpc.CreateRequest) (*pulumirpc.CreateResponse, error) {
	region, err := p.region(ctx)
	if err != nil {
		return nil, err
	}
	inputs, err := read(req.GetProperties())
	if err != nil {
		return nil, err
	}
	u := urn.URN(req.GetUrn())
	s := schemas()[string(u.Type())]
	if req.GetPreview() {
		// What AWS will compute is left out: the SDK takes it as not yet known.
		props, err := write(outputs(s, inputs, nil, nil))
		return &pulumirpc.CreateResponse{Properties: props}, err
	}
	r := &cloud.Resource{URN: req.GetUrn(), Type: string(u.Type()), Region: region}
	if r.Inputs, err = plain(inputs); err != nil {
		return nil, fmt.Errorf("%s: %w", u.Name(), err)
	}
	identify(r, u.Name())
	if r.ID == "" {
		return nil, fmt.Errorf("%s: no id follows from its inputs: its type needs one in localcloud/provider/identity.go", u.Name())
	}
	if err := reshard(r, nil); err != nil {
		return nil, fmt.Errorf("%s: %w", u.Name(), err)
	}
	if err := p.claim(r, nil); err != nil {
		return nil, fmt.Errorf("%s: %w", u.Name(), err)
	}
	err = p.within(ctx, r, create, req.GetTimeout(), func(ctx context.Context) error { return p.give(ctx, r, nil) })
	if err == nil {
		err = p.awaitCapacity(ctx, r, nil, r.Int("desiredCapacity", 0))
	}
	switch {
	case late(err) && notedLate[r.Type]:
		return nil, fmt.Errorf("%s: %w", r.ID, errors.Join(err, p.store.Put(r))) // AWS goes on making it
	case late(err), notReady(err):
		return nil, initFailed(r, inputs, outputs(s, inputs, r.Outputs, nil), errors.Join(err, p.store.Put(r)))
	case err != nil:
		return nil, errors.Join(fmt.Errorf("%s: %w", r.ID, err), p.take(context.WithoutCancel(ctx), r))
	}
	props, err := write(outputs(s, inputs, r.Outputs, nil))
	return &pulumirpc.CreateResponse{Id: r.ID, Properties: props}, err
}

// Update changes a resource in place.
func (p *Provider) Update(ctx context.Context, req *pulumirpc.UpdateRequest) (*pulumirpc.UpdateResponse, error) {
	region, err := p.region(ctx)
	if err != nil {
		return nil, err
	}
	news, err := read(req.GetNews())
	if err != nil {
		return nil, err
	}
	olds, err := read(req.GetOlds())
	if err != nil {
		return nil, err
	}
	u := urn.URN(req.GetUrn())
	s := schemas()[string(u.Type())]
	beyond, err := beyondTags(req)
	if err != nil {
		return nil, err
	}
	if req.GetPreview() {
		return previewUpdate(s, req, olds, news, beyond)
	}
	old := p.store.Get(region, string(u.Type()), req.GetId())
	if old == nil {
		return nil, gone(u, req.GetId())
	}
	r := &cloud.Resource{URN: req.GetUrn(), Type: old.Type, ID: old.ID, Region: region}
	if r.Inputs, err = plain(news); err != nil {
		return nil, fmt.Errorf("%s: %w", u.Name(), err)
	}
	r.Outputs = s.carry(old, r.Inputs)
	if beyond {
		bump(r)
	}
	if err := reshard(r, old); err != nil {
		return nil, fmt.Errorf("%s: %w", u.Name(), err)
	}
	if err := p.claim(r, old); err != nil {
		return nil, fmt.Errorf("%s: %w", u.Name(), err)
	}
	err = p.within(ctx, r, update, req.GetTimeout(), func(ctx context.Context) error { return p.give(ctx, r, old) })
	if err == nil {
		err = p.awaitCapacity(ctx, r, old, desired(news, olds))
	}
	if late(err) || notReady(err) {
		return nil, initFailed(r, news, outputs(s, news, r.Outputs, olds), err)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", r.ID, err)
	}
	props, err := write(outputs(s, news, r.Outputs, olds))
	return &pulumirpc.UpdateResponse{Properties: props}, err
}

// beyondTags says whether an update changes more than tags.
func beyondTags(req *pulumirpc.UpdateRequest) (bool, error) {
	oldInputs, err := readPlain(req.GetOldInputs())
	if err != nil {
		return false, err
	}
	news, err := readPlain(req.GetNews())
	return oldInputs.Diff(news, aboutTags) != nil, err
}

// previewUpdate foretells an update: what was computed stays, but for what the
// update itself makes AWS compute anew.
func previewUpdate(s *schema, req *pulumirpc.UpdateRequest, olds, news resource.PropertyMap, beyond bool) (*pulumirpc.UpdateResponse, error) {
	oldInputs, err := readPlain(req.GetOldInputs())
	if err != nil {
		return nil, err
	}
	out := resource.PropertyMap{}
	for key, value := range olds {
		_, was := oldInputs[key]
		if _, is := news[key]; !was || is || s.Inputs[key].Computed {
			out[key] = value
		}
	}
	for key, value := range outputs(s, news, nil, nil) {
		out[key] = value
	}
	if beyond {
		for _, key := range recomputed[string(urn.URN(req.GetUrn()).Type())] {
			delete(out, key)
		}
	}
	if resized(oldInputs, news) {
		delete(out, "memberClusters")
	}
	props, err := write(out)
	return &pulumirpc.UpdateResponse{Properties: props}, err
}

// carry returns the outputs of an updated resource before its body had its
// say: the new inputs, over what AWS had computed and keeps.
func (s *schema) carry(old *cloud.Resource, inputs map[string]any) map[string]any {
	out := maps.Clone(inputs)
	for name, value := range old.Outputs {
		_, was := old.Inputs[name]
		if _, is := inputs[name]; !is && (!was || s.Inputs[resource.PropertyKey(name)].Computed) {
			out[name] = value
		}
	}
	return out
}

// Read returns what is recorded; an empty id when there is nothing.
func (p *Provider) Read(ctx context.Context, req *pulumirpc.ReadRequest) (*pulumirpc.ReadResponse, error) {
	region, err := p.region(ctx)
	if err != nil {
		return nil, err
	}
	typ := string(urn.URN(req.GetUrn()).Type())
	r := p.store.Get(region, typ, req.GetId())
	if r == nil {
		return &pulumirpc.ReadResponse{}, nil
	}
	inputs := req.GetInputs()
	if len(inputs.GetFields()) == 0 {
		if inputs, err = write(resource.NewPropertyMapFromMap(r.Inputs)); err != nil {
			return nil, err
		}
	}
	known, err := read(inputs)
	if err != nil {
		return nil, err
	}
	olds, err := read(req.GetProperties())
	if err != nil {
		return nil, err
	}
	props, err := write(outputs(schemas()[typ], known, r.Outputs, olds))
	return &pulumirpc.ReadResponse{Id: r.ID, Properties: props, Inputs: inputs}, err
}

// Delete removes a resource and its body; one that is gone is no error.
func (p *Provider) Delete(ctx context.Context, req *pulumirpc.DeleteRequest) (*emptypb.Empty, error) {
	region, err := p.region(ctx)
	if err != nil {
		return nil, err
	}
	r := p.store.Get(region, string(urn.URN(req.GetUrn()).Type()), req.GetId())
	if r == nil {
		return &emptypb.Empty{}, nil
	}
	state, err := readPlain(req.GetProperties())
	if err != nil {
		return nil, err
	}
	err = p.protected(r, state)
	if err == nil {
		err = p.untilFree(ctx, r, timeout(r.Type, remove, req.GetTimeout()))
	}
	if err == nil {
		err = p.within(ctx, r, remove, req.GetTimeout(), func(ctx context.Context) error { return p.take(ctx, r) })
	}
	if err == nil {
		err = p.schedule(r)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", r.ID, err)
	}
	return &emptypb.Empty{}, nil
}

// Sweep removes what is recorded of a stack but stands in no state of it: a
// run that was killed between making a resource and noting it leaves such.
// known holds the ids in the state by type. It returns what it removed.
func (p *Provider) Sweep(ctx context.Context, stack string, known map[string][]string) ([]string, error) {
	ids := map[string]map[string]bool{}
	for typ, list := range known {
		ids[typ] = map[string]bool{}
		for _, id := range list {
			ids[typ][id] = true
		}
	}
	var removed []string
	for _, r := range p.store.All() {
		if string(urn.URN(r.URN).Stack()) != stack || ids[r.Type][r.ID] || isScheduled(r) {
			continue
		}
		if err := p.take(ctx, r); err != nil {
			return removed, fmt.Errorf("remove %s: %w", r.ID, err)
		}
		removed = append(removed, r.ID)
	}
	return removed, nil
}

// give makes r's body, and records what that computed.
func (p *Provider) give(ctx context.Context, r, old *cloud.Resource) error {
	body, ok := p.bodies[r.Type]
	if !ok {
		return p.store.Put(r)
	}
	if err := body.Apply(ctx, r, old); err != nil {
		return err
	}
	return p.store.Put(r)
}

func (p *Provider) take(ctx context.Context, r *cloud.Resource) error {
	if body, ok := p.bodies[r.Type]; ok {
		if err := body.Remove(ctx, r); err != nil {
			return err
		}
	}
	return p.store.Delete(r)
}

func gone(u urn.URN, id string) error {
	return fmt.Errorf("%s: the local cloud has no %s %s: it was removed behind the engine's back; "+
		"'pulumi refresh' makes the state true again", u.Name(), u.Type(), id)
}

// initFailed tells the engine that the resource exists but is not well: it
// stays in the state, and the next run tries again.
func initFailed(r *cloud.Resource, inputs, outputs resource.PropertyMap, cause error) error {
	props, err := write(outputs)
	if err != nil {
		return err
	}
	in, err := write(inputs)
	if err != nil {
		return err
	}
	st, err := status.New(codes.Unknown, cause.Error()).WithDetails(&pulumirpc.ErrorResourceInitFailed{
		Id: r.ID, Properties: props, Inputs: in, Reasons: []string{cause.Error()},
	})
	if err != nil {
		return err
	}
	return st.Err()
}
