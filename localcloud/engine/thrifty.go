package engine

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"github.com/pulumi/pulumi/sdk/v3/go/auto"
)

// thrifty is the Pulumi CLI without what the automation API asks it around
// every run and nobody here reads: the outputs, the history, and the selection
// of a stack that every call names. It gives the others the key of the engine's
// secrets, and the program its host.
type thrifty struct {
	auto.PulumiCommand
	rules
	key     []byte
	program string // "" if the program is inline
}

// Thrifty is the CLI without needless questions, for stacks that keep their
// secrets by a passphrase and are held to no order.
func Thrifty(command auto.PulumiCommand) auto.PulumiCommand {
	return thrifty{PulumiCommand: command, rules: rules{anyOrder: true}}
}

// needless are those questions, and the answers that satisfy the API.
var needless = []struct {
	words  []string
	answer string
}{
	{[]string{"stack", "output"}, "{}"},
	{[]string{"stack", "history"}, "[]"},
	{[]string{"stack", "select"}, ""},
}

// Run answers needless questions itself.
func (t thrifty) Run(ctx context.Context, dir string, stdin io.Reader, out, errs []io.Writer, env []string, args ...string) (string, string, int, error) {
	for _, question := range needless {
		if len(args) >= len(question.words) && slices.Equal(args[:len(question.words)], question.words) {
			return question.answer, "", 0, nil
		}
	}
	env, err := lean(env)
	if err != nil {
		return "", "", -1, err
	}
	if t.key != nil {
		k, err := keep(t.key)
		if err != nil {
			return "", "", -1, err
		}
		defer k.close()
		env = append(env, k.env()...)
	}
	if args[0] == "up" || args[0] == "preview" {
		const client = "--client="
		isClient := func(arg string) bool { return strings.HasPrefix(arg, client) }
		h := &host{rules: t.rules, program: t.program}
		if at := slices.IndexFunc(args, isClient); at >= 0 {
			h.inline = strings.TrimPrefix(args[at], client)
		}
		if h, err = startHost(h); err != nil {
			return "", "", -1, err
		}
		defer h.server.Stop()
		args = append(slices.DeleteFunc(slices.Clone(args), isClient), client+h.address)
	}
	return t.PulumiCommand.Run(ctx, dir, stdin, out, errs, env, args...)
}

// lean is the environment of a run that neither writes the CLI's own debug log
// nor spares memory. The log names every property of every resource and cannot
// be turned off, but the CLI goes on without it if its directory cannot be
// made: a file is in its place. Nobody reads it here, and it is a third of what
// a preview costs.
func lean(env []string) ([]string, error) {
	for _, setting := range env {
		home, ok := strings.CutPrefix(setting, "PULUMI_HOME=")
		if !ok {
			continue
		}
		if err := os.MkdirAll(home, 0o700); err != nil {
			return nil, err
		}
		err := os.WriteFile(filepath.Join(home, "logs"), []byte("The CLI writes no debug log.\n"), 0o600)
		if err != nil && !errors.Is(err, syscall.EISDIR) { // an older home has logs: it keeps them
			return nil, err
		}
	}
	return append(slices.Clip(env), "GOGC=400"), nil
}
