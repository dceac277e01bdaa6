package provider

import (
	"fmt"
	"strings"
	"testing"

	"newsfeed/localcloud/cloud"
)

// thing is a resource of a test: its type, its outputs, and its ID if that
// matters.
type thing struct {
	of      string
	outputs map[string]any
	id      string
	region  string // ap-northeast-2 if empty
}

func (th thing) resource(i int) *cloud.Resource {
	r := &cloud.Resource{Type: th.of, ID: th.id, Region: th.region, Inputs: th.outputs, Outputs: th.outputs}
	r.URN = fmt.Sprintf("urn:pulumi:s::p::%s::%d", th.of, i)
	if r.ID == "" {
		r.ID = fmt.Sprintf("id-%d", i)
	}
	if r.Region == "" {
		r.Region = "ap-northeast-2"
	}
	return r
}

// account is a provider over an empty account, with things in it.
func account(t *testing.T, have ...thing) *Provider {
	t.Helper()
	store, err := cloud.OpenStore(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	for i, th := range have {
		if err := store.Put(th.resource(i)); err != nil {
			t.Fatal(err)
		}
	}
	return New(store, nil, nil)
}

// Every row of the table refuses the second of two, and only where it should.
func TestAnAccountHoldsNothingTwice(t *testing.T) {
	t.Parallel()
	for _, u := range uniques {
		outputs := map[string]any{}
		for i, key := range u.by {
			outputs[key] = fmt.Sprintf("%s-%d", key, i)
		}
		code, _, _ := strings.Cut(u.refused, ":")
		first := thing{of: u.of, outputs: outputs, id: "first"}
		for sentence, second := range map[string]struct {
			thing
			refused bool
		}{
			"a second one is refused":                     {thing{of: u.of, outputs: with(outputs, "size", 2.0)}, true},
			"so is the same again, but where AWS is kind": {thing{of: u.of, outputs: outputs}, u.scope != tolerant},
			"one with another name is not":                {thing{of: u.of, outputs: with(outputs, u.by[0], "other")}, false},
			"without a name it has one of its own":        {thing{of: u.of, outputs: with(outputs, u.by[0], nil)}, false},
			"elsewhere it is refused if it is global":     {thing{of: u.of, outputs: outputs, region: "ap-northeast-1"}, u.scope == global},
		} {
			p := account(t, first)
			err := taken(p.store, second.resource(1), nil)
			if refused := err != nil && strings.HasPrefix(err.Error(), code+":"); refused != second.refused {
				t.Errorf("%s: %s: %v", u.of, sentence, err)
			}
			if err != nil && strings.ContainsAny(err.Error(), "{}") {
				t.Errorf("%s: the refusal was not filled in: %v", u.of, err)
			}
		}
		p := account(t, first)
		self := p.store.List(u.of)[0]
		if err := taken(p.store, first.resource(0), self); err != nil {
			t.Errorf("%s: it stands in its own way: %v", u.of, err)
		}
	}
}

func with(outputs map[string]any, key string, value any) map[string]any {
	all := map[string]any{key: value}
	for k, v := range outputs {
		if k != key {
			all[k] = v
		}
	}
	return all
}

func TestClaims(t *testing.T) {
	t.Parallel()
	for _, p := range presences {
		if p.source == "" {
			t.Errorf("%s: who says that it is refused?", p.of)
		}
	}
	const (
		topic, alarm = "aws:sns/topic:Topic", "aws:cloudwatch/metricAlarm:MetricAlarm"
		policies     = "aws:iam/rolePolicyAttachment:RolePolicyAttachment"
		versions     = "aws:s3/bucketVersioningV2:BucketVersioningV2"
		replication  = "aws:s3/bucketReplicationConfig:BucketReplicationConfig"
	)
	type props = map[string]any
	block := func(cidr string) thing {
		return thing{of: subnetType, outputs: props{"vpcId": "vpc", "cidrBlock": cidr}}
	}
	vpc := thing{of: vpcType, id: "vpc", outputs: props{"cidrBlock": "10.1.0.0/16"}}
	subnet := thing{of: subnetType, id: "subnet", outputs: props{"vpcId": "vpc", "cidrBlock": "10.1.0.0/20"}}
	internet := thing{of: gatewayType, outputs: props{"vpcId": "vpc"}}
	nat := thing{of: natType, outputs: props{"subnetId": "subnet", "allocationId": "eip"}}
	balancer := thing{of: balancerType, outputs: props{"subnets": []any{"subnet"}, "name": "edge"}}
	role := thing{of: roleType, outputs: props{"name": "r", "arn": "arn:r"}}
	may := thing{of: policies, outputs: props{"role": "r"}}
	record := func(set string, more props) thing {
		all := props{"zoneId": "Z", "name": "a.example", "type": "A", "setIdentifier": set}
		for k, v := range more {
			all[k] = v
		}
		return thing{of: recordType, outputs: all}
	}
	failover := func(kind string) props { return props{"failoverRoutingPolicies": []any{props{"type": kind}}} }
	for sentence, tt := range map[string]struct {
		have []thing
		make thing
		want string // a part of the refusal; "" if there is none
	}{
		"subnets side by side are fine":       {[]thing{vpc, subnet}, block("10.1.16.0/20"), ""},
		"a subnet over another is refused":    {[]thing{vpc, subnet}, block("10.1.8.0/24"), "InvalidSubnet.Conflict"},
		"a subnet outside its VPC is refused": {[]thing{vpc}, block("10.2.0.0/20"), "InvalidSubnet.Range"},
		"no NAT gateway before the internet gateway": {[]thing{vpc, subnet},
			nat, "Gateway.NotAttached: Network vpc has no Internet gateway"},
		"after it there is":                   {[]thing{vpc, subnet, internet}, nat, ""},
		"an Elastic IP is on one NAT gateway": {[]thing{vpc, subnet, internet, nat}, nat, "Resource.AlreadyAssociated"},
		"no public balancer before the internet gateway": {
			[]thing{vpc, subnet}, balancer, "InvalidSubnet: VPC vpc has no internet gateway"},
		"an alarm of the same name overwrites without a word": {[]thing{{of: alarm, outputs: props{"name": "a"}}},
			thing{of: alarm, outputs: props{"name": "a"}}, ""},
		"a topic in another shape is refused": {[]thing{{of: topic, outputs: props{"name": "t"}}},
			thing{of: topic, outputs: props{"name": "t", "fifoTopic": true}}, "InvalidParameter"},
		"its tags are no part of that": {[]thing{{of: topic, outputs: props{"name": "t"}}},
			thing{of: topic, outputs: props{"name": "t", "tags": "x"}}, ""},
		"a monitoring role without its policy is refused": {[]thing{role},
			thing{of: databaseType, outputs: props{"monitoringRoleArn": "arn:r"}}, "ENHANCED_MONITORING"},
		"with it, it is not": {[]thing{role, may},
			thing{of: databaseType, outputs: props{"monitoringRoleArn": "arn:r"}}, ""},
		"a dead-letter queue needs a role that may": {[]thing{role},
			thing{of: functionType, outputs: props{"name": "f", "role": "arn:r", "deadLetterConfig": props{"targetArn": "q"}}}, "SendMessage"},
		"replication needs versions": {[]thing{{of: bucketType, outputs: props{"bucket": "b"}}},
			thing{of: replication, outputs: props{"bucket": "b"}}, "Versioning must be 'Enabled'"},
		"and has them": {[]thing{{of: bucketType, outputs: props{"bucket": "b"}}, {of: versions, outputs: props{"bucket": "b"}}},
			thing{of: replication, outputs: props{"bucket": "b"}}, ""},
		"a second record of a name is refused": {[]thing{record("", nil)}, record("", nil), "but it already exists"},
		"capitals and a dot at the end make no other name": {[]thing{record("", nil)},
			record("", props{"name": "A.example."}), "but it already exists"},
		"one that may overwrite is not": {[]thing{record("", nil)},
			record("", props{"allowOverwrite": true}), ""},
		"a secondary beside a primary is fine": {[]thing{record("s", failover("PRIMARY"))},
			record("t", failover("SECONDARY")), ""},
		"a second primary is refused": {[]thing{record("s", failover("PRIMARY"))},
			record("t", failover("PRIMARY")), "InvalidChangeBatch"},
		"a simple record beside a routed one is refused": {[]thing{record("s", failover("PRIMARY"))},
			record("", nil), "is routed by failover"},
		"an alias to a record that is not there is refused": {nil,
			record("", props{"aliases": []any{props{"name": "b.example", "zoneId": "Z"}}}), "that target was not found"},
		"an alias to what is not of the zone is not ours": {nil,
			record("", props{"aliases": []any{props{"name": "elb", "zoneId": "ZELB"}}}), ""},
		"a secret that is about to be deleted keeps its name": {
			[]thing{{of: pendingPrefix + secretType, outputs: props{"name": "s", "deletionDate": "2999-01-01T00:00:00Z"}}},
			thing{of: secretType, outputs: props{"name": "s"}}, "already scheduled for deletion"},
		"until the day": {
			[]thing{{of: pendingPrefix + secretType, outputs: props{"name": "s", "deletionDate": "2001-01-01T00:00:00Z"}}},
			thing{of: secretType, outputs: props{"name": "s"}}, ""},
	} {
		t.Run(sentence, func(t *testing.T) {
			t.Parallel()
			p := account(t, tt.have...)
			made := tt.make.resource(99)
			err := p.claim(made, nil)
			if (err != nil) != (tt.want != "") || err != nil && !strings.Contains(err.Error(), tt.want) {
				t.Fatalf("error %v, want one that says %q", err, tt.want)
			}
			if there := p.store.Get(made.Region, made.Type, made.ID) != nil; there != (err == nil) {
				t.Errorf("it is recorded: %v", there)
			}
			p.Lenient(true)
			if err := p.claim(made, nil); err != nil {
				t.Errorf("it is refused in lenience: %v", err)
			}
		})
	}
}

func TestAReaderKeepsItsSource(t *testing.T) {
	t.Parallel()
	of := func(source string) *cloud.Resource {
		return thing{of: databaseType, outputs: map[string]any{"identifier": "r", "replicateSourceDb": source}}.resource(1)
	}
	for sentence, tt := range map[string]struct {
		before, after string
		refused       bool
	}{
		"a promotion clears it":          {"a", "", false},
		"the same again is no change":    {"a", "a", false},
		"another source is refused":      {"a", "b", true},
		"a primary follows nobody later": {"", "b", true},
	} {
		if err := unchangeable(of(tt.after), of(tt.before)); (err != nil) != tt.refused {
			t.Errorf("%s: error %v", sentence, err)
		}
	}
}

// Every row of the table keeps what others use, and lets go of what nobody does.
func TestNothingInUseGoes(t *testing.T) {
	t.Parallel()
	for _, u := range uses {
		it := thing{of: u.of, id: "it", outputs: map[string]any{"arn": "it", "name": "it"}}
		for typ, output := range u.users {
			for name, refused := range map[string]bool{"it": true, "another": false} {
				value := map[string]any{output: name}
				if list, field, nested := strings.Cut(output, "."); nested {
					value = map[string]any{list: []any{map[string]any{field: name}}}
				}
				p := account(t, it, thing{of: typ, outputs: value})
				if err := inUse(p.store, it.resource(0)); (err != nil) != refused {
					t.Errorf("%s, and %s names %s: %v", u.of, typ, name, err)
				}
			}
		}
	}
	vpc := thing{of: subnetType, id: "subnet", outputs: map[string]any{"vpcId": "vpc"}}
	gateway := thing{of: gatewayType, outputs: map[string]any{"vpcId": "vpc"}}
	nat := thing{of: natType, outputs: map[string]any{"subnetId": "subnet"}}
	err := inUse(account(t, vpc, gateway, nat).store, gateway.resource(1))
	if err == nil || !strings.Contains(err.Error(), "mapped public address") {
		t.Errorf("an internet gateway with a NAT gateway behind it goes: %v", err)
	}
}
