package main

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"time"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
)

func main() {
	h, err := newHandler(context.Background())
	if err != nil {
		fmt.Fprintln(os.Stderr, "slackalarm:", err)
		os.Exit(1)
	}
	lambda.Start(h)
}

// newHandler reads the environment that infra gives the function.
func newHandler(ctx context.Context) (*handler, error) {
	settings := map[string]string{}
	for _, key := range []string{"STACK", "REGION", "RUNBOOK", "SLACK_SECRET"} {
		if settings[key] = os.Getenv("NEWSFEED_" + key); settings[key] == "" {
			return nil, fmt.Errorf("NEWSFEED_%s is not set: infra/slack.go sets it", key)
		}
	}
	aws, err := config.LoadDefaultConfig(ctx)
	if err != nil {
		return nil, err
	}
	return &handler{
		place: place{stack: settings["STACK"], region: settings["REGION"], runbook: settings["RUNBOOK"]},
		webhook: &webhook{
			secrets: secretsmanager.NewFromConfig(aws), id: settings["SLACK_SECRET"],
			client: &http.Client{Timeout: 5 * time.Second},
		},
	}, nil
}
