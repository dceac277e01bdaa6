package infra

import (
	"encoding/json"
	"fmt"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/kms"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/secretsmanager"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// databaseUser is who the app connects as, databaseName what it connects to.
const (
	databaseUser = "newsfeed"
	databaseName = "newsfeed"
)

// SecretsArgs is what a Secrets needs.
type SecretsArgs struct {
	Account      string
	Region       string
	SlackWebhook Secret // may be unset
}

// Secrets is the region's key, which encrypts everything in it that is at
// rest, and the secrets that instances and functions fetch by ARN.
type Secrets struct {
	pulumi.ResourceState
	awaited

	Key      *kms.Key
	Database *secretsmanager.Secret // JSON: username, password, endpoint, readers
	Cache    *secretsmanager.Secret // JSON: token, endpoint
	Slack    *secretsmanager.Secret // JSON: url; nil if there is no webhook
}

// NewSecrets makes the key and the secrets.
func NewSecrets(ctx *pulumi.Context, name string, args SecretsArgs, opts ...pulumi.ResourceOption) (*Secrets, error) {
	x := &Secrets{}
	return x, component(ctx, "Secrets", name, x, opts, func(s *scope) {
		x.Key = add(s, "key", kms.NewKey, &kms.KeyArgs{
			Description:          pulumi.Sprintf("Everything at rest of %s in %s", ctx.Project(), args.Region),
			EnableKeyRotation:    pulumi.Bool(true),
			DeletionWindowInDays: pulumi.Int(30),
			Policy:               keyPolicy(args.Account, args.Region),
			Tags:                 named(s, "key"),
		}, pulumi.Protect(true))
		add(s, "alias", kms.NewAlias, &kms.AliasArgs{
			Name:        pulumi.Sprintf("alias/%s-%s", ctx.Project(), ctx.Stack()),
			TargetKeyId: x.Key.KeyId,
		})
		// What is in these two is written by Database and Cache, once they know it.
		x.Database = x.secret(s, "database", "Where MySQL is, and what the app signs in to it with")
		x.Cache = x.secret(s, "cache", "Where Redis is, and what the app signs in to it with")
		if args.SlackWebhook.Set() {
			x.Slack = x.secret(s, "slack", "Where alarms are posted in Slack")
			s.fill("slack-value", x.Slack, pulumi.StringMap{"url": args.SlackWebhook.Output()})
		}
	})
}

// secret makes a secret without a value.
func (x *Secrets) secret(s *scope, role, description string) *secretsmanager.Secret {
	return add(s, role, secretsmanager.NewSecret, &secretsmanager.SecretArgs{
		Description:          pulumi.String(description),
		KmsKeyId:             x.Key.Arn,
		RecoveryWindowInDays: pulumi.Int(7),
		Tags:                 named(s, role),
	}, pulumi.Protect(true))
}

// fill gives a secret its value: the fields as a JSON object.
func (s *scope) fill(role string, secret *secretsmanager.Secret, fields pulumi.StringMap) {
	text := fields.ToStringMapOutput().ApplyT(func(known map[string]string) (string, error) {
		raw, err := json.Marshal(known)
		return string(raw), err
	}).(pulumi.StringOutput)
	add(s, role, secretsmanager.NewSecretVersion, &secretsmanager.SecretVersionArgs{
		SecretId:     secret.ID(),
		SecretString: text,
	})
}

// What the key's policy allows: to administer it and to use it.
var (
	keyAdministration = []string{"kms:CancelKeyDeletion", "kms:CreateAlias", "kms:CreateGrant", "kms:DeleteAlias", "kms:DescribeKey",
		"kms:DisableKey", "kms:EnableKey", "kms:EnableKeyRotation", "kms:GetKeyPolicy", "kms:GetKeyRotationStatus", "kms:ListAliases",
		"kms:ListGrants", "kms:ListKeyPolicies", "kms:ListResourceTags", "kms:PutKeyPolicy", "kms:RetireGrant", "kms:RevokeGrant",
		"kms:ScheduleKeyDeletion", "kms:TagResource", "kms:UntagResource", "kms:UpdateAlias", "kms:UpdateKeyDescription"}
	keyUse = []string{"kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey*", "kms:ReEncrypt*"}
)

// keyPolicy says who may use the key. In a key policy the resource "*" is the
// key itself.
func keyPolicy(account, region string) pulumi.StringOutput {
	itself := one(pulumi.String("*"))
	root := map[string]string{"AWS": fmt.Sprintf("arn:aws:iam::%s:root", account)}
	return policy(
		// Hands the decision to IAM: the account's administrators, our roles.
		Statement{Sid: "Account", Principal: root, Actions: append(keyAdministration, keyUse...), Resources: itself},
		// Auto Scaling starts instances with encrypted volumes as a role of its
		// own, which IAM does not give the key to.
		Statement{Sid: "Volumes", Principal: map[string]string{"AWS": "*"}, Actions: append([]string{"kms:CreateGrant"}, keyUse...), Resources: itself,
			Condition: Condition{"StringEquals": {"kms:CallerAccount": {account}, "kms:ViaService": {"ec2." + region + ".amazonaws.com"}}}},
		Statement{Sid: "Logs", Principal: service("logs." + region + ".amazonaws.com"), Actions: keyUse, Resources: itself,
			Condition: Condition{"ArnLike": {"kms:EncryptionContext:aws:logs:arn": {fmt.Sprintf("arn:aws:logs:%s:%s:*", region, account)}}}},
		// Without these an alarm or event for an encrypted topic vanishes silently;
		// so it does with a condition on its source, which EventBridge does not say
		// here. Whose alarms may be published is for the topic's policy.
		Statement{Sid: "Alarms", Principal: service("cloudwatch.amazonaws.com"), Actions: topicUse, Resources: itself},
		Statement{Sid: "Events", Principal: service("events.amazonaws.com"), Actions: topicUse, Resources: itself},
		Statement{Sid: "DatabaseEvents", Principal: service("events.rds.amazonaws.com"), Actions: topicUse, Resources: itself},
	)
}

var topicUse = []string{"kms:Decrypt", "kms:GenerateDataKey*"}

func service(name string) map[string]string { return map[string]string{"Service": name} }
