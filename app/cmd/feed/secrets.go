package main

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsconfig "github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
)

// loadAWS reads the SDK's own settings: region, credentials, endpoint.
func loadAWS(ctx context.Context, region string) (aws.Config, error) {
	return awsconfig.LoadDefaultConfig(ctx, awsconfig.WithRegion(region))
}

// fetchSecrets completes c with what its secrets hold, trying again until ctx
// ends: at boot the instance's role may not be there yet.
func fetchSecrets(ctx context.Context, sdk aws.Config, c *config) error {
	client := secretsmanager.NewFromConfig(sdk)
	var database struct{ Username, Password string }
	if c.DatabaseSecret != "" {
		if err := fetchSecret(ctx, client, c.DatabaseSecret, &database); err != nil {
			return err
		}
		c.Database.User, c.Database.Password = database.Username, database.Password
	}
	var cache struct{ Token string }
	if c.CacheSecret != "" {
		if err := fetchSecret(ctx, client, c.CacheSecret, &cache); err != nil {
			return err
		}
		c.Cache.Token = cache.Token
	}
	return nil
}

func fetchSecret(ctx context.Context, client *secretsmanager.Client, arn string, v any) error {
	for wait := 100 * time.Millisecond; ; wait = min(2*wait, 5*time.Second) {
		out, err := client.GetSecretValue(ctx, &secretsmanager.GetSecretValueInput{SecretId: &arn})
		if err == nil {
			if err := json.Unmarshal([]byte(aws.ToString(out.SecretString)), v); err != nil {
				return fmt.Errorf("secret %s: it is not the JSON object that is expected", arn)
			}
			return nil
		}
		slog.Warn("secret: trying again", "arn", arn, "error", err)
		select {
		case <-ctx.Done():
			return fmt.Errorf("secret %s: %w", arn, err)
		case <-time.After(wait):
		}
	}
}
