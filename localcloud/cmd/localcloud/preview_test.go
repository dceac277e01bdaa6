package main

import (
	"fmt"
	"io"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"newsfeed/infra"
	"newsfeed/localcloud/engine"
	"newsfeed/localcloud/paper"
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
	binary, err := paper.Binaries(b.TempDir(), nil)
	if err != nil {
		b.Fatal(err)
	}
	project, err := engine.Load(root(b), b.TempDir(), binary)
	if err != nil {
		b.Fatal(err)
	}
	if err := project.Ready(io.Discard); err != nil {
		b.Fatal(err)
	}
	cloud, err := paper.Open(b.TempDir(), paper.Functions())
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(cloud.Close)
	return &engine.Engine{Project: project, Program: infra.Deploy, Provider: cloud.Port, Out: io.Discard}
}
