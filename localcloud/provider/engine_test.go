package provider_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/auto"
	"github.com/pulumi/pulumi/sdk/v3/go/auto/events"
	"github.com/pulumi/pulumi/sdk/v3/go/auto/optpreview"
	"github.com/pulumi/pulumi/sdk/v3/go/auto/optup"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource/plugin"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"gopkg.in/yaml.v3"

	"newsfeed/localcloud/cloud"
	localengine "newsfeed/localcloud/engine"
	"newsfeed/localcloud/provider"
)

// engine is a stack of the real engine over a provider of the test's own.
type engine struct {
	t       *testing.T
	store   *cloud.Store
	program pulumi.RunFunc // what the next run declares
	stack   auto.Stack
	state   string // directory of the backend
	dir     string // of the project
	address string // of the provider
}

// configure sets a key of the stack's config.
func (e *engine) configure(key string, value any) {
	e.t.Helper()
	file := filepath.Join(e.dir, "Pulumi.s.yaml")
	raw, err := os.ReadFile(file)
	if err != nil {
		e.t.Fatal(err)
	}
	var settings map[string]any // with the salt of the secrets
	if err := yaml.Unmarshal(raw, &settings); err != nil {
		e.t.Fatal(err)
	}
	settings["config"].(map[string]any)[key] = value
	if raw, err = yaml.Marshal(settings); err != nil {
		e.t.Fatal(err)
	}
	if err := os.WriteFile(file, raw, 0o600); err != nil {
		e.t.Fatal(err)
	}
}

