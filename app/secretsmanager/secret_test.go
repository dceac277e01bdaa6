package secretsmanager_test

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awssecrets "github.com/aws/aws-sdk-go-v2/service/secretsmanager"

	"newsfeed/app/apptest"
	"newsfeed/app/secretsmanager"
)

type value struct {
	Token string `json:"token"`
}

func put(t *testing.T, sdk aws.Config, text string) {
	t.Helper()
	_, err := awssecrets.NewFromConfig(sdk).PutSecretValue(t.Context(), &awssecrets.PutSecretValueInput{
		SecretId: aws.String(apptest.CacheSecret), SecretString: &text})
	if err != nil {
		t.Fatal(err)
	}
}

func TestWhoWasRefusedGetsThePresentValue(t *testing.T) {
	t.Parallel()
	sdk := apptest.NewCloud(t, time.Minute)
	put(t, sdk, `{"token":"first"}`)
	secret, err := secretsmanager.Open[value](t.Context(), sdk, apptest.CacheSecret)
	if err != nil || secret.Value() != (value{"first"}) {
		t.Fatal(secret, err)
	}
	renew := func(refused string) string {
		t.Helper()
		got, err := secret.Renew(t.Context(), value{refused})
		if err != nil {
			t.Error(err)
		}
		return got.Token
	}
	put(t, sdk, `{"token":"second"}`)
	if got := renew("first"); got != "first" {
		t.Errorf("asked again at once, it is %q", got)
	}
	apptest.Eventually(t, "it is asked again", func() error {
		if got := renew("first"); got != "second" {
			return context.DeadlineExceeded
		}
		return nil
	})
	var wg sync.WaitGroup
	for range 20 { // those who come late with the old one need not ask
		wg.Go(func() {
			if got := renew("first"); got != "second" {
				t.Errorf("it is %q", got)
			}
		})
	}
	wg.Wait()
}

func TestASecretThatIsNoneIsNotToldOf(t *testing.T) {
	t.Parallel()
	sdk := apptest.NewCloud(t, time.Minute)
	put(t, sdk, "hunter2")
	for arn, want := range map[string]string{apptest.CacheSecret: "not the JSON object", apptest.CacheSecret + "-none": "ResourceNotFound"} {
		ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
		_, err := secretsmanager.Open[value](ctx, sdk, arn)
		cancel()
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: %v", arn, err)
		}
	}
}
