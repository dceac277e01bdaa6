package provider_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/auto/optpreview"
	"github.com/pulumi/pulumi/sdk/v3/go/auto/optup"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// resources declares one after the other; each may use those before it.
type resources struct {
	ctx  *pulumi.Context
	row  string // of a table, if there are several in one program
	made map[string]*pulumi.CustomResourceState
	err  error
}

func (d *resources) add(name, typ string, inputs pulumi.Map, opts ...pulumi.ResourceOption) {
	if d.err != nil {
		return
	}
	r := &pulumi.CustomResourceState{}
	d.made[name] = r
	if d.row != "" {
		name = d.row + "/" + name
	}
	d.err = d.ctx.RegisterResource(typ, name, inputs, r, opts...)
}

func program(declare func(*resources)) pulumi.RunFunc {
	return func(ctx *pulumi.Context) error {
		d := &resources{ctx: ctx, made: map[string]*pulumi.CustomResourceState{}}
		declare(d)
		return d.err
	}
}

const (
	vpcType      = "aws:ec2/vpc:Vpc"
	subnetType   = "aws:ec2/subnet:Subnet"
	groupType    = "aws:autoscaling/group:Group"
	queueType    = "aws:sqs/queue:Queue"
	instanceType = "aws:rds/instance:Instance"
)

// templateState is a launch template with the output that others read.
type templateState struct {
	pulumi.CustomResourceState
	LatestVersion pulumi.IntOutput `pulumi:"latestVersion"`
}

// network is a VPC with what hangs on it, and a launch template with what hangs
// on its id and on its version.
func network(cidr, userData string) pulumi.RunFunc {
	return program(func(d *resources) {
		d.add("vpc", vpcType, pulumi.Map{"cidrBlock": str(cidr)})
		d.add("subnet", subnetType, pulumi.Map{"vpcId": d.made["vpc"].ID(), "cidrBlock": str("10.1.1.0/24")})
		template := &templateState{}
		if d.err == nil {
			d.err = d.ctx.RegisterResource("aws:ec2/launchTemplate:LaunchTemplate", "template", pulumi.Map{"userData": str(base64.StdEncoding.EncodeToString([]byte(userData)))}, template)
		}
		version := template.LatestVersion.ApplyT(func(v int) string { return strings.Repeat("I", v) }).(pulumi.StringOutput)
		group := func(name string, version pulumi.Input) {
			d.add(name, groupType, pulumi.Map{"minSize": num(0), "maxSize": num(0), "vpcZoneIdentifiers": list("a"),
				"launchTemplate": pulumi.Map{"id": template.ID(), "version": version}})
		}
		group("group", version)
		group("latest", str("$Latest"))
	})
}

// TestUnknowns checks how far a change spreads in a preview: to what takes a
// value that AWS will compute anew, and not to what only stands beside it.
func TestUnknowns(t *testing.T) {
	t.Parallel()
	e := newEngine(t, nil)
	if _, err := e.up(network("10.1.0.0/16", "one")); err != nil {
		t.Fatal(err)
	}
	const replaced = "create-replacement replace delete-replaced"
	want := map[string]string{
		"vpc": replaced, "subnet": replaced, // takes its id, a replacing property
		"template": "update", "group": "update", // takes the number of its version
		"latest": "same", // takes the template's id only
	}
	after := network("10.1.0.0/17", "two")
	previewed, err := e.preview(after)
	if err != nil {
		t.Fatal(err)
	}
	did, err := e.up(after)
	if err != nil {
		t.Fatal(err)
	}
	for what, ops := range map[string]operations{"preview": previewed, "up": did} {
		for name, want := range want {
			if got := strings.Join(ops.of(name), " "); got != want {
				t.Errorf("%s does %q to %s, want %q", what, got, name, want)
			}
		}
	}
}

// of are the steps of one resource, in an order that does not depend on when
// the engine takes those of others.
func (ops operations) of(name string) []string {
	steps := slices.Clone(ops[name])
	order := []string{"create-replacement", "replace", "delete-replaced"}
	slices.SortStableFunc(steps, func(a, b string) int { return slices.Index(order, a) - slices.Index(order, b) })
	return steps
}

