package provider_test

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// tagged are two providers' resources: the default one's, which takes its
// default tags from the stack's config, and those of one for another region.
func tagged(there pulumi.Map) pulumi.RunFunc {
	return program(func(d *resources) {
		d.add("own", queueType, pulumi.Map{"tags": pulumi.Map{"Name": str("own"), "Team": str("feed")}})
		d.add("none", queueType, pulumi.Map{})
		template := &templateState{}
		if d.err == nil {
			d.err = d.ctx.RegisterResource("aws:ec2/launchTemplate:LaunchTemplate", "template", pulumi.Map{"tags": pulumi.Map{"Name": str("t")}}, template)
		}
		d.add("group", groupType, pulumi.Map{"minSize": num(0), "maxSize": num(0), "vpcZoneIdentifiers": list("a"),
			"launchTemplate": pulumi.Map{"id": template.ID(), "version": pulumi.Sprintf("%d", template.LatestVersion)},
			"tags":           pulumi.Array{pulumi.Map{"key": str("Name"), "value": str("g"), "propagateAtLaunch": pulumi.Bool(true)}}})
		var elsewhere pulumi.ProviderResourceState
		if d.err == nil {
			d.err = d.ctx.RegisterResource("pulumi:providers:aws", "elsewhere", pulumi.Map{"region": str("ap-northeast-1"),
				"defaultTags": pulumi.Map{"tags": there}, "ignoreTags": pulumi.Map{"keys": list("Noise"), "keyPrefixes": list("tmp:")}}, &elsewhere)
		}
		d.add("there", queueType, pulumi.Map{"tags": pulumi.Map{"Name": str("there"), "Noise": str("1"), "tmp:x": str("1")}}, pulumi.Provider(&elsewhere))
	})
}

// TestDefaultTags changes the default tags of each of two providers: every
// resource of that provider which takes them is updated, and nothing else.
func TestDefaultTags(t *testing.T) {
	t.Parallel()
	e := newEngine(t, nil)
	e.configure("aws:defaultTags", map[string]any{"tags": map[string]string{"Project": "p", "Name": "default"}})
	there := pulumi.Map{"Project": str("there")}
	if _, err := e.up(tagged(there)); err != nil {
		t.Fatal(err)
	}
	has := func(when string, want map[string]map[string]any) {
		t.Helper()
		for _, r := range e.store.All() {
			name := r.URN[strings.LastIndex(r.URN, "::")+2:]
			if got, _ := r.Outputs["tagsAll"].(map[string]any); !maps.Equal(got, want[name]) {
				t.Errorf("%s %s has the tags %v, want %v", when, name, got, want[name])
			}
		}
	}
	want := map[string]map[string]any{
		"own":      {"Name": "own", "Team": "feed", "Project": "p"},
		"none":     {"Name": "default", "Project": "p"},
		"template": {"Name": "t", "Project": "p"},
		"there":    {"Name": "there", "Project": "there"}, // and neither Noise nor tmp:x
	}
	has("at first", want)

	e.configure("aws:defaultTags", map[string]any{"tags": map[string]string{"Project": "q", "Name": "default"}})
	changes, err := e.details(tagged(there))
	if err != nil {
		t.Fatal(err)
	}
	changed := map[string]string{"tagsAll.Project": "update"}
	for _, name := range []string{"own", "none", "template", "group", "there"} {
		want := changed
		if name == "group" || name == "there" { // whose tags are its own; whose provider is another
			want = nil
		}
		if !maps.Equal(changes[name], want) {
			t.Errorf("%s changes in %v, want %v", name, changes[name], want)
		}
	}
	did, err := e.up(tagged(there))
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"own": "update", "none": "update", "template": "update", "group": "same", "there": "same",
		"default": "update", "elsewhere": "same"} {
		if got := strings.Join(did[name], " "); got != want {
			t.Errorf("the default provider's tags: up does %q to %s, want %q", got, name, want)
		}
	}
	want["own"]["Project"], want["none"]["Project"], want["template"]["Project"] = "q", "q", "q"
	has("then", want)

	previewed, err := e.preview(tagged(pulumi.Map{"Project": str("another")}))
	if err != nil {
		t.Fatal(err)
	}
	for name, ops := range previewed {
		want := "same"
		if name == "there" || name == "elsewhere" {
			want = "update"
		}
		if !slices.Equal(ops, []string{want}) {
			t.Errorf("the other provider's tags: preview does %v to %s, want %s", ops, name, want)
		}
	}
}
