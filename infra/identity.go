package infra

import (
	"encoding/json"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/iam"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// Statement is one permission of a policy. Resources may be known only later.
type Statement struct {
	Sid       string
	Principal map[string]string // service or AWS; resource policies only
	Deny      bool
	Actions   []string
	Resources []pulumi.StringInput
	Condition Condition
}

// Condition is the condition block of a statement: operator, key, values.
type Condition map[string]map[string][]string

// policyDocument is how IAM writes a policy.
type policyDocument struct {
	Version   string
	Statement []policyStatement
}

type policyStatement struct {
	Sid       string `json:",omitempty"`
	Effect    string
	Principal map[string]string `json:",omitempty"`
	Action    []string
	Resource  []string  `json:",omitempty"`
	Condition Condition `json:",omitempty"`
}

// policy marshals the statements once their resources are known.
func policy(statements ...Statement) pulumi.StringOutput {
	resources := make(pulumi.StringArrayArray, len(statements))
	for i, s := range statements {
		resources[i] = pulumi.StringArray(s.Resources)
	}
	return resources.ToStringArrayArrayOutput().ApplyT(func(known [][]string) (string, error) {
		document := policyDocument{Version: "2012-10-17"}
		for i, s := range statements {
			effect := "Allow"
			if s.Deny {
				effect = "Deny"
			}
			document.Statement = append(document.Statement, policyStatement{
				s.Sid, effect, s.Principal, s.Actions, known[i], s.Condition})
		}
		text, err := json.Marshal(document)
		return string(text), err
	}).(pulumi.StringOutput)
}

// assumedBy is the trust policy of a role that one AWS service takes on.
func assumedBy(service string) pulumi.StringOutput {
	return policy(Statement{
		Principal: map[string]string{"Service": service},
		Actions:   []string{"sts:AssumeRole"},
	})
}

// role makes a role that service takes on.
func (s *scope) role(role, service string) *iam.Role {
	return add(s, role, iam.NewRole, &iam.RoleArgs{Path: s.path(), AssumeRolePolicy: assumedBy(service), Tags: named(s, role)})
}

// permitted makes a role that may do what statements say. What uses the role by
// itself takes the option too, or AWS finds that it may not.
func (s *scope) permitted(role, service string, statements ...Statement) (*iam.Role, pulumi.ResourceOption) {
	r := s.role(role, service)
	may := add(s, role+"-may", iam.NewRolePolicy, &iam.RolePolicyArgs{Role: r.Name, Policy: policy(statements...)})
	return r, pulumi.DependsOn([]pulumi.Resource{may})
}

// path is that of the stack's roles and profiles: CI may touch no others.
func (s *scope) path() pulumi.StringInput { return pulumi.Sprintf("/%s/", s.ctx.Project()) }

// IdentityArgs names what the instances may reach.
type IdentityArgs struct {
	Secrets *Secrets
	Storage *Storage
	Queue   *Queue
	Groups  map[string]string // of instances: the name of each Auto Scaling group
	Account string
	Region  string
}

// Identity is what instances are allowed to do: one profile for web, one for
// worker. It is there whatever the strategy: roles are made by a control plane in
// us-east-1 (AWS: Fault Isolation Boundaries, global services), which a failover
// must not need.
type Identity struct {
	pulumi.ResourceState
	awaited

	Monitor  Monitor
	profiles map[string]*iam.InstanceProfile
}

// Monitor is the role as which RDS writes what it measures on an instance. RDS
// refuses an instance whose role may not do so yet.
type Monitor struct {
	Role *iam.Role
	may  pulumi.ResourceOption
}

// Profile is the instance profile of the group with the name, web or worker.
func (i *Identity) Profile(group string) *iam.InstanceProfile { return i.profiles[group] }

// NewIdentity makes both instance profiles.
func NewIdentity(ctx *pulumi.Context, name string, args IdentityArgs, opts ...pulumi.ResourceOption) (*Identity, error) {
	i := &Identity{profiles: map[string]*iam.InstanceProfile{}}
	return i, component(ctx, "Identity", name, i, opts, func(s *scope) {
		i.Monitor.Role = s.role("monitoring", "monitoring.rds.amazonaws.com")
		may := add(s, "monitoring-may", newAttachment, attach(i.Monitor.Role, monitoringPolicy))
		i.Monitor.may = pulumi.DependsOn([]pulumi.Resource{may})
		i.profiles["web"] = profile(s, "web", append(every(args), boots(args, "web"),
			Statement{Sid: "Publish", Actions: []string{"sqs:SendMessage", "sqs:GetQueueAttributes"}, Resources: one(args.Queue.FanOut.Arn)},
			Statement{Sid: "Media", Actions: []string{"s3:GetObject", "s3:PutObject"}, Resources: one(objects(args.Storage.Media))},
			// Without it S3 answers 403, not 404, for what was never uploaded (S3 API, HeadObject).
			Statement{Sid: "MissingMedia", Actions: []string{"s3:ListBucket"}, Resources: one(args.Storage.Media.Arn)},
		))
		i.profiles["worker"] = profile(s, "worker", append(every(args), boots(args, "worker"),
			Statement{Sid: "FanOut", Actions: []string{"sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:ChangeMessageVisibility",
				"sqs:SendMessage", "sqs:GetQueueAttributes"}, Resources: one(args.Queue.FanOut.Arn)},
		))
	})
}

// every is what any instance needs to start: its binary, its secrets, the key.
func every(args IdentityArgs) []Statement {
	return []Statement{
		{Sid: "Binary", Actions: []string{"s3:GetObject"}, Resources: one(objects(args.Storage.Artifacts))},
		{Sid: "Secrets", Actions: []string{"secretsmanager:GetSecretValue"},
			Resources: []pulumi.StringInput{args.Secrets.Database.Arn, args.Secrets.Cache.Arn}},
		{Sid: "Key", Actions: []string{"kms:Decrypt", "kms:GenerateDataKey"}, Resources: one(args.Secrets.Key.Arn)},
	}
}

// boots lets an instance say of itself, and of its own group only, that it has
// booted, is still at it, or is no good.
func boots(args IdentityArgs, group string) Statement {
	return Statement{Sid: "Boot",
		Actions: []string{"autoscaling:CompleteLifecycleAction", "autoscaling:RecordLifecycleActionHeartbeat", "autoscaling:SetInstanceHealth"},
		Resources: one(pulumi.Sprintf("arn:aws:autoscaling:%s:%s:autoScalingGroup:*:autoScalingGroupName/%s",
			args.Region, args.Account, args.Groups[group]))}
}

// Managed policies that AWS keeps in step with its own agents.
var agentPolicies = map[string]string{
	"session":    "AmazonSSMManagedInstanceCore",
	"monitoring": "CloudWatchAgentServerPolicy",
}

// monitoringPolicy lets RDS write what it measures on an instance.
const monitoringPolicy = "service-role/AmazonRDSEnhancedMonitoringRole"

func profile(s *scope, role string, statements []Statement) *iam.InstanceProfile {
	r, _ := s.permitted(role, "ec2.amazonaws.com", statements...) // the groups wait for all of Identity
	for _, agent := range sortedKeys(agentPolicies) {
		add(s, role+"-"+agent, newAttachment, attach(r, agentPolicies[agent]))
	}
	return add(s, role+"-profile", iam.NewInstanceProfile, &iam.InstanceProfileArgs{Path: s.path(), Role: r.Name, Tags: named(s, role)})
}

func one(input pulumi.StringInput) []pulumi.StringInput { return []pulumi.StringInput{input} }

// attach gives a role a policy that AWS manages, by its path and name.
func attach(r *iam.Role, managed string) *iam.RolePolicyAttachmentArgs {
	return &iam.RolePolicyAttachmentArgs{Role: r.Name, PolicyArn: pulumi.String(managedPolicy(managed))}
}

// managedPolicy is the ARN of a policy that AWS manages.
func managedPolicy(name string) string { return "arn:aws:iam::aws:policy/" + name }

var newAttachment = iam.NewRolePolicyAttachment
