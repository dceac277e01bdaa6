package infra

import (
	"slices"
	"testing"
)

// blocks are the CIDRs of the subnets, by name.
func blocks(t *testing.T, azs ...any) map[string]any {
	t.Helper()
	p := mustDeploy(t, "seoul", settings{"network.azs": list(azs)})
	all := map[string]any{}
	for _, name := range p.named("aws:ec2/subnet:Subnet") {
		all[name] = p.Resources[name].Inputs["cidrBlock"]
	}
	return all
}

// A block that moved to another subnet would still be the old one's while the
// new one is made, and AWS would refuse it.
func TestABlockBelongsToItsZone(t *testing.T) {
	t.Parallel()
	usual := blocks(t, "ap-northeast-2a", "ap-northeast-2b", "ap-northeast-2c")
	for sentence, azs := range map[string]list{
		"in another order":               {"ap-northeast-2c", "ap-northeast-2a", "ap-northeast-2b"},
		"with one taken from the middle": {"ap-northeast-2a", "ap-northeast-2c"},
		"with another in its place":      {"ap-northeast-2a", "ap-northeast-2c", "ap-northeast-2d"},
	} {
		seen := []any{}
		for name, block := range blocks(t, azs...) {
			if was, had := usual[name]; had && was != block {
				t.Errorf("%s: %s moves from %v to %v", sentence, name, was, block)
			}
			if slices.Contains(seen, block) {
				t.Errorf("%s: %v is there twice", sentence, block)
			}
			seen = append(seen, block)
		}
	}
}

func TestTheSingleNATStaysInItsZone(t *testing.T) {
	t.Parallel()
	for _, azs := range []list{{"ap-northeast-2a", "ap-northeast-2c"}, {"ap-northeast-2c", "ap-northeast-2a"}} {
		p := mustDeploy(t, "seoul", settings{"network.nat": "single", "network.azs": azs})
		if got := p.Resources["network-nat-a"].Inputs["subnetId"]; got != "${network-public-a-subnet}" {
			t.Errorf("%v: the gateway is in %v", azs, got)
		}
	}
}

func TestARegionWithoutInstancesPaysForNoGateway(t *testing.T) {
	t.Parallel()
	for _, strategy := range []Strategy{BackupRestore, PilotLight} {
		p := mustDeploy(t, "tokyo", settings{"strategy": string(strategy), "network.endpoints": list{"ssm"}})
		for _, token := range []string{"aws:ec2/natGateway:NatGateway", "aws:ec2/eip:Eip"} {
			if names := p.named(token); len(names) > 0 {
				t.Errorf("%s: has %v", strategy, names)
			}
		}
		if _, there := p.Resources["endpoints-ssm"]; there {
			t.Errorf("%s: has an interface endpoint", strategy)
		}
	}
}
