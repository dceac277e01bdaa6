package infra

import (
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"newsfeed/infra/boot"
)

// templateData is the user data of a group's instances, of an environment that is
// known only later.
func templateData(args ComputeArgs, logs pulumi.StringInput) pulumi.StringOutput {
	return pulumi.All(logs, args.Environment).ApplyT(func(known []any) (string, error) {
		agent, err := agentConfig(known[0].(string))
		if err != nil {
			return "", err
		}
		return boot.Instance{Command: args.Command, StopSeconds: deregistrationSeconds - 5,
			Environment: known[1].(map[string]string), Agent: agent}.UserData()
	}).(pulumi.StringOutput)
}
