package infra

import (
	"strings"
	"testing"
)

// told is the environment that instances are given in every role.
var told = []string{"AWS_REGION=ap-northeast-", "NEWSFEED_REGION=ap-northeast-", "NEWSFEED_GROUP=newsfeed-", "NEWSFEED_PORT=8080",
	"NEWSFEED_DATABASE_NAME=newsfeed", "NEWSFEED_DATABASE_SECRET=${secrets-database.arn}", "NEWSFEED_DATABASE_WRITER_CONNECTIONS=8",
	"NEWSFEED_DATABASE_READER_CONNECTIONS=16", "NEWSFEED_CACHE_SECRET=${secrets-cache.arn}", "NEWSFEED_QUEUE_URL=${queue-fanout.url}",
	"NEWSFEED_MEDIA_BUCKET=${storage-media.bucket}", "NEWSFEED_ARTIFACT=s3://newsfeed-artifacts-000000000000-ap-northeast-",
	"NEWSFEED_PEER_URL=https://", "NEWSFEED_DRAIN_SECONDS=20"}

// The app reads these and no others.
func TestInstancesAreToldEverythingTheAppReads(t *testing.T) {
	t.Parallel()
	for _, stack := range []string{"seoul", "tokyo"} {
		p := mustDeploy(t, stack, nil)
		text := readable("userData", p.Resources["worker-template"].Inputs["userData"]).(string)
		for _, want := range told {
			if !strings.Contains(text, " "+want) {
				t.Errorf("%s: environment lacks %s:\n%s", stack, want, text)
			}
		}
	}
}

// A template that a promotion changed would have to be rolled out in the middle
// of it, and every instance replaced.
func TestAPromotionMakesNoTemplate(t *testing.T) {
	t.Parallel()
	for _, strategy := range []Strategy{PilotLight, WarmStandby, ActiveActive} {
		before := mustDeploy(t, "tokyo", settings{"strategy": string(strategy), "database.readReplicas": 2})
		after := mustDeploy(t, "tokyo", settings{"strategy": string(strategy), "database.readReplicas": 2, "role": "primary"})
		for _, name := range []string{"web-template", "worker-template"} {
			if was, is := before.Resources[name].text(name), after.Resources[name].text(name); was != is {
				t.Errorf("%s: %s changes:\n%s", strategy, name, strings.Join(lineDiff(lines(was), lines(is)), "\n"))
			}
		}
	}
}
