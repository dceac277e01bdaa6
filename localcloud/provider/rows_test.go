package provider_test

import (
	"context"
	"encoding/json"
	"fmt"
	"hash/fnv"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/auto/events"
	"github.com/pulumi/pulumi/sdk/v3/go/auto/optdestroy"
	"github.com/pulumi/pulumi/sdk/v3/go/auto/optup"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// part is what one row of a table declares, under names of its own.
type part func(d *resources)

// turn is one run of a row, beside those of the others.
type turn struct {
	declares part
	want     string // of what the engine says of it; "" if it has nothing to say
	does     string // to the resource called it; not looked at if ""
}

// nothing takes away what the row's turns before have made.
var nothing part

// one declares a resource called it.
func one(typ string, inputs func(d *resources) pulumi.Map, opts ...pulumi.ResourceOption) part {
	return func(d *resources) { d.add("it", typ, inputs(d), opts...) }
}

// own is a name that AWS knows and no other row has.
func (d *resources) own(name string) string { return name + mark(d.row) }

func mark(row string) string {
	sum := fnv.New32a()
	io.WriteString(sum, row)
	return fmt.Sprintf("-%08x", sum.Sum32())
}

// of is the row that a resource of that URN or name belongs to.
func rowOf(name string) string {
	row, _, _ := strings.Cut(name[strings.LastIndex(name, "::")+2:], "/")
	return row
}

// take gives every row its turns: the first of all in one run of the engine, which
// takes seconds, then the second of all. What goes does so in a run of its own, for
// the engine deletes nothing when a program fails. A row that has had its last turn
// declares the same again. ready, if there is one, is called before each turn.
func (e *engine) take(rows map[string][]turn, ready func(row string, turn int)) {
	e.t.Helper()
	longest := 0
	for _, turns := range rows {
		longest = max(longest, len(turns))
	}
	for n := range longest {
		var kept, gone []string
		for _, row := range slices.Sorted(maps.Keys(rows)) {
			if n >= len(rows[row]) {
				continue
			}
			if rows[row][n].declares == nil {
				gone = append(gone, row)
			} else {
				kept = append(kept, row)
			}
			if ready != nil {
				ready(row, n)
			}
		}
		if len(kept) > 0 {
			did, said := e.together(rows, n)
			e.judge(kept, rows, n, did, said)
		}
		if len(gone) > 0 {
			did, said := e.destroy(gone)
			e.judge(gone, rows, n, did, said)
		}
	}
}

// judge holds what the engine did and said to the n-th turn of these rows.
func (e *engine) judge(of []string, rows map[string][]turn, n int, did operations, said map[string]string) {
	e.t.Helper()
	for _, row := range of {
		now, told := rows[row][n], strings.ReplaceAll(said[row], mark(row), "")
		if (told != "") != (now.want != "") || !strings.Contains(told, now.want) {
			e.t.Errorf("%s, turn %d: the engine says %q, want %q", row, n+1, told, now.want)
		}
		if got := strings.Join(did[row+"/it"], " "); now.does != "" && got != now.does {
			e.t.Errorf("%s, turn %d: the engine does %q, want %q", row, n+1, got, now.does)
		}
	}
}

// together runs the n-th turn of all rows that declare something, and returns what
// the engine did to resources, and which errors it told of them, by row.
func (e *engine) together(rows map[string][]turn, n int) (operations, map[string]string) {
	e.t.Helper()
	e.program = func(ctx *pulumi.Context) error {
		for _, row := range slices.Sorted(maps.Keys(rows)) {
			last := min(n, len(rows[row])-1)
			for n < len(rows[row]) && last > 0 && rows[row][last].declares == nil {
				last-- // it goes after this run
			}
			declares := rows[row][last].declares
			if declares == nil {
				continue
			}
			d := &resources{ctx: ctx, row: row, made: map[string]*pulumi.CustomResourceState{}}
			if declares(d); d.err != nil {
				return fmt.Errorf("%s: %w", row, d.err)
			}
		}
		return nil
	}
	return e.heard(func(watch chan<- events.EngineEvent) error {
		_, err := e.stack.Up(context.Background(), optup.EventStreams(watch), optup.SuppressOutputs(), optup.ErrorProgressStreams(io.Discard),
			optup.ContinueOnError())
		return err
	})
}

// destroy takes away what the state has of these rows.
func (e *engine) destroy(rows []string) (operations, map[string]string) {
	e.t.Helper()
	state, err := e.stack.Export(context.Background())
	if err != nil {
		e.t.Fatal(err)
	}
	var deployment struct{ Resources []struct{ URN string } }
	if err := json.Unmarshal(state.Deployment, &deployment); err != nil {
		e.t.Fatal(err)
	}
	var targets []string
	for _, r := range deployment.Resources {
		if slices.Contains(rows, rowOf(r.URN)) {
			targets = append(targets, r.URN)
		}
	}
	return e.heard(func(watch chan<- events.EngineEvent) error {
		_, err := e.stack.Destroy(context.Background(), optdestroy.Target(targets), optdestroy.EventStreams(watch),
			optdestroy.SuppressOutputs(), optdestroy.ErrorProgressStreams(io.Discard), optdestroy.ContinueOnError())
		return err
	})
}

// heard collects what a run does, and what it says of resources by their row; a
// run that fails without a word about any ends the test.
func (e *engine) heard(run func(chan<- events.EngineEvent) error) (operations, map[string]string) {
	e.t.Helper()
	said := map[string]string{}
	did, err := heard(run, said)
	if err != nil && len(said) == 0 {
		e.t.Fatal(err)
	}
	return did, said
}
