package plantime

import (
	"encoding/json"
	"math"
	"strings"
	"testing"

	"newsfeed/localcloud/engine"
)

// resource is one of a state file, named for the test.
type resource struct {
	name, typ string
	needs     []string
	inputs    map[string]any
}

func urn(name string) string { return "urn:pulumi:s::p::t::" + name }

func state(t *testing.T, resources []resource) []byte {
	t.Helper()
	var list []map[string]any
	for _, r := range resources {
		var needs []string
		for _, name := range r.needs {
			needs = append(needs, urn(name))
		}
		list = append(list, map[string]any{"urn": urn(r.name), "type": r.typ, "custom": strings.HasPrefix(r.typ, "aws:"),
			"inputs": r.inputs, "propertyDependencies": map[string][]string{"x": needs}})
	}
	raw, err := json.Marshal(map[string]any{"checkpoint": map[string]any{"latest": map[string]any{"resources": list}}})
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

func TestPlan(t *testing.T) {
	t.Parallel()
	const (
		vpc, subnet, subnets = "aws:ec2/vpc:Vpc", "aws:ec2/subnet:Subnet", "aws:rds/subnetGroup:SubnetGroup"
		database, nat        = "aws:rds/instance:Instance", "aws:ec2/natGateway:NatGateway"
		component            = "newsfeed:infra:Network"
	)
	multi := map[string]any{"multiAz": true}
	tests := map[string]struct {
		resources []resource
		unlimited float64
		ratio     float64
		chain     string
		needless  string
	}{
		"what must be serial is, and nothing else": {
			[]resource{{name: "vpc", typ: vpc}, {name: "subnet", typ: subnet, needs: []string{"vpc"}},
				{name: "subnets", typ: subnets, needs: []string{"subnet"}}, {name: "nat", typ: nat, needs: []string{"subnet"}},
				{name: "db", typ: database, needs: []string{"subnets"}, inputs: multi}},
			0.4 + 0.15 + 0.05 + 17, 1, "vpc subnet subnets db", ""},
		"a database that waits for a NAT gateway is told": {
			[]resource{{name: "vpc", typ: vpc}, {name: "subnet", typ: subnet, needs: []string{"vpc"}}, {name: "nat", typ: nat, needs: []string{"subnet"}},
				{name: "db", typ: database, needs: []string{"nat"}, inputs: multi}},
			0.4 + 0.15 + 2 + 17, (0.4 + 0.15 + 2 + 17) / 17, "vpc subnet nat db", "db waits for nat"},
		"a component takes no time and makes nothing needless": {
			[]resource{{name: "network", typ: component}, {name: "vpc", typ: vpc, needs: []string{"network"}}},
			0.4, 1, "vpc", ""},
		"a single-AZ database is quicker": {
			[]resource{{name: "db", typ: database, inputs: map[string]any{"multiAz": false}}}, 8, 1, "db", ""},
	}
	for name, tt := range tests {
		p, err := First(name, state(t, tt.resources))
		if err != nil {
			t.Fatal(err)
		}
		var chain []string
		for _, span := range p.Chain {
			chain = append(chain, span.Name())
		}
		if math.Abs(p.Unlimited-tt.unlimited) > 1e-9 || math.Abs(p.Ratio(p.Unlimited)-tt.ratio) > 1e-9 {
			t.Errorf("%s: %.2f min, ratio %.3f; want %.2f, %.3f", name, p.Unlimited, p.Ratio(p.Unlimited), tt.unlimited, tt.ratio)
		}
		if got := strings.Join(chain, " "); got != tt.chain {
			t.Errorf("%s: chain %s, want %s", name, got, tt.chain)
		}
		if got := strings.Join(p.Needless, ", "); got != tt.needless {
			t.Errorf("%s: needless %q, want %q", name, got, tt.needless)
		}
	}
}

func TestParallelism(t *testing.T) {
	t.Parallel()
	var g Graph
	for _, name := range []string{"a", "b", "c", "d", "e"} {
		g = append(g, &Node{URN: urn(name), Custom: true})
	}
	for parallel, want := range map[int]float64{1: 10, 2: 6, 5: 2, 0: 2} {
		if got, chain := Simulate(g, parallel, func(*Node) float64 { return 2 }); got != want || len(chain) != int(want/2) {
			t.Errorf("five of 2 minutes, %d at a time: %.0f min, a chain of %d, want %.0f", parallel, got, len(chain), want)
		}
	}
}

func TestChange(t *testing.T) {
	t.Parallel()
	const (
		cache, template = "aws:elasticache/replicationGroup:ReplicationGroup", "aws:ec2/launchTemplate:LaunchTemplate"
		alarm           = "aws:cloudwatch/metricAlarm:MetricAlarm"
	)
	after := state(t, []resource{{name: "db", typ: "aws:rds/instance:Instance"}, {name: "cache", typ: cache},
		{name: "template", typ: template, needs: []string{"db"}}, {name: "alarm", typ: alarm, needs: []string{"db", "cache"}}})
	update := func(name string, changed ...string) engine.Step {
		return engine.Step{URN: urn(name), Op: "update", Changed: changed}
	}
	tests := map[string]struct {
		steps  []engine.Step
		want   float64
		serial float64
	}{
		"what stays takes no time":                         {nil, 0, 0},
		"a promotion":                                      {[]engine.Step{update("db", "multiAz", "replicateSourceDb")}, 10, 10},
		"another property is no promotion":                 {[]engine.Step{update("db", "backupWindow")}, 2, 2},
		"what follows a resized cache waits, and need not": {[]engine.Step{update("cache", "nodeType"), update("alarm")}, 25.05, 25},
		"what watches the one promoted waits":              {[]engine.Step{update("db", "replicateSourceDb"), update("alarm")}, 10.05, 10.05},
		"a template need not wait for a promotion":         {[]engine.Step{update("db", "replicateSourceDb"), update("template")}, 10.05, 10},
	}
	for name, tt := range tests {
		p, err := Change(name, after, tt.steps)
		if err != nil {
			t.Fatal(err)
		}
		if math.Abs(p.Unlimited-tt.want) > 1e-9 || math.Abs(p.Serial-tt.serial) > 1e-9 {
			t.Errorf("%s: %.2f min, %.2f must be serial; want %.2f, %.2f", name, p.Unlimited, p.Serial, tt.want, tt.serial)
		}
	}
}

// Every time says where it comes from, and a rule that comes after a more
// general one would never hold.
func TestTimes(t *testing.T) {
	t.Parallel()
	times, err := Published()
	if err != nil {
		t.Fatal(err)
	}
	general := map[string]bool{}
	for _, r := range times.Rules {
		if r.Source == "" || r.Minutes <= 0 {
			t.Errorf("%s: %v minutes, source %q", r.Type, r.Minutes, r.Source)
		}
		id := r.Type + " " + r.Operation
		if general[id] {
			t.Errorf("%s: a rule after one that always holds", id)
		}
		general[id] = general[id] || r.With == "" && len(r.Changes) == 0
	}
}
