package infra

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
)

func TestCIMayOnlyBeTheRepositorysOwnRuns(t *testing.T) {
	t.Parallel()
	p := mustDeploy(t, "seoul", settings{"ci": mapping{"repository": "example/newsfeed", "state": "newsfeed-state"}})
	for role, want := range map[string][]string{
		"ci-preview": {"repo:example/newsfeed:pull_request"},
		"ci-deploy":  {"repo:example/newsfeed:environment:seoul", "repo:example/newsfeed:environment:tokyo"},
	} {
		var document policyDocument
		if err := json.Unmarshal([]byte(p.Resources[role].Inputs["assumeRolePolicy"].(string)), &document); err != nil {
			t.Fatal(err)
		}
		s := document.Statement[0]
		if !slices.Equal(s.Condition["StringEquals"][gitHub+":sub"], want) || !slices.Equal(s.Condition["StringEquals"][gitHub+":aud"], []string{"sts.amazonaws.com"}) {
			t.Errorf("%s may be taken on by %v", role, s.Condition)
		}
		if len(document.Statement) != 1 || s.Principal["Federated"] != "arn:aws:iam::000000000000:oidc-provider/"+gitHub {
			t.Errorf("%s trusts %v", role, document.Statement)
		}
	}
}

// Whoever deploys makes roles: only those of the stack, and never its own.
func TestCIManagesTheStacksOwnRolesOnly(t *testing.T) {
	t.Parallel()
	p := mustDeploy(t, "seoul", settings{"ci": mapping{"repository": "example/newsfeed"}})
	for _, s := range statements(p.Resources["ci-deploy-may"]) {
		for _, action := range s.Action {
			for _, resource := range s.Resource {
				if strings.HasPrefix(action, "iam:") && !strings.HasPrefix(resource, "arn:aws:iam::000000000000:role/newsfeed/") &&
					!strings.HasPrefix(resource, "arn:aws:iam::000000000000:instance-profile/newsfeed/") {
					t.Errorf("%s on %s", action, resource)
				}
			}
		}
	}
	for _, name := range append(p.named("aws:iam/role:Role"), p.named("aws:iam/instanceProfile:InstanceProfile")...) {
		want := "/newsfeed/"
		if strings.HasPrefix(name, "ci-") {
			want = "/newsfeed-ci/"
		}
		if got := p.Resources[name].Inputs["path"]; got != want {
			t.Errorf("%s is on path %v, must be on %s", name, got, want)
		}
	}
}

// What is attached to our roles is what CI may attach.
func TestCIMayAttachWhatRolesNeed(t *testing.T) {
	t.Parallel()
	p := mustDeploy(t, "seoul", settings{"ci": mapping{"repository": "example/newsfeed"}})
	var may []string
	for _, s := range statements(p.Resources["ci-deploy-may"]) {
		may = append(may, s.Condition["ArnEquals"]["iam:PolicyARN"]...)
	}
	for _, name := range p.named("aws:iam/rolePolicyAttachment:RolePolicyAttachment") {
		if policy := p.Resources[name].Inputs["policyArn"].(string); !strings.HasPrefix(name, "ci-") && !slices.Contains(may, policy) {
			t.Errorf("%s needs %s", name, policy)
		}
	}
}

func TestWithoutARepositoryThereIsNoRoleForCI(t *testing.T) {
	t.Parallel()
	p := mustDeploy(t, "seoul", nil)
	for name := range p.Resources {
		if strings.HasPrefix(name, "ci-") {
			t.Errorf("%s is there", name)
		}
	}
}
