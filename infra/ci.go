package infra

import (
	"fmt"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/iam"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// gitHub is who signs the tokens of workflows.
const gitHub = "token.actions.githubusercontent.com"

// CIArgs is what a CI needs.
type CIArgs struct {
	CIConfig
	Account string
	Stacks  []string // environments of the repository that may deploy, by name
}

// CI is what the workflows of the repository may do here, without a key that
// could leak: GitHub signs a token that names the repository and what runs, and
// AWS trades it for an hour or more of one of two roles. No change of a role of
// the stack reaches these two: they are on a path of their own.
type CI struct {
	pulumi.ResourceState
}

// NewCI makes the provider and both roles, or nothing if no repository is named.
func NewCI(ctx *pulumi.Context, name string, args CIArgs, opts ...pulumi.ResourceOption) (*CI, error) {
	c := &CI{}
	return c, component(ctx, "CI", name, c, opts, func(s *scope) {
		if args.Repository == "" {
			return
		}
		provider := add(s, "github", iam.NewOpenIdConnectProvider, &iam.OpenIdConnectProviderArgs{
			Url: pulumi.String("https://" + gitHub), ClientIdLists: pulumi.ToStringArray([]string{"sts.amazonaws.com"}),
			Tags: named(s, "github")})
		// Workflows of pull requests from forks get no token at all.
		preview := c.role(s, "preview", args, provider, "pull_request")
		add(s, "preview-view", newAttachment, attach(preview, "job-function/ViewOnlyAccess"))
		if args.State != "" {
			add(s, "preview-may", iam.NewRolePolicy, &iam.RolePolicyArgs{Role: preview.Name, Policy: policy(stateOf(args.State, "s3:GetObject")...)})
		}

		var environments []string
		for _, stack := range args.Stacks {
			environments = append(environments, "environment:"+stack)
		}
		deploy := c.role(s, "deploy", args, provider, environments...)
		add(s, "deploy-power", newAttachment, attach(deploy, "PowerUserAccess")) // all but IAM
		add(s, "deploy-may", iam.NewRolePolicy, &iam.RolePolicyArgs{Role: deploy.Name, Policy: policy(append(stateOf(args.State,
			"s3:DeleteObject", "s3:GetObject", "s3:PutObject"), managesRoles(s.ctx.Project(), args.Account)...)...)})
		s.ctx.Export("ciPreviewRole", preview.Arn)
		s.ctx.Export("ciDeployRole", deploy.Arn)
	})
}

// role makes a role for those runs of the repository's workflows that are one
// of subjects, word for word.
func (c *CI) role(s *scope, role string, args CIArgs, provider *iam.OpenIdConnectProvider, subjects ...string) *iam.Role {
	for i, subject := range subjects {
		subjects[i] = fmt.Sprintf("repo:%s:%s", args.Repository, subject)
	}
	return add(s, role, iam.NewRole, &iam.RoleArgs{
		Path:               pulumi.Sprintf("/%s-ci/", s.ctx.Project()),
		MaxSessionDuration: pulumi.Int(4 * 3600), // a database takes its time
		AssumeRolePolicy: policy(Statement{
			Principal: map[string]string{"Federated": fmt.Sprintf("arn:aws:iam::%s:oidc-provider/%s", args.Account, gitHub)},
			Actions:   []string{"sts:AssumeRoleWithWebIdentity"},
			Condition: Condition{"StringEquals": {gitHub + ":aud": {"sts.amazonaws.com"}, gitHub + ":sub": subjects}},
		}),
		Tags: named(s, role),
	}, pulumi.DependsOn([]pulumi.Resource{provider}))
}

// stateOf allows the actions on Pulumi's state, where that is in a bucket.
func stateOf(bucket string, actions ...string) []Statement {
	if bucket == "" {
		return nil
	}
	arn := pulumi.String("arn:aws:s3:::" + bucket)
	return []Statement{
		{Sid: "FindState", Actions: []string{"s3:ListBucket"}, Resources: one(arn)},
		{Sid: "State", Actions: actions, Resources: one(pulumi.Sprintf("%s/*", arn))},
	}
}

// managesRoles is what it takes to make the stack's own roles, and no others.
// Who may write a role's policy may do all that AWS allows the account: it is
// the approval of the environment that stands before that.
func managesRoles(project, account string) []Statement {
	of := func(kind string) []pulumi.StringInput {
		return one(pulumi.String(fmt.Sprintf("arn:aws:iam::%s:%s/%s/*", account, kind, project)))
	}
	managed := []string{managedPolicy(monitoringPolicy)}
	for _, agent := range sortedKeys(agentPolicies) {
		managed = append(managed, managedPolicy(agentPolicies[agent]))
	}
	return []Statement{
		{Sid: "Roles", Actions: []string{"iam:CreateRole", "iam:DeleteRole", "iam:DeleteRolePolicy", "iam:GetRole", "iam:GetRolePolicy",
			"iam:ListAttachedRolePolicies", "iam:ListInstanceProfilesForRole", "iam:ListRolePolicies", "iam:PassRole", "iam:PutRolePolicy",
			"iam:TagRole", "iam:UntagRole", "iam:UpdateAssumeRolePolicy", "iam:UpdateRole"}, Resources: of("role")},
		{Sid: "ManagedPolicies", Actions: []string{"iam:AttachRolePolicy", "iam:DetachRolePolicy"}, Resources: of("role"),
			Condition: Condition{"ArnEquals": {"iam:PolicyARN": managed}}},
		{Sid: "Profiles", Actions: []string{"iam:AddRoleToInstanceProfile", "iam:CreateInstanceProfile", "iam:DeleteInstanceProfile",
			"iam:GetInstanceProfile", "iam:RemoveRoleFromInstanceProfile", "iam:TagInstanceProfile", "iam:UntagInstanceProfile"}, Resources: of("instance-profile")},
	}
}
