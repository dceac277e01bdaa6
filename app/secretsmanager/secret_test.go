package secretsmanager_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awssecrets "github.com/aws/aws-sdk-go-v2/service/secretsmanager"

	"newsfeed/app"
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
	var changes []value
	secret := secretsmanager.New(sdk, apptest.CacheSecret, func(v value) error { changes = append(changes, v); return nil })
	if secret.Ready(t.Context()) == nil {
		t.Error("it is ready before it was read")
	}
	run(t, secret, time.Hour)
	apptest.Eventually(t, "it is read", func() error { return secret.Ready(t.Context()) })
	renew := func(refused string) string {
		t.Helper()
		got, err := secret.Renew(t.Context(), func(v value) bool { return v.Token == refused })
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
	if want := []value{{"first"}, {"second"}}; !slices.Equal(changes, want) {
		t.Errorf("told of %v, want %v", changes, want)
	}
}

// run runs the secret until the test ends.
func run(t *testing.T, secret *secretsmanager.Secret[value], every time.Duration) {
	ctx, cancel := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	wg.Go(func() { secret.Run(ctx, every) })
	t.Cleanup(func() {
		cancel()
		wg.Wait()
	})
}

func TestAChangeIsTakenUpWithoutAnybodyBeingRefused(t *testing.T) {
	t.Parallel()
	sdk := apptest.NewCloud(t, time.Minute)
	put(t, sdk, `{"token":"first"}`)
	changes := make(chan value, 10)
	run(t, secretsmanager.New(sdk, apptest.CacheSecret, func(v value) error { changes <- v; return nil }), 10*time.Millisecond)
	for _, want := range []string{"first", "second"} {
		if got := <-changes; got.Token != want {
			t.Errorf("told of %v, want %s", got, want)
		}
		put(t, sdk, `{"token":"second"}`)
	}
	if len(changes) > 0 {
		t.Error("told twice of one value")
	}
}

func TestWhatCannotBeUsedIsRefusedAndTheOldIsKept(t *testing.T) {
	t.Parallel()
	sdk := apptest.NewCloud(t, time.Minute)
	put(t, sdk, `{"token":"bad"}`)
	secret := secretsmanager.New(sdk, apptest.CacheSecret, func(v value) error {
		if v.Token == "bad" {
			return errors.New("no good")
		}
		return nil
	})
	run(t, secret, 10*time.Millisecond)
	apptest.Eventually(t, "it is refused", func() error {
		if err := secret.Ready(t.Context()); !errors.Is(err, app.ErrRefused) {
			return fmt.Errorf("ready: %w", err)
		}
		return nil
	})
	put(t, sdk, `{"token":"good"}`)
	apptest.Eventually(t, "a better one is taken", func() error { return secret.Ready(t.Context()) })
	put(t, sdk, `{"token":"bad"}`)
	if got, _ := secret.Renew(t.Context(), func(value) bool { return true }); got.Token != "good" {
		t.Errorf("now it is %v", got)
	}
}

func TestASecretThatIsNoneIsNotToldOf(t *testing.T) {
	t.Parallel()
	sdk := apptest.NewCloud(t, time.Minute)
	put(t, sdk, "hunter2")
	for arn, want := range map[string]string{apptest.CacheSecret: "not the JSON object", apptest.CacheSecret + "-none": "ResourceNotFound"} {
		secret := secretsmanager.New(sdk, arn, func(value) error { return nil })
		run(t, secret, 10*time.Millisecond)
		apptest.Eventually(t, "it says what is wrong", func() error {
			err := secret.Ready(t.Context())
			if strings.Contains(err.Error(), "hunter2") {
				t.Fatal(err)
			}
			if !errors.Is(err, app.ErrRefused) || !strings.Contains(err.Error(), want) {
				return fmt.Errorf("%s: %w", arn, err)
			}
			return nil
		})
	}
}

func TestAServiceThatDoesNotAnswerIsNotTakenForARefusal(t *testing.T) {
	t.Parallel()
	sdk, err := apptest.SDK(t.Context(), "http://127.0.0.1:1")
	if err != nil {
		t.Fatal(err)
	}
	secret := secretsmanager.New(sdk, apptest.CacheSecret, func(value) error { return nil })
	run(t, secret, 10*time.Millisecond)
	apptest.Eventually(t, "it was asked for", func() error {
		err := secret.Ready(t.Context())
		if errors.Is(err, app.ErrRefused) {
			t.Fatal(err)
		}
		if !strings.Contains(err.Error(), "connection refused") {
			return err
		}
		return nil
	})
}

// A secret is declared before the store that it tells of is made: an instance that
// boots meanwhile waits for it, and is not given up.
func TestASecretWithoutAValueYetIsWaitedFor(t *testing.T) {
	t.Parallel()
	service := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/x-amz-json-1.1")
		w.WriteHeader(http.StatusBadRequest)
		io.WriteString(w, `{"__type":"ResourceNotFoundException","Message":"Secrets Manager can't find the specified secret value for staging label: AWSCURRENT"}`)
	}))
	t.Cleanup(service.Close)
	sdk, err := apptest.SDK(t.Context(), service.URL)
	if err != nil {
		t.Fatal(err)
	}
	secret := secretsmanager.New(sdk, apptest.CacheSecret, func(value) error { return nil })
	run(t, secret, 10*time.Millisecond)
	apptest.Eventually(t, "it was asked for", func() error {
		err := secret.Ready(t.Context())
		if errors.Is(err, app.ErrRefused) {
			t.Fatal(err)
		}
		if !strings.Contains(err.Error(), "it has no value yet") {
			return err
		}
		return nil
	})
}
