package engine

import (
	"context"
	"io"
	"slices"

	"github.com/pulumi/pulumi/sdk/v3/go/auto"
)

// thrifty is the Pulumi CLI without what the automation API asks it around
// every run and nobody here reads: the outputs, the history, and the selection
// of a stack that every call names. It gives the others the key of the engine's
// secrets, and a compiled program its host.
type thrifty struct {
	auto.PulumiCommand
	key     []byte
	program string // "" if the program is inline
}

// Thrifty is the CLI without needless questions, for stacks that keep their
// secrets by a passphrase.
func Thrifty(command auto.PulumiCommand) auto.PulumiCommand { return thrifty{PulumiCommand: command} }

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
	if t.key != nil {
		k, err := keep(t.key)
		if err != nil {
			return "", "", -1, err
		}
		defer k.close()
		env = append(slices.Clip(env), k.env()...)
	}
	if t.program != "" && (args[0] == "up" || args[0] == "preview") {
		h, err := startHost(t.program)
		if err != nil {
			return "", "", -1, err
		}
		defer h.server.Stop()
		args = append(slices.Clip(args), "--client="+h.address)
	}
	return t.PulumiCommand.Run(ctx, dir, stdin, out, errs, env, args...)
}
