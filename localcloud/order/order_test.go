package order

import (
	"slices"
	"strings"
	"testing"

	"google.golang.org/protobuf/types/known/structpb"

	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
)

// made is one registration of a test: kind and name, the inputs' values, what
// they name, and what is waited for besides.
type made struct {
	name, token string
	inputs      map[string]any
	refers      []string // names
	depends     []string
}

const (
	vpcType      = "aws:ec2/vpc:Vpc"
	subnetType   = "aws:ec2/subnet:Subnet"
	gatewayType  = "aws:ec2/internetGateway:InternetGateway"
	natType      = "aws:ec2/natGateway:NatGateway"
	balancerType = "aws:lb/loadBalancer:LoadBalancer"
	roleType     = "aws:iam/role:Role"
	policyType   = "aws:iam/rolePolicy:RolePolicy"
	functionType = "aws:lambda/function:Function"
	topicType    = "aws:sns/topic:Topic"
	openType     = "aws:sns/topicPolicy:TopicPolicy"
	alarmType    = "aws:cloudwatch/metricAlarm:MetricAlarm"
	recordType   = "aws:route53/record:Record"
)

// network is a VPC with a subnet and an attached gateway.
var network = []made{
	{name: "vpc", token: vpcType},
	{name: "subnet", token: subnetType, refers: []string{"vpc"}},
	{name: "internet", token: gatewayType, refers: []string{"vpc"}},
}

func TestGraph(t *testing.T) {
	t.Parallel()
	for sentence, tt := range map[string]struct {
		made []made
		want []string // each a part of one line, in order
	}{
		"a NAT gateway that does not wait for the internet gateway is refused": {
			append(network, made{name: "nat", token: natType, refers: []string{"subnet"}}),
			[]string{"nat (ec2/natGateway) does not wait for internet (ec2/internetGateway): AWS refuses: Gateway.NotAttached"}},
		"one that does is not": {append(network,
			made{name: "nat", token: natType, refers: []string{"subnet"}, depends: []string{"internet"}}), nil},
		"to wait for a route of the gateway will do": {append(network,
			made{name: "route", token: "aws:ec2/route:Route", refers: []string{"internet"}},
			made{name: "nat", token: natType, refers: []string{"subnet"}, depends: []string{"route"}}), nil},
		"the gateway of another VPC will not do": {
			[]made{network[0], network[1], {name: "other", token: vpcType},
				{name: "internet", token: gatewayType, refers: []string{"other"}},
				{name: "nat", token: natType, refers: []string{"subnet"}, depends: []string{"internet"}}},
			[]string{"nat (ec2/natGateway) waits for no ec2/internetGateway or ec2/internetGatewayAttachment of vpc (ec2/vpc)"}},
		"a gateway that is not attached will not do": {
			[]made{network[0], network[1], {name: "internet", token: gatewayType},
				{name: "nat", token: natType, refers: []string{"subnet"}, depends: []string{"internet"}}},
			[]string{"nat (ec2/natGateway) waits for no"}},
		"a gateway that is registered afterwards is told too": {
			[]made{network[0], network[1], {name: "nat", token: natType, refers: []string{"subnet"}}, network[2]},
			[]string{"nat (ec2/natGateway) waits for no", "nat (ec2/natGateway) does not wait for internet"}},
		"a private NAT gateway needs none": {append(network,
			made{name: "nat", token: natType, refers: []string{"subnet"}, inputs: map[string]any{"connectivityType": "private"}}), nil},
		"in a VPC of somebody else's nothing can be declared": {
			[]made{{name: "nat", token: natType, inputs: map[string]any{"subnetId": "subnet-1"}}}, nil},
		"a public balancer waits for the gateway": {append(network, made{name: "edge", token: balancerType, refers: []string{"subnet"}}),
			[]string{"edge (lb/loadBalancer) does not wait for internet (ec2/internetGateway): AWS refuses: InvalidSubnet"}},
		"an internal one need not": {append(network,
			made{name: "edge", token: balancerType, refers: []string{"subnet"}, inputs: map[string]any{"internal": true}}), nil},
		"a function waits for what its role may": {
			[]made{{name: "role", token: roleType}, {name: "may", token: policyType, refers: []string{"role"}},
				{name: "function", token: functionType, refers: []string{"role"}}},
			[]string{"function (lambda/function) does not wait for may (iam/rolePolicy): AWS takes it, but"}},
		"with a dead-letter queue, and a role that may nothing, AWS refuses it": {
			[]made{{name: "role", token: roleType}, {name: "function", token: functionType, refers: []string{"role"},
				inputs: map[string]any{"deadLetterConfig": map[string]any{"targetArn": "arn"}}}},
			[]string{"function (lambda/function) waits for no iam/rolePolicy or iam/rolePolicyAttachment of role (iam/role): AWS refuses"}},
		"another role's policy is none of its business": {
			[]made{{name: "role", token: roleType}, {name: "other", token: roleType},
				{name: "may", token: policyType, refers: []string{"other"}},
				{name: "function", token: functionType, refers: []string{"role"}}}, nil},
		"an alarm that names the topic waits for its policy": {
			[]made{{name: "topic", token: topicType}, {name: "open", token: openType, refers: []string{"topic"}},
				{name: "alarm", token: alarmType, refers: []string{"topic"}}},
			[]string{"alarm (cloudwatch/metricAlarm) does not wait for open (sns/topicPolicy)"}},
		"one that names the topic by its policy does": {
			[]made{{name: "topic", token: topicType}, {name: "open", token: openType, refers: []string{"topic"}},
				{name: "alarm", token: alarmType, refers: []string{"open"}}}, nil},
		"an alias waits for the record of its zone that it names": {
			[]made{{name: "answer", token: recordType,
				inputs: map[string]any{"name": "a.example", "aliases": []any{map[string]any{"name": "b.example"}}}},
				{name: "target", token: recordType, inputs: map[string]any{"name": "b.example"}}},
			[]string{"answer (route53/record) does not wait for target (route53/record): AWS refuses: InvalidChangeBatch"}},
	} {
		t.Run(sentence, func(t *testing.T) {
			t.Parallel()
			got := broken(t, tt.made)
			if len(got) != len(tt.want) {
				t.Fatalf("is told %d things, want %d: %s", len(got), len(tt.want), strings.Join(got, "\n"))
			}
			for i := range got {
				if !strings.Contains(got[i], tt.want[i]) {
					t.Errorf("is told %q, want %q", got[i], tt.want[i])
				}
			}
		})
	}
}

