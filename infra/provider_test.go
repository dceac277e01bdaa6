package infra

import (
	"fmt"
	"strings"
	"testing"
)

// Explicit providers inherit nothing: without this they would act in another
// account.
func TestEveryProviderActsAsTheDefaultOne(t *testing.T) {
	t.Parallel()
	p := mustDeploy(t, "tokyo", settings{"aws:profile": "production", "aws:allowedAccountIds": list{"000000000000"},
		"aws:assumeRole": mapping{"roleArn": "arn:aws:iam::000000000000:role/deploy", "externalId": "newsfeed"}})
	for _, provider := range []string{"peer", "world"} {
		in := p.Resources[provider].Inputs
		for key, want := range map[string]string{"profile": "production", "allowedAccountIds": "[000000000000]", "stsRegion": "ap-northeast-1",
			"assumeRole": "map[externalId:newsfeed roleArn:arn:aws:iam::000000000000:role/deploy]", "skipRequestingAccountId": "false"} {
			if got := fmt.Sprint(in[key]); got != want {
				t.Errorf("provider %s: %s is %v, must be %v", provider, key, got, want)
			}
		}
	}
}

func TestWhatAProviderCannotBeToldIsRefused(t *testing.T) {
	t.Parallel()
	_, err := deploy(t, "tokyo", stackFile(t, "tokyo", settings{"aws:assumeRole": mapping{"roleARN": "x"}}))
	if want := "aws:assumeRole.roleARN: unknown key; did you mean roleArn?"; err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("error is %v, must be %s", err, want)
	}
}
