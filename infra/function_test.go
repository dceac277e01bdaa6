package infra

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const hook = "https://hooks.slack.example.com/x"

func TestFunctions(t *testing.T) {
	t.Parallel()
	p := mustDeploy(t, "seoul", settings{"slackWebhook": hook, "runbook": "https://example.com/runbook.md"})
	for name, environment := range map[string][]string{
		"alerting-slack":    {"NEWSFEED_REGION", "NEWSFEED_RUNBOOK", "NEWSFEED_SLACK_SECRET", "NEWSFEED_STACK"},
		"watchdog-function": {"NEWSFEED_PEER_HEALTH_URL", "NEWSFEED_REGION", "NEWSFEED_SITE_URL"},
	} {
		f := p.Resources[name].Inputs
		variables, _ := at(f, "environment.variables").(map[string]any)
		if got := sortedKeys(variables); !slices.Equal(got, environment) {
			t.Errorf("%s: its environment has %v, its program reads %v", name, got, environment)
		}
		program := filepath.Join("..", "lambdas", map[string]string{"alerting-slack": slackProgram, "watchdog-function": watchProgram}[name])
		for _, key := range environment {
			if !reads(t, program, strings.TrimPrefix(key, "NEWSFEED_")) {
				t.Errorf("%s: %s does not read %s", name, program, key)
			}
		}
		for path, want := range map[string]any{"runtime": "provided.al2023", "handler": "bootstrap", "architectures.0": "arm64",
			"loggingConfig.logGroup": "${" + name + "-logs.name}", "role": "${" + name + "-role.arn}", "reservedConcurrentExecutions": nil} {
			if got := at(f, path); got != want {
				t.Errorf("%s: %s is %v, must be %v", name, path, got, want)
			}
		}
	}
	for key, want := range map[string]any{"NEWSFEED_RUNBOOK": "https://example.com/runbook.md", "NEWSFEED_SLACK_SECRET": "${secrets-slack.arn}"} {
		if got := at(p.Resources["alerting-slack"].Inputs, "environment.variables."+key); got != want {
			t.Errorf("%s is %v, must be %v", key, got, want)
		}
	}
}

// reads says whether a program's source names a variable.
func reads(t *testing.T, dir, variable string) bool {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		raw, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.HasSuffix(file, "_test.go") && (strings.Contains(string(raw), `"`+variable+`"`) || strings.Contains(string(raw), `"NEWSFEED_`+variable+`"`)) {
			return true
		}
	}
	return false
}

func TestWithoutAWebhookThereIsNothingOfSlack(t *testing.T) {
	t.Parallel()
	p := mustDeploy(t, "seoul", nil)
	for name := range p.Resources {
		if strings.Contains(name, "slack") {
			t.Errorf("%s is there", name)
		}
	}
}

// The archive of a function is that of its bytes: neither the date of the file
// nor the directory that it is in may roll a function at every deployment.
func TestTheSameProgramIsTheSameArchive(t *testing.T) {
	t.Parallel()
	code := func(changed string) any {
		config := stackFile(t, "seoul", nil)
		if changed != "" {
			if err := os.WriteFile(filepath.Join(config["newsfeed:functions"], watchProgram), []byte(changed), 0o755); err != nil {
				t.Fatal(err)
			}
		}
		p, err := deploy(t, "seoul", config)
		if err != nil {
			t.Fatal(err)
		}
		return p.Resources["watchdog-function"].Inputs["code"]
	}
	first, second, other := code(""), code(""), code("another binary")
	if first != second || !strings.HasPrefix(first.(string), "archive ") || len(first.(string)) < 64 {
		t.Errorf("%v becomes %v", first, second)
	}
	if first == other {
		t.Error("another program has the same archive")
	}
}
