package main

import (
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"newsfeed/infra"
	"newsfeed/localcloud/cloud"
	"newsfeed/localcloud/engine"
	"newsfeed/localcloud/provider"
)

// BenchmarkPreview times the engine's preview of Seoul against a program of as
// many trivial resources, in one run, and reports their ratio.
func BenchmarkPreview(b *testing.B) {
	e := benchEngine(b)
	first, err := e.Preview(b.Context(), "seoul")
	if err != nil {
		b.Fatal(err)
	}
	var program, trivial float64 // seconds
	for range b.N {
		result, err := e.Preview(b.Context(), "seoul")
		if err != nil {
			b.Fatal(err)
		}
		program += result.Took.Seconds()
		floor := *e
		floor.Program = topics(first.Changes["create"])
		if result, err = floor.Preview(b.Context(), "seoul"); err != nil {
			b.Fatal(err)
		}
		trivial += result.Took.Seconds()
	}
	b.ReportMetric(float64(first.Changes["create"]), "resources")
	b.ReportMetric(program/float64(b.N), "s/seoul")
	b.ReportMetric(trivial/float64(b.N), "s/trivial")
	b.ReportMetric(program/trivial, "ratio")
}

// topics declares n resources that depend on nothing.
func topics(n int) pulumi.RunFunc {
	return func(ctx *pulumi.Context) error {
		for i := range n {
			var r pulumi.CustomResourceState
			if err := ctx.RegisterResource("aws:sns/topic:Topic", fmt.Sprint("topic-", i), pulumi.Map{}, &r); err != nil {
				return err
			}
		}
		return nil
	}
}

// benchEngine is the engine over the committed stacks and a provider that only
// records.
func benchEngine(b *testing.B) *engine.Engine {
	b.Helper()
	root, err := filepath.Abs(filepath.Join("..", "..", ".."))
	if err != nil {
		b.Fatal(err)
	}
	b.Setenv("PATH", os.Getenv("PATH")+":"+filepath.Join(root, ".local", "bin"))
	programs := b.TempDir()
	binary := filepath.Join(programs, "feed")
	for _, name := range []string{"feed", "slackalarm", "watchdog"} {
		if err := os.WriteFile(filepath.Join(programs, name), []byte("not run"), 0o600); err != nil {
			b.Fatal(err)
		}
	}
	project, err := engine.Load(root, b.TempDir(), binary)
	if err != nil {
		b.Fatal(err)
	}
	if err := project.Ready(io.Discard); err != nil {
		b.Fatal(err)
	}
	store, err := cloud.OpenStore(b.TempDir())
	if err != nil {
		b.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(provider.New(store, nil, provider.Functions(func(string) string { return "Z" })).Serve(l).Stop)
	return &engine.Engine{Project: project, Program: infra.Deploy, Provider: l.Addr().(*net.TCPAddr).Port, Out: io.Discard}
}
