package paper

import (
	"slices"
	"strings"
	"testing"

	"newsfeed/localcloud/engine"
)

func TestChangedSecrets(t *testing.T) {
	t.Parallel()
	seoul := func(secrets map[string]string) []engine.Stack {
		return []engine.Stack{{Name: "seoul", Secrets: secrets}}
	}
	one := seoul(map[string]string{"newsfeed:slackWebhook": "v1:a"})
	tests := map[string]struct {
		before, now []engine.Stack
		want        []string
	}{
		"the same ciphertext is the same secret": {one, one, nil},
		"another ciphertext is told of":          {one, seoul(map[string]string{"newsfeed:slackWebhook": "v1:b"}), []string{"newsfeed:slackWebhook of seoul"}},
		"a secret that is new shows by itself":   {seoul(nil), one, nil},
		"one that is gone shows by itself":       {one, seoul(nil), nil},
		"a stack that is gone has none":          {one, nil, nil},
		"all that are other are told of, in order": {seoul(map[string]string{"newsfeed:b": "1", "newsfeed:a": "1", "newsfeed:c": "1"}),
			seoul(map[string]string{"newsfeed:b": "2", "newsfeed:a": "2", "newsfeed:c": "1"}), []string{"newsfeed:a of seoul", "newsfeed:b of seoul"}},
	}
	for name, tt := range tests {
		if got := changedSecrets(tt.before, tt.now); !slices.Equal(got, tt.want) {
			t.Errorf("%s: %v, want %v", name, got, tt.want)
		}
	}
	var text strings.Builder
	(&Report{Secrets: []string{"newsfeed:slackWebhook of seoul"}}).Write(&text)
	if !strings.Contains(text.String(), "Another secret value, or the same encrypted anew: newsfeed:slackWebhook of seoul.") {
		t.Errorf("the report says:\n%s", text.String())
	}
}
