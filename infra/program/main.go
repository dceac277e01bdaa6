// Command program is what `pulumi up` runs: one stack of newsfeed.
package main

import (
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"newsfeed/infra"
)

func main() { pulumi.Run(infra.Deploy) }
