package infra

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"gopkg.in/yaml.v3"

	"newsfeed/localcloud/order"
)

// planned is one resource as the program registered it.
type planned struct {
	Type   string
	Inputs map[string]any // secrets as secret values
	// Options.
	Protect, Retain bool
	Ignore          []string
	Provider        string
	Version         string // of the plugin
}

// secret stands for a value that was marked as a secret.
type secret struct{ value any }

// plan is what a stack declares, by the name of the resource.
type plan struct {
	Resources  map[string]planned
	Outputs    map[string]any
	References []string // stacks that it reads
	Unordered  []string // what it leaves to the engine's luck: see the package order
}

// settings are config values as in a stack file; nested ones are set by path,
// "web.max" for instance.
type settings map[string]any

// fixedPrograms is a directory with files that stand for what make builds:
// their hashes are in every golden plan.
func fixedPrograms(t testing.TB) string {
	t.Helper()
	dir := t.TempDir()
	for _, name := range []string{slackProgram, watchProgram} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("the "+name+" binary"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// stackFile reads a committed stack file, with changes, as Pulumi would hand it
// to the program.
func stackFile(t testing.TB, stack string, changes settings) map[string]string {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join("..", "Pulumi."+stack+".yaml"))
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Config map[string]any `yaml:"config"`
	}
	if err := yaml.Unmarshal(raw, &file); err != nil {
		t.Fatal(err)
	}
	programs := fixedPrograms(t)
	file.Config["newsfeed:release"] = "feed-1@sha256:" + strings.Repeat("0123456789abcdef", 4)
	file.Config["newsfeed:image"] = "ami-0123456789abcdef0"
	file.Config["newsfeed:functions"] = programs
	file.Config["newsfeed:databasePassword"] = "a-database-password"
	file.Config["newsfeed:cacheToken"] = "a-token-for-the-cache"
	for path, value := range changes {
		set(file.Config, path, value)
	}
	config := map[string]string{}
	for key, value := range file.Config {
		if text, ok := value.(string); ok {
			config[key] = text
			continue
		}
		encoded, err := json.Marshal(value)
		if err != nil {
			t.Fatal(err)
		}
		config[key] = string(encoded)
	}
	return config
}

// set puts value at the dotted path of the newsfeed namespace; nil removes it.
func set(config map[string]any, path string, value any) {
	key, rest, nested := strings.Cut(path, ".")
	if !strings.Contains(key, ":") {
		key = namespace + key
	}
	if !nested {
		if value == nil {
			delete(config, key)
			return
		}
		config[key] = value
		return
	}
	object, _ := config[key].(map[string]any)
	object = maps.Clone(object)
	if object == nil {
		object = map[string]any{}
	}
	if object[rest] = value; value == nil {
		delete(object, rest)
	}
	config[key] = object
}

// deploy runs the program under mocks and returns what it declares.
func deploy(t testing.TB, stack string, config map[string]string) (*plan, error) {
	t.Helper()
	p := &plan{Resources: map[string]planned{}, Outputs: map[string]any{}}
	m := &mocks{plan: p, stack: stack, strategy: config[namespace+"strategy"]}
	secrets := []string{namespace + "databasePassword", namespace + "cacheToken", namespace + "slackWebhook"}
	err := pulumi.RunErr(func(ctx *pulumi.Context) error {
		if err := Deploy(ctx); err != nil {
			return err
		}
		// As the inputs of a resource, they are recorded when they are known.
		return ctx.RegisterResource(outputsType, "outputs", pulumi.Map(ctx.GetCurrentExportMap()), &pulumi.CustomResourceState{})
	}, pulumi.WithMocksWithOrganization("organization", "newsfeed", stack, m), func(info *pulumi.RunInfo) {
		info.Config, info.ConfigSecretKeys = config, secrets
	})
	return p, err
}

const outputsType = "test:index:Outputs"

