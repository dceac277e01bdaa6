package main

import (
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"

	"newsfeed/infra"
	"newsfeed/localcloud/engine"
	"newsfeed/localcloud/paper"
	"newsfeed/localcloud/provider"
)

// settings are the config values of a stack file.
type settings map[string]any

// nested returns an object value, to be changed in place.
func (s settings) nested(key string) map[string]any {
	if _, ok := s["newsfeed:"+key]; !ok {
		s["newsfeed:"+key] = map[string]any{}
	}
	return s["newsfeed:"+key].(map[string]any)
}

// site is both stacks on paper: what is brought up, and from what.
type site struct {
	dir       string // everything of it
	binary    string // beside those of the functions
	functions map[string]provider.Function
	Program   *engine.Engine
}

// newSite writes the committed stack files, changed by edit, and opens the
// engine over them. A copy of what stood before is taken up.
func newSite(t *testing.T, before *site, edit func(stack string, s settings)) *site {
	t.Helper()
	s := &site{dir: t.TempDir(), functions: paper.Functions()}
	if before != nil {
		s.binary = before.binary
		for _, part := range []string{"local", "cloud"} {
			if err := os.CopyFS(filepath.Join(s.dir, part), os.DirFS(filepath.Join(before.dir, part))); err != nil {
				t.Fatal(err)
			}
		}
	} else {
		s.build(t, "feed")
	}
	s.edit(t, edit)
	return s
}

// build makes what stands in for the binaries.
func (s *site) build(t *testing.T, feed string) {
	t.Helper()
	var err error
	if s.binary, err = paper.Binaries(filepath.Join(s.dir, "bin"), map[string][]byte{"feed": []byte(feed)}); err != nil {
		t.Fatal(err)
	}
}

