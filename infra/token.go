package infra

import (
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// sdkVersion is the version of the AWS SDK in go.mod. What is registered by its
// type token must name it, or it would get a provider of its own.
const sdkVersion = "6.83.2"

// constructor registers a resource with a plain map of its inputs.
type constructor[Resource any] func(*pulumi.Context, string, pulumi.Map, ...pulumi.ResourceOption) (Resource, error)

// byToken is the constructor of a type whose package in the SDK is too heavy to
// compile at every first `pulumi up` (docs/decisions/0013). Resource has the
// outputs that are used.
func byToken[Resource any, Pointer interface {
	*Resource
	pulumi.CustomResource
}](module, noun string) constructor[Pointer] {
	token := "aws:" + module + "/" + strings.ToLower(noun[:1]) + noun[1:] + ":" + noun
	return func(ctx *pulumi.Context, name string, args pulumi.Map, opts ...pulumi.ResourceOption) (Pointer, error) {
		r := Pointer(new(Resource))
		return r, ctx.RegisterResource(token, name, args, r, append(opts, pulumi.Version(sdkVersion))...)
	}
}

// ec2 is the constructor of a type of that package, of which only the ID is used.
func ec2(noun string) constructor[*pulumi.CustomResourceState] {
	return byToken[pulumi.CustomResourceState]("ec2", noun)
}
