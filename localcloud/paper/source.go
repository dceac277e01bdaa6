package paper

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// source is one side of a comparison: files and the program compiled from them.
type source struct {
	name    string // what an error calls it
	dir     string
	program string // compiled; its directory exists

	binaries map[string][]byte // fingerprint by the name in built
}

// checkout writes the files of a commit into dir, by an index of its own: the
// user's index and working tree are not touched.
func checkout(ctx context.Context, repository, commit, dir string) (*source, error) {
	hash, err := git(ctx, repository, nil, "rev-parse", "--verify", "--quiet", commit+"^{commit}")
	if err != nil {
		return nil, fmt.Errorf("base %s: no such commit here: fetch it (git fetch origin), or name another one: make preview BASE=<commit>", commit)
	}
	prefix, err := git(ctx, repository, nil, "rev-parse", "--show-prefix")
	if err != nil {
		return nil, err
	}
	s := &source{name: "base " + hash[:12], dir: filepath.Join(dir, prefix)}
	if !strings.HasPrefix(hash, commit) {
		s.name += " (" + commit + ")"
	}
	index := []string{"GIT_INDEX_FILE=" + dir + ".index"}
	if _, err := git(ctx, repository, index, "read-tree", hash); err != nil {
		return nil, err
	}
	if _, err := git(ctx, repository, index, "checkout-index", "--all", "--prefix="+dir+"/"); err != nil {
		return nil, err
	}
	if _, err := os.Stat(filepath.Join(s.dir, "infra", "program")); err != nil {
		return nil, fmt.Errorf("%s has no infra/program: there is nothing to compare with, choose a later commit", s.name)
	}
	return s, nil
}

// behind says by how many commits HEAD lacks what base has: those would show
// as taken back.
func behind(ctx context.Context, repository, base string) string {
	if _, err := git(ctx, repository, nil, "merge-base", base, "HEAD"); err != nil {
		return "" // a shallow clone does not tell
	}
	count, err := git(ctx, repository, nil, "rev-list", "--count", "HEAD.."+base)
	if err != nil || count == "0" {
		return ""
	}
	return fmt.Sprintf("%s has %s commits that this branch lacks: they show as taken back. "+
		"BASE=$(git merge-base HEAD %[1]s) leaves them out.", base, count)
}

func git(ctx context.Context, dir string, env []string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, "git", args...)
	cmd.Dir, cmd.Env = dir, append(os.Environ(), env...)
	out, err := cmd.Output()
	if failed := (*exec.ExitError)(nil); errors.As(err, &failed) {
		err = fmt.Errorf("git %s: %w: %s", args[0], err, bytes.TrimSpace(failed.Stderr))
	}
	return strings.TrimSpace(string(out)), err
}

// compile builds the program, as the Makefile builds the local cloud: so the AWS
// SDK is compiled once.
func (s *source) compile(ctx context.Context) error {
	cmd := exec.CommandContext(ctx, "go", "build", "-gcflags=all=-dwarf=false", "-buildvcs=false", "-ldflags=-s -w", "-o", s.program, "./infra/program")
	cmd.Dir, cmd.Env = s.dir, append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%s does not compile: %w\n%s", s.name, err, bytes.TrimSpace(out))
	}
	return nil
}

func (s *source) fingerprints(ctx context.Context) (err error) {
	s.binaries = map[string][]byte{}
	for name, path := range built {
		if _, err := os.Stat(filepath.Join(s.dir, path)); err != nil {
			continue
		}
		if s.binaries[name], err = s.fingerprint(ctx, path); err != nil {
			return err
		}
	}
	return nil
}

// fingerprint is a hash of the sources that a package is compiled from, for an
// instance of AWS. Two sides with the same one have the same binary, however
// often it is built.
func (s *source) fingerprint(ctx context.Context, path string) ([]byte, error) {
	const format = `{{if not .Standard}}{{.ImportPath}} {{with .Module}}{{if .Main}}{{$.Dir}}{{else}}{{.Version}}{{end}}{{end}}` +
		`{{range .GoFiles}} {{.}}{{end}}{{range .EmbedFiles}} {{.}}{{end}}{{end}}`
	cmd := exec.CommandContext(ctx, "go", "list", "-deps", "-f", format, path)
	cmd.Dir, cmd.Env = s.dir, append(os.Environ(), "GOOS=linux", "GOARCH=arm64", "CGO_ENABLED=0")
	packages, err := cmd.Output()
	if failed := (*exec.ExitError)(nil); errors.As(err, &failed) {
		return nil, fmt.Errorf("%s does not compile: %s: %w\n%s", s.name, path, err, bytes.TrimSpace(failed.Stderr))
	}
	if err != nil {
		return nil, err
	}
	root, err := filepath.EvalSymlinks(s.dir)
	if err != nil {
		return nil, err
	}
	sum := sha256.New()
	for line := range strings.Lines(string(packages)) {
		fields := strings.Fields(strings.ReplaceAll(line, root, ""))
		fmt.Fprintln(sum, fields)
		if len(fields) < 2 || !strings.HasPrefix(fields[1], "/") {
			continue // of another module, which its version tells
		}
		for _, name := range fields[2:] {
			if err := add(sum, filepath.Join(root, fields[1], name)); err != nil {
				return nil, err
			}
		}
	}
	return sum.Sum(nil), nil
}

func add(sum io.Writer, path string) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	_, err = io.Copy(sum, file)
	return err
}
