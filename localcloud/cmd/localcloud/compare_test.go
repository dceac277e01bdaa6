package main

import (
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"newsfeed/localcloud/paper"
)

// repository is a git repository with the files of this working tree in its first
// commit.
func repository(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	here := root(t)
	list, err := exec.Command("git", "-C", here, "ls-files", "--cached", "--others", "--exclude-standard", "-z").Output()
	if err != nil {
		t.Skipf("not in a git repository: %v", err)
	}
	for name := range strings.SplitSeq(strings.TrimSuffix(string(list), "\x00"), "\x00") {
		content, err := os.ReadFile(filepath.Join(here, name))
		if os.IsNotExist(err) {
			continue // deleted, and not committed yet
		}
		if err != nil {
			t.Fatal(err)
		}
		write(t, filepath.Join(dir, name), string(content))
	}
	run(t, dir, "init", "--quiet")
	commit(t, dir, "base")
	return dir
}

// commit records the files as they are.
func commit(t *testing.T, dir, message string) {
	t.Helper()
	run(t, dir, "add", "--all")
	run(t, dir, "-c", "user.name=t", "-c", "user.email=t@example.com", "commit", "--quiet", "--message", message)
}

func run(t *testing.T, dir string, args ...string) {
	t.Helper()
	if out, err := exec.Command("git", append([]string{"-C", dir}, args...)...).CombinedOutput(); err != nil {
		t.Fatalf("git %v: %v\n%s", args, err, out)
	}
}

func write(t *testing.T, file, content string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

// replace changes one text in a file.
func replace(t *testing.T, file, old, now string) {
	t.Helper()
	raw, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Count(string(raw), old) == 0 {
		t.Fatalf("%s does not say %q", file, old)
	}
	write(t, file, strings.Replace(string(raw), old, now, 1))
}

func TestCompare(t *testing.T) {
	t.Parallel()
	dir := repository(t)
	// What AWS refuses of the base, the working tree has mended: EC2 takes no apostrophe.
	firewall := filepath.Join(dir, "infra", "firewall.go")
	replace(t, firewall, "packages, the other region", "packages, the peer's health")
	commit(t, dir, "base, as it was refused")
	replace(t, firewall, "packages, the peer's health", "packages, the other region")
	replace(t, filepath.Join(dir, "Pulumi.seoul.yaml"), "max: 12", "max: 10")
	replace(t, filepath.Join(dir, "Pulumi.seoul.yaml"), "Project: newsfeed", "Project: renamed")
	replace(t, filepath.Join(dir, "Pulumi.seoul.yaml"), "  newsfeed:peer", "  newsfeed:slackWebhook: {secure: v1:committed}\n  newsfeed:peer")
	replace(t, filepath.Join(dir, "infra", "database.go"), `"long_query_time", "0.5"`, `"long_query_time", "0.7"`)
	replace(t, filepath.Join(dir, "app", "cmd", "feed", "main.go"), "package main", "package main // changed")
	c := paper.Comparison{Dir: dir, Base: "HEAD", Color: "never", Log: io.Discard}
	report, err := c.Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := report.Err(); err != nil {
		t.Error(err)
	}
	var text strings.Builder
	report.Write(&text)
	said := text.String()
	for _, part := range []string{"Another binary: feed.", `"0.5" => "0.7"`, ": 12 => 10", "worker-template", "seoul: ", "tokyo: ",
		`"newsfeed" => "renamed"`, "alerting-slack-role", `: [secret]`,
		"the other region"} {
		if !strings.Contains(said, part) {
			t.Errorf("the report does not say %q:\n%s", part, said)
		}
	}
	for _, part := range []string{"Another binary: feed, slackalarm", "secret.invalid"} { // it is the same; it stands for a secret
		if strings.Contains(said, part) {
			t.Errorf("the report says %q:\n%s", part, said)
		}
	}
}

func TestCompareRefuses(t *testing.T) {
	t.Parallel()
	dir := repository(t)
	tests := map[string]struct {
		base   string
		change func()
		want   string
	}{
		"a base that is not there": {base: "nosuch", want: "base nosuch: no such commit here: fetch it"},
		"a base without the program": {base: "old", want: "has no infra/program", change: func() {
			empty, err := exec.Command("git", "-C", dir, "-c", "user.name=t", "-c", "user.email=t@example.com",
				"commit-tree", "-m", "empty", "4b825dc642cb6eb9a060e54bf8d69288fbee4904").Output()
			if err != nil {
				t.Fatal(err)
			}
			run(t, dir, "tag", "old", strings.TrimSpace(string(empty)))
		}},
		"a working tree that does not compile": {base: "HEAD", want: "the working tree does not compile", change: func() {
			write(t, filepath.Join(dir, "infra", "broken.go"), "package infra\n\nfunc broken( {\n")
		}},
	}
	for _, name := range []string{"a base that is not there", "a base without the program", "a working tree that does not compile"} {
		tt := tests[name]
		if tt.change != nil {
			tt.change()
		}
		c := paper.Comparison{Dir: dir, Base: tt.base, Color: "never", Log: io.Discard}
		if _, err := c.Run(t.Context()); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: error %v, want one that says %q", name, err, tt.want)
		}
	}
}
