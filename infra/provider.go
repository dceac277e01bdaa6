package infra

import (
	"reflect"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// ProviderConfig is what the aws namespace says of who acts and where. The
// default provider reads it by itself; the others inherit nothing (pulumi-aws
// 1307, 3259), and would act as somebody else, in another account.
type ProviderConfig struct {
	Profile             string
	AssumeRole          AssumeRoleConfig
	AllowedAccountIDs   []string
	ForbiddenAccountIDs []string
}

// AssumeRoleConfig is the role that the provider takes on.
type AssumeRoleConfig struct {
	RoleARN     string `config:"roleArn"`
	SessionName string `config:"sessionName"`
	ExternalID  string `config:"externalId"`
	Duration    string `config:"duration"`
}

// loadProvider reads the keys of the aws namespace that the program needs
// itself: the region, and what its other providers must be told too.
func loadProvider(ctx *pulumi.Context, c *Config) error {
	var tags struct {
		Tags map[string]string `config:"tags"`
	}
	c.Region, _ = ctx.GetConfig("aws:region")
	c.Provider.Profile, _ = ctx.GetConfig("aws:profile")
	for key, target := range map[string]any{
		"aws:defaultTags":         &tags,
		"aws:assumeRole":          &c.Provider.AssumeRole,
		"aws:allowedAccountIds":   &c.Provider.AllowedAccountIDs,
		"aws:forbiddenAccountIds": &c.Provider.ForbiddenAccountIDs,
	} {
		raw, set := ctx.GetConfig(key)
		if !set {
			continue
		}
		if err := decode(key, raw, reflect.ValueOf(target).Elem()); err != nil {
			return err
		}
	}
	c.Tags = tags.Tags
	return nil
}

// elsewhere is a provider for another region, which acts as the default one
// does. It asks that region nothing when it starts: it may be the one that is
// down. Where accounts are restricted it must know its own, which it asks of STS
// in the stack's region.
func (c *Config) elsewhere(ctx *pulumi.Context, name, region string) (*aws.Provider, error) {
	p := c.Provider
	restricted := len(p.AllowedAccountIDs)+len(p.ForbiddenAccountIDs) > 0
	args := &aws.ProviderArgs{
		Region:                    pulumi.String(region),
		StsRegion:                 pulumi.String(c.Region),
		DefaultTags:               aws.ProviderDefaultTagsArgs{Tags: pulumi.ToStringMap(c.Tags)},
		SkipCredentialsValidation: pulumi.Bool(true),
		SkipMetadataApiCheck:      pulumi.Bool(true),
		SkipRegionValidation:      pulumi.Bool(true),
		SkipRequestingAccountId:   pulumi.Bool(!restricted),
	}
	if p.Profile != "" {
		args.Profile = pulumi.String(p.Profile)
	}
	if restricted {
		args.AllowedAccountIds = pulumi.ToStringArray(p.AllowedAccountIDs)
		args.ForbiddenAccountIds = pulumi.ToStringArray(p.ForbiddenAccountIDs)
	}
	if role := p.AssumeRole; role.RoleARN != "" {
		args.AssumeRole = aws.ProviderAssumeRoleArgs{
			RoleArn: pulumi.String(role.RoleARN), SessionName: optional(role.SessionName),
			ExternalId: optional(role.ExternalID), Duration: optional(role.Duration)}
	}
	return aws.NewProvider(ctx, name, args)
}

// optional is an input that is not given when it is empty.
func optional(text string) pulumi.StringPtrInput {
	if text == "" {
		return nil
	}
	return pulumi.String(text)
}