func newEngine(t *testing.T, bodies map[string]cloud.Body, options ...provider.Option) *engine {
	t.Helper()
	store, err := cloud.OpenStore(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := provider.New(store, bodies, provider.Functions(func(name string) string { return "Z" + name }), options...).Serve(l)
	t.Cleanup(server.Stop)
	dir := t.TempDir()
	e := &engine{t: t, store: store, dir: dir, address: l.Addr().String()}
	if local, err := filepath.Abs("../../.local/bin"); err == nil && !strings.Contains(os.Getenv("PATH"), local) {
		os.Setenv("PATH", os.Getenv("PATH")+":"+local) // where 'make build' puts the CLI
	}
	project := "name: test\nruntime: go\n"
	settings := "config:\n  aws:region: ap-northeast-2\n"
	for name, content := range map[string]string{"Pulumi.yaml": project, "Pulumi.s.yaml": settings} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	state := filepath.Join(dir, "state")
	e.state = state
	if err := os.Mkdir(state, 0o700); err != nil {
		t.Fatal(err)
	}
	command, err := auto.NewPulumiCommand(&auto.PulumiCommandOptions{SkipVersionCheck: true})
	if err != nil {
		t.Fatal(err)
	}
	ctx := context.Background()
	e.stack, err = auto.NewStackLocalSource(ctx, "s", dir, auto.Pulumi(localengine.Thrifty(command)), auto.Program(func(ctx *pulumi.Context) error { return e.program(ctx) }),
		auto.EnvVars(map[string]string{
			"PULUMI_BACKEND_URL": "file://" + state, "PULUMI_CONFIG_PASSPHRASE": "test", "PULUMI_HOME": filepath.Join(dir, "home"),
			"PULUMI_DEBUG_PROVIDERS": "aws:" + strconv.Itoa(l.Addr().(*net.TCPAddr).Port), "PULUMI_SKIP_UPDATE_CHECK": "true",
			"PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
		}))
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// declare makes a program of one resource.
func declare(typ string, inputs pulumi.Map, opts ...pulumi.ResourceOption) pulumi.RunFunc {
	return program(func(d *resources) { d.add("it", typ, inputs, opts...) })
}

// operations are the steps that the engine takes, by resource.
type operations map[string][]string

// up runs the engine and returns what it did to resources of aws, and to its
// providers.
func (e *engine) up(program pulumi.RunFunc) (operations, error) {
	e.program = program
	return heard(func(watch chan<- events.EngineEvent) error {
		_, err := e.stack.Up(context.Background(), optup.EventStreams(watch), optup.SuppressOutputs(), optup.ErrorProgressStreams(io.Discard))
		return err
	}, nil)
}

func (e *engine) preview(program pulumi.RunFunc) (operations, error) {
	e.program = program
	return heard(func(watch chan<- events.EngineEvent) error {
		_, err := e.stack.Preview(context.Background(), optpreview.EventStreams(watch), optpreview.ErrorProgressStreams(io.Discard))
		return err
	}, nil)
}

// details previews, and returns how each property of each resource changes, by
// its path.
func (e *engine) details(program pulumi.RunFunc) (map[string]map[string]string, error) {
	e.program = program
	watch := make(chan events.EngineEvent, 4096)
	_, err := e.stack.Preview(context.Background(), optpreview.EventStreams(watch), optpreview.ErrorProgressStreams(io.Discard))
	changes := map[string]map[string]string{}
	for len(watch) > 0 {
		event := <-watch
		if pre := event.ResourcePreEvent; pre != nil && len(pre.Metadata.DetailedDiff) > 0 {
			of := map[string]string{}
			for path, d := range pre.Metadata.DetailedDiff {
				of[path] = string(d.Kind)
			}
			changes[pre.Metadata.URN[strings.LastIndex(pre.Metadata.URN, "::")+2:]] = of
		}
	}
	return changes, err
}

// heard collects the steps that the engine tells of, and the errors by the row of
// what they are about, if said is there to hold them.
func heard(run func(chan<- events.EngineEvent) error, said map[string]string) (operations, error) {
	watch := make(chan events.EngineEvent, 4096) // more than any run here tells
	ops := operations{}
	err := run(watch)
	for len(watch) > 0 {
		event := <-watch
		if pre := event.ResourcePreEvent; pre != nil && (strings.HasPrefix(pre.Metadata.Type, "aws:") || pre.Metadata.Type == "pulumi:providers:aws") {
			name := pre.Metadata.URN[strings.LastIndex(pre.Metadata.URN, "::")+2:]
			ops[name] = append(ops[name], string(pre.Metadata.Op))
		}
		if d := event.DiagnosticEvent; d != nil && d.Severity == "error" && strings.Contains(d.URN, "::aws:") && said != nil {
			said[rowOf(d.URN)] += d.Message
		}
	}
	return ops, err
}

var (
	str  = func(s string) pulumi.Input { return pulumi.String(s) }
	num  = func(n int) pulumi.Input { return pulumi.Int(n) }
	list = func(s ...string) pulumi.Input { return pulumi.ToStringArray(s) }
)

// TestDiff runs pairs of programs through the engine: what it previews for the
// second, and then does, must be what the real provider would make it do.
func TestDiff(t *testing.T) {
	t.Parallel()
	queue, vpc, db := queueType, vpcType, instanceType
	targets := func(port int, in pulumi.Map) pulumi.Map {
		in["port"], in["protocol"], in["vpcId"] = num(port), str("HTTP"), str("vpc-1")
		return in
	}
	subscription := func(topic string) pulumi.Map {
		return pulumi.Map{"protocol": str("email"), "endpoint": str("e@example.com"), "topic": str("arn:aws:sns:ap-northeast-2:000000000000:" + topic)}
	}
	alarm := func(name string) pulumi.Map {
		return pulumi.Map{"name": str(name), "comparisonOperator": str("GreaterThanThreshold"), "evaluationPeriods": num(1), "threshold": num(1),
			"metricName": str("m"), "namespace": str("n"), "period": num(60), "statistic": str("Sum")}
	}
	made := func(identifier string, more pulumi.Map) pulumi.Map {
		in := database(&resources{}, more)
		in["identifier"] = str(identifier)
		return in
	}
	tests := map[string]struct {
		typ           string
		before, after pulumi.Map
		opts          []pulumi.ResourceOption
		want          string
	}{
		"the same again changes nothing": {
			typ: queue, before: pulumi.Map{"delaySeconds": num(1)}, after: pulumi.Map{"delaySeconds": num(1)},
			want: "same"},
		"an ordinary property is updated in place": {
			typ: queue, before: pulumi.Map{"delaySeconds": num(1)}, after: pulumi.Map{"delaySeconds": num(2)},
			want: "update"},
		"a replacing property replaces, the new one first": {
			typ: vpc, before: pulumi.Map{"cidrBlock": str("10.1.0.0/16")}, after: pulumi.Map{"cidrBlock": str("10.2.0.0/16")},
			want: "create-replacement replace delete-replaced"},
		"a fixed name is deleted before it is replaced": {
			typ:    "aws:lb/targetGroup:TargetGroup",
			before: targets(80, pulumi.Map{"name": str("web")}), after: targets(81, pulumi.Map{"name": str("web")}),
			want: "delete-replaced replace create-replacement"},
		"what AWS computes keeps its value when it is no longer given": {
			typ: db, before: made("computed", pulumi.Map{"availabilityZone": str("ap-northeast-2a")}),
			after: made("computed", nil),
			want:  "same"},
		"a default that is written out changes nothing": {
			typ: queue, before: pulumi.Map{}, after: pulumi.Map{"visibilityTimeoutSeconds": num(30)},
			want: "same"},
		"ignored changes are ignored": {
			typ: queue, before: pulumi.Map{"delaySeconds": num(1)}, after: pulumi.Map{"delaySeconds": num(2)},
			opts: []pulumi.ResourceOption{pulumi.IgnoreChanges([]string{"delaySeconds"})},
			want: "same"},
		"ignored changes are ignored inside of a property": {
			typ: queue, before: pulumi.Map{"tags": pulumi.Map{"a": str("1"), "b": str("1")}}, after: pulumi.Map{"tags": pulumi.Map{"a": str("2"), "b": str("1")}},
			opts: []pulumi.ResourceOption{pulumi.IgnoreChanges([]string{"tags.a"})},
			want: "same"},
		"what a database was once restored from is ignored when it is gone": {
			typ: db,
			before: made("restored", pulumi.Map{"restoreToPointInTime": pulumi.Map{"useLatestRestorableTime": pulumi.Bool(true),
				"sourceDbInstanceAutomatedBackupsArn": str("arn:aws:rds:ap-northeast-1:000000000000:auto-backup:ab-b")}}),
			after: made("restored", nil),
			opts:  []pulumi.ResourceOption{pulumi.IgnoreChanges([]string{"restoreToPointInTime"})},
			want:  "same"},
		"what the program says must replace does": {
			typ: queue, before: pulumi.Map{"tags": pulumi.Map{"a": str("1")}}, after: pulumi.Map{"tags": pulumi.Map{"a": str("2")}},
			opts: []pulumi.ResourceOption{pulumi.ReplaceOnChanges([]string{"tags.a"})},
			want: "create-replacement replace delete-replaced"},
		"what the program says must be deleted first is": {
			typ: vpc, before: pulumi.Map{"cidrBlock": str("10.1.0.0/16")}, after: pulumi.Map{"cidrBlock": str("10.2.0.0/16")},
			opts: []pulumi.ResourceOption{pulumi.DeleteBeforeReplace(true)},
			want: "delete-replaced replace create-replacement"},
		"a new value of a secret is a new version": {
			typ:    "aws:secretsmanager/secretVersion:SecretVersion",
			before: pulumi.Map{"secretId": str("s"), "secretString": str("1")}, after: pulumi.Map{"secretId": str("s"), "secretString": str("2")},
			want: "create-replacement replace delete-replaced"},
		"an alarm's name, which AWS calls otherwise, replaces it": {
			typ:    "aws:cloudwatch/metricAlarm:MetricAlarm",
			before: alarm("a"), after: alarm("b"),
			want: "create-replacement replace delete-replaced"},
		"a permission's function, which AWS calls otherwise, replaces it": {
			typ:    "aws:lambda/permission:Permission",
			before: pulumi.Map{"action": str("lambda:InvokeFunction"), "principal": str("events.amazonaws.com"), "function": str("a")},
			after:  pulumi.Map{"action": str("lambda:InvokeFunction"), "principal": str("events.amazonaws.com"), "function": str("b")},
			want:   "create-replacement replace delete-replaced"},
		"a subscription's topic, which AWS calls otherwise, replaces it": {
			typ:    "aws:sns/topicSubscription:TopicSubscription",
			before: subscription("a"), after: subscription("b"),
			want: "create-replacement replace delete-replaced"},
		"its own name goes after": {
			typ:    "aws:lb/targetGroup:TargetGroup",
			before: targets(80, pulumi.Map{}), after: targets(81, pulumi.Map{}),
			want: "create-replacement replace delete-replaced"},
		"promotion, the replica's source cleared, is an update in place": {
			typ: db,
			before: pulumi.Map{"instanceClass": str("db.t4g.medium"), "identifier": str("replica"), "engine": str("mysql"),
				"allocatedStorage": num(20), "replicateSourceDb": str("arn:aws:rds:ap-northeast-1:000000000000:db:b")},
			after: pulumi.Map{"instanceClass": str("db.t4g.medium"), "identifier": str("replica"), "engine": str("mysql"),
				"allocatedStorage": num(20), "password": str("correct-horse")}, // and no user: that is its source's
			want: "update"},
		"an element added to a list is an update": {
			typ: "aws:autoscaling/group:Group",
			before: pulumi.Map{"maxSize": num(2), "minSize": num(1), "name": str("g"), "vpcZoneIdentifiers": list("a"),
				"launchTemplate": pulumi.Map{"id": str("lt-1")}},
			after: pulumi.Map{"maxSize": num(2), "minSize": num(1), "name": str("g"), "vpcZoneIdentifiers": list("a", "b"),
				"launchTemplate": pulumi.Map{"id": str("lt-1")}},
			want: "update"},
	}
	short := func(sentence string) string { return "it" + mark(sentence) } // AWS takes no sentence for a name
	// One stack holds them all: a run of the engine takes seconds.
	e := newEngine(t, nil)
	_, err := e.up(func(ctx *pulumi.Context) error {
		for name, tt := range tests {
			var r pulumi.CustomResourceState
			if err := ctx.RegisterResource(tt.typ, short(name), tt.before, &r); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	after := func(ctx *pulumi.Context) error {
		for name, tt := range tests {
			var r pulumi.CustomResourceState
			if err := ctx.RegisterResource(tt.typ, short(name), tt.after, &r, tt.opts...); err != nil {
				return err
			}
		}
		return nil
	}
	previewed, err := e.preview(after)
	if err != nil {
		t.Fatal(err)
	}
	did, err := e.up(after)
	if err != nil {
		t.Fatal(err)
	}
	for name, tt := range tests {
		for what, ops := range map[string]operations{"preview": previewed, "up": did} {
			if got := strings.Join(ops[short(name)], " "); got != tt.want {
				t.Errorf("%s: %s does %q, want %q", name, what, got, tt.want)
			}
		}
	}
}

// inputs are properties as a program gives them.
type inputs = map[string]any

// TestCheck holds the provider to the schema: each resource is refused with a
// reason that names the property.
func TestCheck(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		typ    string
		inputs inputs
		want   string
	}{
		"an unknown property":                {"aws:sqs/queue:Queue", inputs{"delay": 1}, `unknown property "delay"`},
		"a misspelt property is named right": {"aws:sqs/queue:Queue", inputs{"delaySecs": 1}, `unknown property "delaySecs"; did you mean "delaySeconds"?`},
		"what only AWS sets":                 {"aws:sqs/queue:Queue", inputs{"tagsAll": inputs{}}, `unknown property "tagsAll": AWS sets it`},
		"a region, which no type takes":      {"aws:sqs/queue:Queue", inputs{"region": "us-east-1"}, `unknown property "region"`},
		"text for a number":                  {"aws:sqs/queue:Queue", inputs{"delaySeconds": "1"}, `"delaySeconds" is string, want int`},
		"a part of a second":                 {"aws:sqs/queue:Queue", inputs{"delaySeconds": 1.5}, `"delaySeconds" is number, want int`},
		"text for a list":                    {vpcEndpointType, inputs{"vpcId": "v", "serviceName": "s", "subnetIds": "a"}, `"subnetIds" is string, want []string`},
		"a number in a list of text":         {vpcEndpointType, inputs{"vpcId": "v", "serviceName": "s", "subnetIds": []any{1}}, `"subnetIds" is []`},
		"a number for a tag":                 {"aws:sqs/queue:Queue", inputs{"tags": inputs{"a": 1}}, `"tags" is object, want map[string]string`},
		"a block for a list of blocks":       {"aws:autoscaling/group:Group", inputs{"minSize": 1, "maxSize": 1, "launchTemplate": inputs{}, "tags": inputs{"a": "b"}}, `"tags" is object, want []GroupTag`},
		"a missing required property":        {"aws:autoscaling/group:Group", inputs{"minSize": 1, "launchTemplate": inputs{}}, `missing required property "maxSize"`},
		"two that exclude each other":        {"aws:sqs/queue:Queue", inputs{"name": "a", "namePrefix": "b"}, `conflicts with`},
		"none of which one must be given":    {"aws:autoscaling/group:Group", inputs{"minSize": 1, "maxSize": 1}, "exactly one of launchConfiguration, launchTemplate, mixedInstancesPolicy"},
		"a function without its code":        {"aws:lambda/function:Function", inputs{"role": "r"}, "exactly one of code, imageUri, s3Bucket"},
		"a type that the local cloud lacks":  {"aws:foo/bar:Bar", inputs{}, "no schema for aws:foo/bar:Bar"},
		"a replica with its own master user": {"aws:rds/instance:Instance", inputs{"instanceClass": "c", "username": "u", "replicateSourceDb": "b"}, `conflicts with`},
	}
	e := newEngine(t, nil)
	conn, err := grpc.NewClient(e.address, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	for name, tt := range tests {
		news, err := plugin.MarshalProperties(resource.NewPropertyMapFromMap(tt.inputs), plugin.MarshalOptions{})
		if err != nil {
			t.Fatal(err)
		}
		resp, err := pulumirpc.NewResourceProviderClient(conn).Check(t.Context(), &pulumirpc.CheckRequest{
			Urn: "urn:pulumi:s::test::" + tt.typ + "::it", News: news})
		said := fmt.Sprint(err)
		for _, failure := range resp.GetFailures() {
			said += "\n" + failure.Reason
		}
		if !strings.Contains(said, tt.want) {
			t.Errorf("%s: it says %s, want %q", name, said, tt.want)
		}
	}
	_, err = e.up(declare(queueType, pulumi.Map{"delaySecs": num(1)}))
	if err == nil || !strings.Contains(err.Error(), `unknown property "delaySecs"; did you mean "delaySeconds"?`) {
		t.Errorf("the engine says %v", err)
	}
	if n := len(e.store.All()); n > 0 {
		t.Errorf("%d resources were made", n)
	}
}

const vpcEndpointType = "aws:ec2/vpcEndpoint:VpcEndpoint"
