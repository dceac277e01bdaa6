package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"time"

	"github.com/aws/aws-lambda-go/lambda"
)

func main() {
	w := &watch{region: os.Getenv("NEWSFEED_REGION"), peer: os.Getenv("NEWSFEED_PEER_HEALTH_URL"), site: os.Getenv("NEWSFEED_SITE_URL"),
		client: newClient(), out: os.Stdout, now: time.Now}
	if err := w.complete(); err != nil {
		fmt.Fprintln(os.Stderr, "watchdog:", err)
		os.Exit(1)
	}
	lambda.Start(func(ctx context.Context, _ json.RawMessage) error { return w.look(ctx) })
}
