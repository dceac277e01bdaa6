package infra

import (
	"fmt"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// scope is what a component registers its children in: they are named
// <component>-<role> and parented to the component.
type scope struct {
	ctx  *pulumi.Context
	name string
	self pulumi.ComponentResource
	made []pulumi.Resource // so far
}

// awaited is embedded by a component that others wait for as a whole. DependsOn
// the component itself is not enough: the SDK counts as its children those whose
// registration has begun, in goroutines of their own (Context.getOpts, v3.259).
type awaited struct{ all []pulumi.Resource }

func (a *awaited) holds(all []pulumi.Resource) { a.all = all }

// failed carries an error from must to the guard around it.
type failed struct{ error }

// component registers self as newsfeed:infra:<noun> and builds its children.
// A child that cannot be registered ends build and comes back as the error.
func component(ctx *pulumi.Context, noun, name string, self pulumi.ComponentResource,
	opts []pulumi.ResourceOption, build func(*scope)) error {
	if err := ctx.RegisterComponentResource("newsfeed:infra:"+noun, name, self, opts...); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	s := &scope{ctx: ctx, name: name, self: self}
	if err := guard(func() { build(s) }); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	if whole, ok := self.(interface{ holds([]pulumi.Resource) }); ok {
		whole.holds(s.made)
	}
	return ctx.RegisterResourceOutputs(self, pulumi.Map{})
}

// guard runs build and returns the error that must stopped it with, if any.
func guard(build func()) (err error) {
	defer func() {
		switch f := recover().(type) {
		case nil:
		case failed:
			err = f.error
		default:
			panic(f)
		}
	}()
	build()
	return nil
}

// add registers one child of the component, with the SDK's constructor for it.
func add[Args, Resource any](s *scope, role string,
	register func(*pulumi.Context, string, Args, ...pulumi.ResourceOption) (Resource, error),
	args Args, opts ...pulumi.ResourceOption) Resource {
	opts = append([]pulumi.ResourceOption{pulumi.Parent(s.self)}, opts...)
	made := must(register(s.ctx, s.name+"-"+role, args, opts...))
	if r, ok := any(made).(pulumi.Resource); ok {
		s.made = append(s.made, r)
	}
	return made
}

// must returns value; an error ends the guard around it.
func must[T any](value T, err error) T {
	if err != nil {
		panic(failed{err})
	}
	return value
}

// plural turns values into inputs of another kind, one each.
func plural[From, To any](from []From, to func(From) To) []To {
	all := make([]To, len(from))
	for i, f := range from {
		all[i] = to(f)
	}
	return all
}
