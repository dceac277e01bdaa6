package engine_test

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"newsfeed/localcloud/engine"
	"newsfeed/localcloud/paper"
)

// open is the engine over a project of one stack, on paper.
func open(t *testing.T, program pulumi.RunFunc) *engine.Engine {
	t.Helper()
	dir := t.TempDir()
	for name, content := range map[string]string{
		"Pulumi.yaml": "name: test\nruntime: go\n", "Pulumi.s.yaml": "config:\n  aws:region: ap-northeast-2\n"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if bin, err := filepath.Abs("../../.local/bin"); err == nil && !strings.Contains(os.Getenv("PATH"), bin) {
		os.Setenv("PATH", os.Getenv("PATH")+":"+bin) // where 'make build' puts the CLI
	}
	project, err := engine.Load(dir, filepath.Join(dir, "local"), filepath.Join(dir, "feed"))
	if err == nil {
		err = project.Ready(io.Discard)
	}
	if err != nil {
		t.Fatal(err)
	}
	cloud, err := paper.Open(filepath.Join(dir, "cloud"), paper.Functions())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(cloud.Close)
	return &engine.Engine{Project: project, Program: program, Provider: cloud.Port, Out: io.Discard, Scratch: true}
}

// nat declares a NAT gateway in a VPC with an internet gateway, which it waits
// for or not. It does so by tokens: the SDK's package for ec2 takes minutes to
// compile.
func nat(waits bool) pulumi.RunFunc {
	return func(ctx *pulumi.Context) (err error) {
		add := func(name, typ string, in pulumi.Map, opts ...pulumi.ResourceOption) *pulumi.CustomResourceState {
			r := &pulumi.CustomResourceState{}
			err = errors.Join(err, ctx.RegisterResource(typ, name, in, r, opts...))
			return r
		}
		vpc := add("vpc", "aws:ec2/vpc:Vpc", pulumi.Map{"cidrBlock": pulumi.String("10.9.0.0/16")})
		internet := add("internet", "aws:ec2/internetGateway:InternetGateway", pulumi.Map{"vpcId": vpc.ID()})
		subnet := add("subnet", "aws:ec2/subnet:Subnet", pulumi.Map{"vpcId": vpc.ID(), "cidrBlock": pulumi.String("10.9.0.0/20")})
		address := add("address", "aws:ec2/eip:Eip", pulumi.Map{"domain": pulumi.String("vpc")})
		var opts []pulumi.ResourceOption
		if waits {
			opts = append(opts, pulumi.DependsOn([]pulumi.Resource{internet}))
		}
		add("nat", "aws:ec2/natGateway:NatGateway", pulumi.Map{"subnetId": subnet.ID(), "allocationId": address.ID()}, opts...)
		return err
	}
}

// A program is refused for what it leaves to luck before the engine has any.
func TestPreviewAndUpRefuseWhatIsLeftToLuck(t *testing.T) {
	t.Parallel()
	e := open(t, nat(false))
	for name, run := range map[string]func() (engine.Result, error){
		"preview": func() (engine.Result, error) { return e.Preview(t.Context(), "s") },
		"up":      func() (engine.Result, error) { return e.Up(t.Context(), "s") },
	} {
		result, err := run()
		for _, want := range []string{"nat (ec2/natGateway)", "internet", "Gateway.NotAttached", "pulumi.DependsOn", "EC2 API"} {
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%s: error %v, want one that says %q", name, err, want)
			}
		}
		for _, step := range result.Steps {
			if step.Name() == "nat" {
				t.Errorf("%s: the engine heard of the NAT gateway", name)
			}
		}
	}
}

func TestWhatIsDeclaredComesUp(t *testing.T) {
	t.Parallel()
	if _, err := open(t, nat(true)).Up(t.Context(), "s"); err != nil {
		t.Error(err)
	}
}

func TestAnyOrderIsTakenWhereSaidSo(t *testing.T) {
	t.Parallel()
	e := open(t, nat(false))
	e.AnyOrder = true
	if _, err := e.Preview(t.Context(), "s"); err != nil {
		t.Error(err)
	}
}

// What stops a destroy on AWS does not stop it here.
func TestDestroyTakesWhatIsProtected(t *testing.T) {
	t.Parallel()
	e := open(t, func(ctx *pulumi.Context) error {
		var database, balancer pulumi.CustomResourceState
		protected := pulumi.Bool(true)
		return errors.Join(
			ctx.RegisterResource("aws:rds/instance:Instance", "database", pulumi.Map{"instanceClass": pulumi.String("db.t4g.medium"),
				"engine": pulumi.String("mysql"), "allocatedStorage": pulumi.Int(20), "username": pulumi.String("a"),
				"password": pulumi.String("correct-horse"), "deletionProtection": protected}, &database, pulumi.Protect(true)),
			ctx.RegisterResource("aws:lb/loadBalancer:LoadBalancer", "balancer", pulumi.Map{"internal": pulumi.Bool(true),
				"subnets": pulumi.ToStringArray([]string{"a", "b"}), "enableDeletionProtection": protected}, &balancer))
	})
	if _, err := e.Up(t.Context(), "s"); err != nil {
		t.Fatal(err)
	}
	result, err := e.Destroy(t.Context(), "s")
	if err != nil || result.Changes["delete"] < 2 {
		t.Errorf("destroy did %v: %v", result.Changes, err)
	}
}
