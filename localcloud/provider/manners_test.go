package provider_test

import (
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/auto/optdestroy"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// TestRefusals runs pairs of programs through the engine: what is refused when
// they are made the one after the other, or destroyed, as AWS and its provider
// refuse it.
func TestRefusals(t *testing.T) {
	t.Parallel()
	const (
		vpcType, subnetType, balancerType = "aws:ec2/vpc:Vpc", "aws:ec2/subnet:Subnet", "aws:lb/loadBalancer:LoadBalancer"
		databaseType, bucketType          = "aws:rds/instance:Instance", "aws:s3/bucketV2:BucketV2"
		objectType, providerType          = "aws:s3/bucketObjectv2:BucketObjectv2", "aws:iam/openIdConnectProvider:OpenIdConnectProvider"
	)
	subnet := func(zone string, blocks ...string) pulumi.RunFunc {
		return program(func(d *resources) {
			d.add("vpc", vpcType, pulumi.Map{"cidrBlock": str("10.1.0.0/16")})
			for _, block := range blocks {
				d.add("subnet "+block, subnetType, pulumi.Map{"vpcId": d.made["vpc"].ID(), "cidrBlock": str(block), "availabilityZone": str(zone)})
			}
		})
	}
	database := func(more pulumi.Map) pulumi.RunFunc {
		in := pulumi.Map{"instanceClass": str("db.t4g.medium"), "identifier": str("db"), "skipFinalSnapshot": pulumi.Bool(true)}
		for key, value := range more {
			in[key] = value
		}
		return declare(databaseType, in)
	}
	from := func(source string) pulumi.Map {
		return pulumi.Map{"replicateSourceDb": str("arn:aws:rds:ap-northeast-1:000000000000:db:" + source)}
	}
	bucket := func(force bool) pulumi.RunFunc {
		return program(func(d *resources) {
			d.add("bucket", bucketType, pulumi.Map{"bucket": str("media"), "forceDestroy": pulumi.Bool(force)})
			d.add("object", objectType, pulumi.Map{"bucket": str("media"), "key": str("k"), "content": str("c")},
				pulumi.DependsOn([]pulumi.Resource{d.made["bucket"]}), pulumi.RetainOnDelete(true))
		})
	}
	for sentence, tt := range map[string]struct {
		before, after pulumi.RunFunc // after is nil to destroy
		want          string
	}{
		"two subnets of one block": {nil, subnet("a", "10.1.0.0/20", "10.1.8.0/24"), "InvalidSubnet.Conflict"},
		"a subnet that moves: the new one comes first": {
			subnet("a", "10.1.0.0/20"), subnet("b", "10.1.0.0/20"), "InvalidSubnet.Conflict"},
		"GitHub's provider, twice": {nil, program(func(d *resources) {
			for _, name := range []string{"one", "two"} {
				d.add(name, providerType, pulumi.Map{
					"url": str("https://token.actions.githubusercontent.com"), "clientIdLists": list("sts.amazonaws.com")})
			}
		}), "EntityAlreadyExists"},
		"a reader of another source": {database(from("a")), database(from("b")), "cannot elect new source database"},
		"a database that is protected is not destroyed": {
			database(pulumi.Map{"deletionProtection": pulumi.Bool(true)}), nil, "Cannot delete protected DB Instance"},
		"a balancer that is protected is not destroyed": {declare(balancerType, pulumi.Map{"internal": pulumi.Bool(true),
			"subnets": list("a", "b"), "enableDeletionProtection": pulumi.Bool(true)}), nil, "deletion protection is enabled"},
		"a database without a name for its last snapshot is not destroyed": {
			database(pulumi.Map{"skipFinalSnapshot": pulumi.Bool(false)}), nil, "final_snapshot_identifier is required"},
		"a bucket that is not empty is not destroyed":    {bucket(false), nil, "BucketNotEmpty"},
		"one that may be destroyed with its contents is": {bucket(true), nil, ""},
	} {
		t.Run(sentence, func(t *testing.T) {
			t.Parallel()
			e := newEngine(t, nil)
			if tt.before != nil {
				if _, err := e.up(tt.before); err != nil {
					t.Fatal(err)
				}
			}
			var err error
			if tt.after != nil {
				_, err = e.up(tt.after)
			} else {
				_, err = e.stack.Destroy(t.Context(), optdestroy.SuppressOutputs())
			}
			if (err != nil) != (tt.want != "") || err != nil && !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %v, want one that says %q", err, tt.want)
			}
		})
	}
}

// What names a database anew replaces it, and its data with it.
func TestADatabaseIsReplacedForItsName(t *testing.T) {
	t.Parallel()
	of := func(key, value string) pulumi.RunFunc {
		return declare("aws:rds/instance:Instance", pulumi.Map{"instanceClass": str("db.t4g.medium"), key: str(value)})
	}
	for _, key := range []string{"dbName", "username"} {
		t.Run(key, func(t *testing.T) {
			t.Parallel()
			e := newEngine(t, nil)
			if _, err := e.up(of(key, "a")); err != nil {
				t.Fatal(err)
			}
			ops, err := e.preview(of(key, "b"))
			if err != nil || strings.Join(ops["it"], " ") != "create-replacement replace delete-replaced" {
				t.Errorf("another %s does %v: %v", key, ops["it"], err)
			}
		})
	}
}
