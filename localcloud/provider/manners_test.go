package provider_test

import (
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// database is one with all that RDS asks for, and more.
func database(d *resources, more pulumi.Map) pulumi.Map {
	in := pulumi.Map{"instanceClass": str("db.t4g.medium"), "identifier": str(d.own("db")), "engine": str("mysql"),
		"allocatedStorage": num(20), "username": str("a"), "password": str("correct-horse"), "skipFinalSnapshot": pulumi.Bool(true)}
	for key, value := range more {
		in[key] = value
	}
	if _, replica := more["replicateSourceDb"]; replica {
		delete(in, "username")
	}
	return in
}

// TestRefusals runs pairs of programs through the engine: what is refused when
// they are made the one after the other, or taken away, as AWS and its provider
// refuse it.
func TestRefusals(t *testing.T) {
	t.Parallel()
	const (
		balancerType, bucketType = "aws:lb/loadBalancer:LoadBalancer", "aws:s3/bucketV2:BucketV2"
		objectType, providerType = "aws:s3/bucketObjectv2:BucketObjectv2", "aws:iam/openIdConnectProvider:OpenIdConnectProvider"
	)
	subnet := func(zone string, blocks ...string) part {
		return func(d *resources) {
			d.add("vpc", vpcType, pulumi.Map{"cidrBlock": str("10.1.0.0/16")})
			for _, block := range blocks {
				d.add("subnet "+block, subnetType, pulumi.Map{"vpcId": d.made["vpc"].ID(), "cidrBlock": str(block),
					"availabilityZone": str("ap-northeast-2" + zone)})
			}
		}
	}
	instance := func(more pulumi.Map) part {
		return one(instanceType, func(d *resources) pulumi.Map { return database(d, more) })
	}
	from := func(source string) pulumi.Map {
		return pulumi.Map{"replicateSourceDb": str("arn:aws:rds:ap-northeast-1:000000000000:db:" + source)}
	}
	bucket := func(force bool) part {
		return func(d *resources) {
			d.add("it", bucketType, pulumi.Map{"bucket": str(d.own("media")), "forceDestroy": pulumi.Bool(force)})
			d.add("object", objectType, pulumi.Map{"bucket": str(d.own("media")), "key": str("k"), "content": str("c")},
				pulumi.DependsOn([]pulumi.Resource{d.made["it"]}), pulumi.RetainOnDelete(true))
		}
	}
	// afterwards makes the first without a word; the second is what is judged.
	afterwards := func(before, after part, want string) []turn {
		return []turn{{declares: before}, {declares: after, want: want}}
	}
	newEngine(t, nil).take(map[string][]turn{
		"two subnets of one block": {{declares: subnet("a", "10.1.0.0/20", "10.1.8.0/24"), want: "InvalidSubnet.Conflict"}},
		"a subnet that moves: the new one comes first": afterwards(
			subnet("a", "10.1.0.0/20"), subnet("b", "10.1.0.0/20"), "InvalidSubnet.Conflict"),
		"GitHub's provider, twice": {{declares: func(d *resources) {
			for _, name := range []string{"one", "two"} {
				d.add(name, providerType, pulumi.Map{
					"url": str("https://token.actions.githubusercontent.com"), "clientIdLists": list("sts.amazonaws.com")})
			}
		}, want: "EntityAlreadyExists"}},
		"a reader of another source": afterwards(instance(from("a")), instance(from("b")), "cannot elect new source database"),
		"a database that is protected is not deleted": afterwards(
			instance(pulumi.Map{"deletionProtection": pulumi.Bool(true)}), nothing, "Cannot delete protected DB Instance"),
		"a balancer that is protected is not deleted": afterwards(one(balancerType, func(d *resources) pulumi.Map {
			return pulumi.Map{"name": str(d.own("edge")), "internal": pulumi.Bool(true),
				"subnets": list("a", "b"), "enableDeletionProtection": pulumi.Bool(true)}
		}), nothing, "deletion protection is enabled"),
		"a database without a name for its last snapshot is not deleted": afterwards(
			instance(pulumi.Map{"skipFinalSnapshot": pulumi.Bool(false)}), nothing, "final_snapshot_identifier is required"),
		"a bucket that is not empty is not deleted":    afterwards(bucket(false), nothing, "BucketNotEmpty"),
		"one that may be deleted with its contents is": afterwards(bucket(true), nothing, ""),
	}, nil)
}

// What names a database anew replaces it, and its data with it.
func TestADatabaseIsReplacedForItsName(t *testing.T) {
	t.Parallel()
	keys := []string{"dbName", "username"}
	databases := func(value string) pulumi.RunFunc {
		return program(func(d *resources) {
			for _, key := range keys {
				in := database(d, pulumi.Map{key: str(value)})
				delete(in, "identifier") // fixed, it would have the old one go first
				d.add(key, instanceType, in)
			}
		})
	}
	e := newEngine(t, nil)
	if _, err := e.up(databases("old")); err != nil {
		t.Fatal(err)
	}
	ops, err := e.preview(databases("new"))
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range keys {
		if got := strings.Join(ops[key], " "); got != "create-replacement replace delete-replaced" {
			t.Errorf("another %s does %v", key, got)
		}
	}
}
