package main

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsconfig "github.com/aws/aws-sdk-go-v2/config"

	"newsfeed/app/mysql"
	"newsfeed/app/secretsmanager"
)

// loadAWS reads the SDK's own settings: region, credentials, endpoint.
func loadAWS(ctx context.Context, region string) (aws.Config, error) {
	return awsconfig.LoadDefaultConfig(ctx, awsconfig.WithRegion(region))
}

// cacheSecret is the JSON object in the cache's secret.
type cacheSecret struct {
	Token string `json:"token"`
}

// readSecrets completes c with what its secrets hold, and has the stores read them
// again when a server refuses what they held.
func readSecrets(ctx context.Context, sdk aws.Config, c *config) error {
	if c.DatabaseSecret != "" {
		secret, err := secretsmanager.Open[mysql.Account](ctx, sdk, c.DatabaseSecret)
		if err != nil {
			return err
		}
		c.Database.User, c.Database.Password, c.Database.Renew = secret.Value().User, secret.Value().Password, secret.Renew
	}
	if c.CacheSecret != "" {
		secret, err := secretsmanager.Open[cacheSecret](ctx, sdk, c.CacheSecret)
		if err != nil {
			return err
		}
		c.Cache.Token = secret.Value().Token
		c.Cache.Renew = func(ctx context.Context, refused string) (string, error) {
			value, err := secret.Renew(ctx, cacheSecret{refused})
			return value.Token, err
		}
	}
	return nil
}