// edit writes the stack files anew.
func (s *site) edit(t *testing.T, edit func(string, settings)) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(root(t), "Pulumi*.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		raw, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		_, stack, _ := strings.Cut(strings.TrimSuffix(filepath.Base(file), ".yaml"), ".")
		if edit != nil && stack != "" {
			var content map[string]any
			if err := yaml.Unmarshal(raw, &content); err != nil {
				t.Fatal(err)
			}
			config := settings(content["config"].(map[string]any))
			edit(stack, config)
			if raw, err = yaml.Marshal(content); err != nil {
				t.Fatal(err)
			}
		}
		if err := os.WriteFile(filepath.Join(s.dir, filepath.Base(file)), raw, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// open starts the provider over the site's records and the engine beside it.
func (s *site) open(t *testing.T) *engine.Engine {
	t.Helper()
	project, err := engine.Load(s.dir, filepath.Join(s.dir, "local"), s.binary)
	if err != nil {
		t.Fatal(err)
	}
	if err := project.Ready(io.Discard); err != nil {
		t.Fatal(err)
	}
	cloud, err := paper.Open(filepath.Join(s.dir, "cloud"), s.functions)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(cloud.Close)
	return &engine.Engine{Project: project, Program: infra.Deploy, Provider: cloud.Port, Out: io.Discard, Scratch: true}
}

func root(t testing.TB) string {
	t.Helper()
	dir, err := filepath.Abs(filepath.Join("..", "..", ".."))
	if err != nil {
		t.Fatal(err)
	}
	if local := filepath.Join(dir, ".local", "bin"); !strings.Contains(os.Getenv("PATH"), local) {
		os.Setenv("PATH", os.Getenv("PATH")+":"+local) // where 'make build' puts the CLI
	}
	return dir
}

// tagged are the resources of a stack that have tags of their own: all that
// AWS can tag, but for a group of instances, whose tags are a list.
func tagged(t *testing.T, e *engine.Engine, stack string) map[string]bool {
	t.Helper()
	raw, err := e.Project.State(stack)
	if err != nil {
		t.Fatal(err)
	}
	var state struct {
		Checkpoint struct {
			Latest struct {
				Resources []struct {
					URN    string
					Inputs struct{ Tags any }
				}
			}
		}
	}
	if err := json.Unmarshal(raw, &state); err != nil {
		t.Fatal(err)
	}
	names := map[string]bool{}
	for _, r := range state.Checkpoint.Latest.Resources {
		if _, isMap := r.Inputs.Tags.(map[string]any); isMap {
			names[engine.Step{URN: r.URN}.Name()] = true
		}
	}
	return names
}

// told says what happened, a line for each operation with the resources in
// order: "update web-group web-template". Of many alarms, and of all that are
// tagged, it says so only.
func told(result engine.Result, tagged map[string]bool) string {
	names := map[string][]string{}
	for _, step := range result.Steps {
		if strings.Contains(step.URN, "pulumi:providers:") {
			continue
		}
		switch step.Op {
		case "create-replacement", "delete-replaced": // the steps of a replace
		case "read": // the other stack's outputs
		default:
			names[step.Op] = append(names[step.Op], step.Name())
		}
	}
	var lines []string
	for op, list := range names {
		isAlarm := func(name string) bool { return strings.HasPrefix(name, "alarms-") }
		slices.Sort(list)
		list = slices.Compact(list)
		isTagged := func(name string) bool { return tagged[name] }
		if without := slices.DeleteFunc(slices.Clone(list), isTagged); len(list)-len(without) == len(tagged) {
			list = append([]string{"everything tagged"}, without...)
		}
		if without := slices.DeleteFunc(slices.Clone(list), isAlarm); len(without) < len(list)-6 {
			list = append([]string{"alarms..."}, without...)
		}
		lines = append(lines, op+" "+strings.Join(list, " "))
	}
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}

func on(stack string, change func(settings)) func(string, settings) {
	return func(name string, s settings) {
		if name == stack {
			change(s)
		}
	}
}

func strategy(name string) func(string, settings) {
	return func(_ string, s settings) { s["newsfeed:strategy"] = name }
}

// TestScenarios brings both stacks up on paper once, and makes each change to
// a copy of them: what the engine previews, and then does, is told by name.
func TestScenarios(t *testing.T) {
	t.Parallel()
	base := newSite(t, nil, nil)
	up(t, base, "seoul", "tokyo")
	for name, tt := range scenarios {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			before := base
			if tt.from != nil {
				before = newSite(t, nil, tt.from)
				up(t, before, tt.needed()...)
			}
			s := newSite(t, before, tt.edit)
			if tt.binary {
				s.build(t, "another feed")
			}
			e := s.open(t)
			if tt.rotate != "" {
				if err := e.Project.Rotate(tt.rotate); err != nil {
					t.Fatal(err)
				}
				e = s.open(t)
			}
			for _, stack := range []string{"seoul", "tokyo"} {
				want, asked := tt.want[stack]
				if asked || tt.refused[stack] != "" {
					check(t, e, stack, want, tt)
				}
			}
		})
	}
}

// needed are the stacks to bring up first: Tokyo reads Seoul.
func (s scenario) needed() []string {
	if _, asked := s.want["tokyo"]; asked || s.refused["tokyo"] != "" {
		return []string{"seoul", "tokyo"}
	}
	return []string{"seoul"}
}

func up(t *testing.T, s *site, stacks ...string) {
	t.Helper()
	e := s.open(t)
	for _, stack := range stacks {
		if _, err := e.Up(t.Context(), stack); err != nil {
			t.Fatal(err)
		}
	}
}

// check holds the preview and the update of a stack to want; or to a refusal,
// of both if want is empty, else of the update alone. What a preview doubts is an
// update of a stack whose cluster is resized.
func check(t *testing.T, e *engine.Engine, stack, want string, tt scenario) {
	t.Helper()
	all, refused := tagged(t, e, stack), tt.refused[stack]
	for _, what := range []string{"preview", "up"} {
		run := e.Preview
		if what == "up" {
			run = e.Up
		}
		result, err := run(t.Context(), stack)
		if refused != "" && (what == "up" || want == "") {
			if err == nil || !strings.Contains(err.Error(), refused) {
				t.Errorf("%s of %s: error %v, want one that says %q", what, stack, err, refused)
			}
			continue
		}
		if err != nil {
			t.Fatalf("%s of %s: %v", what, stack, err)
		}
		expected := want
		if what == "preview" && strings.Contains(want, "cache-cluster") && tt.doubt != "" {
			expected = strings.Replace(want, "update ", "update "+tt.doubt+" ", 1)
		}
		if got := told(result, all); got != expected {
			t.Errorf("%s of %s does:\n%s\nwant:\n%s", what, stack, got, expected)
		}
	}
}