// TestAutonaming looks at the names that Check gives.
func TestAutonaming(t *testing.T) {
	t.Parallel()
	e := newEngine(t, nil)
	queues := func(delay int) pulumi.RunFunc {
		return program(func(d *resources) {
			d.add("group", "aws:lb/targetGroup:TargetGroup", pulumi.Map{"port": num(80 + delay), "protocol": str("HTTP"), "vpcId": str("vpc-1")})
			for _, name := range []string{"one", "two"} {
				d.add(name, queueType, pulumi.Map{"delaySeconds": num(delay)})
			}
		})
	}
	names := func() map[string]string {
		all := map[string]string{}
		for _, r := range e.store.All() {
			all[r.URN[strings.LastIndex(r.URN, "::")+2:]] = r.String("name")
		}
		return all
	}
	if _, err := e.up(queues(1)); err != nil {
		t.Fatal(err)
	}
	before := names()
	if !strings.HasPrefix(before["one"], "one-") || before["one"] == before["two"] {
		t.Errorf("the names are %v", before)
	}
	if _, err := e.up(queues(2)); err != nil {
		t.Fatal(err)
	}
	after := names()
	for name, was := range before {
		replaced := name == "group" // its port replaces it
		if is := after[name]; (is != was) != replaced || replaced && len(is) > 32 {
			t.Errorf("%s was named %s and is named %s", name, was, is)
		}
	}
}

// TestProtect refuses to replace and to delete what is protected, with a reason
// that names it.
func TestProtect(t *testing.T) {
	t.Parallel()
	e := newEngine(t, nil)
	of := func(cidr string) pulumi.RunFunc {
		return declare(vpcType, pulumi.Map{"cidrBlock": str(cidr)}, pulumi.Protect(true))
	}
	if _, err := e.up(of("10.1.0.0/16")); err != nil {
		t.Fatal(err)
	}
	for sentence, refused := range map[string]func() (operations, error){
		"to replace it": func() (operations, error) { return e.preview(of("10.2.0.0/16")) },
		"to delete it":  func() (operations, error) { return e.up(func(*pulumi.Context) error { return nil }) },
	} {
		if _, err := refused(); err == nil || !strings.Contains(err.Error(), "protect") || !strings.Contains(err.Error(), "::it") {
			t.Errorf("%s: error %v", sentence, err)
		}
	}
	if all := e.store.All(); len(all) != 1 || all[0].String("cidrBlock") != "10.1.0.0/16" {
		t.Errorf("%d resources are left: %+v", len(all), all)
	}
}

// TestDetailedDiff checks that a preview says which property changes, down to
// the element, and how.
func TestDetailedDiff(t *testing.T) {
	t.Parallel()
	e := newEngine(t, nil)
	tag := func(key, value string) pulumi.Input {
		return pulumi.Map{"key": str(key), "value": str(value), "propagateAtLaunch": pulumi.Bool(true)}
	}
	of := func(queue, group pulumi.Map, subnets ...string) pulumi.RunFunc {
		for key, value := range map[string]pulumi.Input{"minSize": num(0), "maxSize": num(0), "vpcZoneIdentifiers": list("a"),
			"launchTemplate": pulumi.Map{"id": str("lt-1")}} {
			group[key] = value
		}
		var names []string
		for _, subnet := range subnets {
			names = append(names, subnet+".example")
		}
		return program(func(d *resources) {
			d.add("queue", queueType, queue)
			d.add("group", groupType, group)
			d.add("database subnets", "aws:rds/subnetGroup:SubnetGroup", pulumi.Map{"name": str("a"), "subnetIds": list(subnets...)})
			d.add("proof", "aws:acm/certificate:Certificate", pulumi.Map{"domainName": str("a.example"), "validationMethod": str("DNS"),
				"subjectAlternativeNames": list(names...)})
		})
	}
	before := of(pulumi.Map{"delaySeconds": num(1), "policy": str(allowing("p")), "tags": pulumi.Map{"a": str("1"), "b": str("1")}},
		pulumi.Map{"tags": pulumi.Array{tag("a", "1"), tag("b", "1")}}, "a", "b")
	if _, err := e.up(before); err != nil {
		t.Fatal(err)
	}
	got, err := e.details(of(pulumi.Map{"name": str("queue.fifo"), "delaySeconds": num(2), "fifoQueue": pulumi.Bool(true), "tags": pulumi.Map{"a": str("2"), "c": str("1")}},
		pulumi.Map{"tags": pulumi.Array{tag("a", "1"), tag("b", "2"), tag("c", "1")}}, "a", "c", "d"))
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]map[string]string{
		"queue": {"name": "update-replace", "delaySeconds": "update", "fifoQueue": "add-replace", "tags.a": "update", "tags.b": "delete", "tags.c": "add",
			"tagsAll.a": "update", "tagsAll.b": "delete", "tagsAll.c": "add"}, // policy is computed: no longer given, it stays
		"group":            {"tags[1].value": "update", "tags[2]": "add"},
		"database subnets": {"subnetIds[1]": "update", "subnetIds[2]": "add"},
		"proof":            {"subjectAlternativeNames[1]": "update-replace", "subjectAlternativeNames[2]": "add-replace"},
	}
	for name, want := range want {
		if !maps.Equal(got[name], want) {
			t.Errorf("the diff of %s is %v, want %v", name, got[name], want)
		}
	}
}