// mustDeploy is deploy of a committed stack file with changes that are right.
func mustDeploy(t testing.TB, stack string, changes settings) *plan {
	t.Helper()
	p, err := deploy(t, stack, stackFile(t, stack, changes))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// mocks answers as AWS would, with values that say whose they are.
type mocks struct {
	stack    string
	strategy string // of the peer
	order    order.Graph
	mu       sync.Mutex
	plan     *plan
}

func (m *mocks) Call(args pulumi.MockCallArgs) (resource.PropertyMap, error) {
	answers := map[string]map[string]any{
		"aws:index/getCallerIdentity:getCallerIdentity": {"accountId": "000000000000"},
	}
	answer, known := answers[args.Token]
	if !known {
		return nil, fmt.Errorf("an invoke that the local cloud does not answer: %s", args.Token)
	}
	return resource.NewPropertyMapFromMap(answer), nil
}

func (m *mocks) NewResource(args pulumi.MockResourceArgs) (string, resource.PropertyMap, error) {
	if err := m.ordered(args.RegisterRPC); err != nil {
		return "", nil, err
	}
	if args.TypeToken == "pulumi:pulumi:StackReference" {
		m.mu.Lock()
		m.plan.References = append(m.plan.References, args.ID)
		m.mu.Unlock()
		return args.ID, m.peerOutputs(args.ID), nil
	}
	if !args.Custom {
		return "", args.Inputs, nil
	}
	p := planned{Type: args.TypeToken, Inputs: plain(args.Inputs), Provider: providerName(args.Provider)}
	if r := args.RegisterRPC; r != nil {
		p.Protect, p.Retain, p.Ignore = r.GetProtect(), r.GetRetainOnDelete(), r.IgnoreChanges
		p.Version = r.GetVersion()
	}
	m.mu.Lock()
	if p.Type == outputsType {
		m.plan.Outputs = p.Inputs
	} else {
		m.plan.Resources[args.Name] = p
	}
	m.mu.Unlock()

	outputs := args.Inputs.Copy()
	of := func(what string) resource.PropertyValue {
		return resource.NewProperty("${" + args.Name + "." + what + "}")
	}
	for _, key := range []string{"arn", "name", "bucket", "url", "dnsName", "zoneId", "endpoint", "identifier", "keyId",
		"arnSuffix", "fqdn", "configurationEndpointAddress", "certificateArn", "monitoringRoleArn", "resourceId"} {
		if _, given := outputs[resource.PropertyKey(key)]; !given {
			outputs[resource.PropertyKey(key)] = of(key)
		}
	}
	outputs["latestVersion"] = resource.NewProperty(1.0)
	if shards, clustered := outputs["numNodeGroups"]; clustered {
		var members []resource.PropertyValue
		for i := range int(shards.NumberValue() * (1 + outputs["replicasPerNodeGroup"].NumberValue())) {
			members = append(members, of(fmt.Sprintf("node-%d", i+1)))
		}
		outputs["memberClusters"] = resource.NewProperty(members)
	}
	var proofs []resource.PropertyValue
	for i := range 2 {
		proofs = append(proofs, resource.NewProperty(resource.PropertyMap{
			"resourceRecordName":  of(fmt.Sprintf("proof%d.name", i+1)),
			"resourceRecordType":  resource.NewProperty("CNAME"),
			"resourceRecordValue": of(fmt.Sprintf("proof%d.value", i+1)),
		}))
	}
	if strings.HasSuffix(args.TypeToken, ":Certificate") {
		outputs["domainValidationOptions"] = resource.NewProperty(proofs)
	}
	return "${" + args.Name + "}", outputs, nil
}

// ordered notes what a registration leaves to luck.
func (m *mocks) ordered(r *pulumirpc.RegisterResourceRequest) error {
	if r == nil { // it is read, and not made
		return nil
	}
	node, err := order.Registered("newsfeed", m.stack, r)
	if err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.plan.Unordered = append(m.plan.Unordered, m.order.Add(node)...)
	return nil
}

// peerOutputs is what the other stack exports; "never-up" has
// exported nothing, "latency" routes by latency.
func (m *mocks) peerOutputs(id string) resource.PropertyMap {
	stack := id[strings.LastIndex(id, "/")+1:]
	region, cidr := "ap-northeast-2", "10.20.0.0/16"
	if stack == "tokyo" {
		region, cidr = "ap-northeast-1", "10.30.0.0/16"
	}
	outputs := map[string]any{
		"region": region, "vpcCidr": cidr, "strategy": m.strategy,
		"vpcId":       stack + ".vpc",
		"routeTables": []any{stack + ".private-a", stack + ".private-b", stack + ".private-c", stack + ".isolated"},
		"mediaBucket": stack + "-media",
		"keyArn":      "arn:aws:kms:" + region + ":000000000000:key/" + stack,
		"databaseArn": "arn:aws:rds:" + region + ":000000000000:db:" + stack,
	}
	switch stack {
	case "never-up":
		outputs = map[string]any{}
	case "latency":
		outputs["strategy"] = "active-active"
	}
	return resource.NewPropertyMapFromMap(map[string]any{"name": id, "outputs": outputs})
}

// providerName is the logical name of a provider, "" for the default one.
func providerName(reference string) string {
	urn, _, _ := strings.Cut(reference, "::${")
	name := urn[strings.LastIndex(urn, "::")+1:]
	return strings.TrimPrefix(name, ":")
}

// plain turns properties into maps, lists and scalars; assets into their hash.
func plain(properties resource.PropertyMap) map[string]any {
	all := map[string]any{}
	for key, value := range properties {
		all[string(key)] = plainValue(value)
	}
	return all
}

func plainValue(v resource.PropertyValue) any {
	switch {
	case v.IsSecret():
		return secret{plainValue(v.SecretValue().Element)}
	case v.IsOutput():
		if v.OutputValue().Secret {
			return secret{plainValue(v.OutputValue().Element)}
		}
		return plainValue(v.OutputValue().Element)
	case v.IsObject():
		return plain(v.ObjectValue())
	case v.IsArray():
		return plural(v.ArrayValue(), plainValue)
	case v.IsAsset():
		return "asset " + v.AssetValue().Hash
	case v.IsArchive():
		if err := v.ArchiveValue().EnsureHash(); err != nil { // as the engine does
			panic(err)
		}
		return "archive " + v.ArchiveValue().Hash
	default:
		return v.V
	}
}

// named returns the names of the resources of a type, sorted.
func (p *plan) named(token string) []string {
	var names []string
	for name, r := range p.Resources {
		if r.Type == token {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}