// broken registers all in turn and returns what they break.
func broken(t *testing.T, all []made) (lines []string) {
	t.Helper()
	var g Graph
	urns := map[string]string{}
	for _, m := range all {
		object, err := structpb.NewStruct(m.inputs)
		if err != nil {
			t.Fatal(err)
		}
		r := &pulumirpc.RegisterResourceRequest{Type: m.token, Name: m.name, Custom: true, Object: object}
		for _, name := range m.depends {
			r.Dependencies = append(r.Dependencies, urns[name])
		}
		of := &pulumirpc.RegisterResourceRequest_PropertyDependencies{}
		for _, name := range m.refers {
			of.Urns = append(of.Urns, urns[name])
		}
		r.PropertyDependencies = map[string]*pulumirpc.RegisterResourceRequest_PropertyDependencies{"x": of}
		n, err := Registered("project", "stack", r)
		if err != nil {
			t.Fatal(err)
		}
		urns[m.name] = n.URN
		lines = append(lines, g.Add(n)...)
	}
	return lines
}

// Every rule that is checked says what comes of it, and who says so.
func TestRulesSayWhy(t *testing.T) {
	t.Parallel()
	for _, r := range rules {
		if r.checked() && (r.Source == "" || (r.Refused == "") == (r.Later == "")) {
			t.Errorf("%s before %s: source %q, refused %q, later %q: want a source, and one of the two",
				r.Before, r.After, r.Source, r.Refused, r.Later)
		}
		if !r.checked() && (r.Must || r.When != nil || r.Refused+r.Later != "") {
			t.Errorf("%s before %s says more than that the one names the other, and nothing to check it by", r.Before, r.After)
		}
		if slices.Contains(r.Before, r.After) && r.checked() && r.Same == [2]string{} {
			t.Errorf("%s waits for its own kind", r.After)
		}
	}
}
