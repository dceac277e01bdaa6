package provider

import (
	"fmt"
	"net/netip"
	"strings"

	"newsfeed/localcloud/cloud"
)

// subnetConflict refuses a subnet outside its VPC's block, or over another one
// (EC2, error codes InvalidSubnet.Range and InvalidSubnet.Conflict).
func subnetConflict(s *cloud.Store, r, self *cloud.Resource) error {
	block, err := netip.ParsePrefix(r.String("cidrBlock"))
	if err != nil {
		return nil // Check's to refuse
	}
	if vpc := s.Get(r.Region, vpcType, r.String("vpcId")); vpc != nil {
		whole, err := netip.ParsePrefix(vpc.String("cidrBlock"))
		if err == nil && (!whole.Contains(block.Addr()) || whole.Bits() > block.Bits()) {
			return fmt.Errorf("creating EC2 Subnet: InvalidSubnet.Range: The CIDR '%s' is invalid: it is not within %s of %s",
				block, whole, vpc.ID)
		}
	}
	for _, other := range s.List(subnetType) {
		there, err := netip.ParsePrefix(other.String("cidrBlock"))
		if err == nil && other != self && other.Region == r.Region && other.String("vpcId") == r.String("vpcId") && there.Overlaps(block) {
			return fmt.Errorf("creating EC2 Subnet: InvalidSubnet.Conflict: The CIDR '%s' conflicts with another subnet: %s (%s)",
				block, other.ID, there)
		}
	}
	return nil
}

// recordConflict refuses a second record of a name, type and set, and records of
// one name and type that are not chosen the same way. One that overwrites what
// is there by leave of the program conflicts with nothing. Route 53's words are
// known for the first kind only (terraform-provider-aws 36513); of the others it
// says that the set cannot be created as others of the name exist (cli53 257).
func recordConflict(s *cloud.Store, r, self *cloud.Resource) error {
	if r.Bool("allowOverwrite") {
		return nil
	}
	for _, other := range s.List(recordType) {
		if other == self || recordName(other) != recordName(r) || other.String("type") != r.String("type") || other.Bool("allowOverwrite") {
			continue
		}
		set, policy := r.String("setIdentifier"), routing(r)
		switch there := routing(other); {
		case other.String("setIdentifier") == set:
			return fmt.Errorf("creating Route53 Record: InvalidChangeBatch: [Tried to create resource record set "+
				"[name='%s.', type='%s'%s] but it already exists]", r.String("name"), r.String("type"), setNamed(set))
		case there.by != policy.by, policy.value != "" && there.value == policy.value:
			return fmt.Errorf("creating Route53 Record: InvalidChangeBatch: [RRSet with DNS name %s., type %s%s cannot be created "+
				"as other RRSets exist with the same name and type: %s is routed by %s %s, this one by %s %s]", r.String("name"), r.String("type"),
				setNamed(set), other.String("setIdentifier"), there.by, there.value, policy.by, policy.value)
		}
	}
	return nil
}

func setNamed(set string) string {
	if set == "" {
		return ""
	}
	return ", SetIdentifier " + set
}

// recordName is a record's zone and name, as Route 53 compares them.
func recordName(r *cloud.Resource) string {
	return r.String("zoneId") + " " + strings.ToLower(strings.TrimSuffix(r.String("name"), "."))
}

// route is how a record is chosen among those of its name.
type route struct{ by, value string }

func routing(r *cloud.Resource) route {
	var failover []struct{ Type string }
	var latency []struct{ Region string }
	if r.Decode("failoverRoutingPolicies", &failover) == nil && len(failover) > 0 {
		return route{"failover", failover[0].Type}
	}
	if r.Decode("latencyRoutingPolicies", &latency) == nil && len(latency) > 0 {
		return route{"latency", latency[0].Region}
	}
	for key, by := range map[string]string{"weightedRoutingPolicies": "weight", "geolocationRoutingPolicies": "geolocation"} {
		if list, _ := r.Outputs[key].([]any); len(list) > 0 {
			return route{by: by}
		}
	}
	if r.Bool("multivalueAnswerRoutingPolicy") {
		return route{by: "multivalue"}
	}
	return route{by: "nothing"}
}