// allowing is a policy of a queue, with a statement of that name.
func allowing(sid string) string {
	return `{"Version":"2012-10-17","Statement":[{"Sid":"` + sid + `","Effect":"Allow","Principal":"*","Action":"sqs:SendMessage","Resource":"*"}]}`
}

// TestSecrets looks for a password, and the one it is changed to, in everything
// that the engine shows and keeps.
func TestSecrets(t *testing.T) {
	t.Parallel()
	e := newEngine(t, nil)
	passwords := []string{"swordfish", "mackerel"}
	declared := func(password string) pulumi.RunFunc {
		return program(func(d *resources) {
			policy := pulumi.Map{"policy": pulumi.ToSecret(str(allowing(password)))}
			if password != passwords[0] {
				policy = pulumi.Map{"delaySeconds": num(1)} // AWS keeps the policy
			}
			d.add("dropped", queueType, policy)
			d.add("tag", queueType, pulumi.Map{"tags": pulumi.Map{"a": pulumi.ToSecret(str(password))}})
			d.add("all-tags", queueType, pulumi.Map{"tags": pulumi.ToSecret(pulumi.StringMap{"a": pulumi.String(password)})})
			d.add("database", instanceType, database(d, pulumi.Map{"identifier": str("a"), "password": pulumi.ToSecret(str(password))}))
			// The schema says that it is one.
			d.add("plain", instanceType, database(d, pulumi.Map{"identifier": str("b"), "password": str(password)}))
			d.add("kept", "aws:secretsmanager/secretVersion:SecretVersion", pulumi.Map{"secretId": str("s"), "secretString": pulumi.ToSecret(str(password))})
			d.add("elsewhere", queueType, pulumi.Map{"policy": pulumi.ToSecret(str(allowing(password)))})
		})
	}
	var shown bytes.Buffer
	for i, password := range passwords {
		e.program = declared(password)
		if i > 0 {
			if _, err := e.stack.Preview(context.Background(), optpreview.Diff(), optpreview.ProgressStreams(&shown), optpreview.ErrorProgressStreams(&shown)); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := e.stack.Up(context.Background(), optup.Diff(), optup.ProgressStreams(&shown), optup.ErrorProgressStreams(&shown)); err != nil {
			t.Fatal(err)
		}
	}
	states, err := filepath.Glob(filepath.Join(e.state, ".pulumi", "*", "test", "*"))
	if err != nil || len(states) == 0 {
		t.Fatalf("no state: %v", err)
	}
	where := map[string]string{"output": shown.String()}
	for _, file := range states {
		if raw, err := os.ReadFile(file); err == nil { // directories hold further ones
			where[file] = string(raw)
		}
	}
	for place, text := range where {
		for _, password := range passwords {
			if strings.Contains(text, password) {
				t.Errorf("%s shows %s", place, password)
			}
		}
	}
	if !strings.Contains(shown.String(), "[secret]") {
		t.Error("nothing was shown as a secret: the test looks in the wrong place")
	}
}
