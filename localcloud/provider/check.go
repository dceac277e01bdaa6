package provider

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource/urn"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"

	"newsfeed/localcloud/rules"
)

// defaultsKey lists, as the real provider does, which inputs Check chose.
const defaultsKey resource.PropertyKey = "__defaults"

// Check validates a resource's inputs against the schema and against what AWS
// refuses, all failures at once, and fills in defaults, a unique name, and the tags
// that it gets in all.
func (p *Provider) Check(ctx context.Context, req *pulumirpc.CheckRequest) (*pulumirpc.CheckResponse, error) {
	u := urn.URN(req.GetUrn())
	s, ok := schemas()[string(u.Type())]
	if !ok {
		return nil, fmt.Errorf("%s: the local cloud has no schema for %s: add it to localcloud/provider/facts", u.Name(), u.Type())
	}
	olds, err := read(req.GetOlds())
	if err != nil {
		return nil, err
	}
	news, err := read(req.GetNews())
	if err != nil {
		return nil, err
	}
	failures := s.validate(news)
	for key, value := range news {
		if s.Inputs[key].Secret && !value.IsSecret() {
			news[key] = resource.MakeSecret(value) // however the program gave it
		}
	}
	if err := s.fill(news, olds, u.Name(), string(u.Type()), req.GetRandomSeed()); err != nil {
		return nil, err
	}
	for _, refused := range p.failures(ctx, u, olds, news) {
		failures = append(failures, &pulumirpc.CheckFailure{Property: refused.Path, Reason: u.Name() + ": " + refused.Reason})
	}
	if s.taggable() {
		news["tagsAll"] = connectionOf(ctx).tags().all(news["tags"])
	}
	inputs, err := write(news)
	return &pulumirpc.CheckResponse{Inputs: inputs, Failures: failures}, err
}

// failures are what AWS refuses of the inputs.
func (p *Provider) failures(ctx context.Context, u urn.URN, olds, news resource.PropertyMap) []rules.Failure {
	if p.lenient.Load() {
		return nil
	}
	return rules.Check(string(u.Type()), connectionOf(ctx).where(), news, len(olds) > 0)
}

// fill adds the schema's defaults, and the unique name that Pulumi gives: an
// earlier one is kept.
func (s *schema) fill(news, olds resource.PropertyMap, name, typ string, seed []byte) error {
	var chosen []resource.PropertyValue
	conflicts := func(in input) bool {
		return count(in.ConflictsWith, func(other string) bool { _, ok := news[resource.PropertyKey(other)]; return ok }) > 0
	}
	for _, key := range slices.Sorted(maps.Keys(s.Inputs)) {
		in := s.Inputs[key]
		if _, given := news[key]; given || in.Default == nil || conflicts(in) {
			continue
		}
		news[key] = resource.NewPropertyValue(in.Default)
		chosen = append(chosen, resource.NewStringProperty(string(key)))
	}
	key := s.autonamed()
	if _, given := news[key]; key != "" && !given && !conflicts(s.Inputs[key]) {
		if old, kept := olds[key]; kept && wasDefault(olds, key) {
			news[key] = old
		} else {
			unique, err := resource.NewUniqueName(seed, name+"-", 7, maxNameLength(typ), nil)
			if err != nil {
				return err
			}
			news[key] = resource.NewStringProperty(unique)
		}
		chosen = append(chosen, resource.NewStringProperty(string(key)))
	}
	news[defaultsKey] = resource.NewArrayProperty(chosen)
	return nil
}

// wasDefault says whether Check chose the value of key.
func wasDefault(inputs resource.PropertyMap, key resource.PropertyKey) bool {
	list := inputs[defaultsKey]
	return list.IsArray() && slices.ContainsFunc(list.ArrayValue(), func(v resource.PropertyValue) bool {
		return v.IsString() && v.StringValue() == string(key)
	})
}

// maxNameLength is AWS's limit for generated names of the type.
func maxNameLength(typ string) int {
	switch typ {
	case "aws:lb/loadBalancer:LoadBalancer", "aws:lb/targetGroup:TargetGroup":
		return 32
	case "aws:elasticache/replicationGroup:ReplicationGroup":
		return 40
	case "aws:s3/bucketV2:BucketV2", "aws:iam/role:Role":
		return 63
	}
	return 128
}
