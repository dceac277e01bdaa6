package infra

import (
	"fmt"
	"net/netip"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// Peer is what this stack reads of the other one's outputs. They are read when
// the program runs, not when a resource is made: a missing one must fail the
// preview as well.
type Peer struct {
	Region      string
	Strategy    Strategy
	VPCID       string
	VPCCIDR     string
	RouteTables []string // private and isolated
	DatabaseARN string
	MediaBucket string
	KeyARN      string
}

// readPeer reads the peer's outputs, or returns nil if this stack needs none:
// a primary that does not own what joins the regions. So each stack can be
// brought up from nothing, the first region first; only after a failover do
// both read each other, and both are up by then.
func readPeer(ctx *pulumi.Context, c *Config) (*Peer, error) {
	if c.Role == Primary && !c.Network.Peering {
		return nil, nil
	}
	ref, err := pulumi.NewStackReference(ctx, fmt.Sprintf("%s/%s/%s", c.Organization, c.Project, c.Peer), nil)
	if err != nil {
		return nil, err
	}
	r := &reader{ref: ref, stack: c.Peer}
	p := &Peer{Region: read[string](r, "region"), Strategy: Strategy(read[string](r, "strategy")), VPCID: read[string](r, "vpcId"), VPCCIDR: read[string](r, "vpcCidr"),
		MediaBucket: read[string](r, "mediaBucket"), KeyARN: read[string](r, "keyArn")}
	for _, table := range read[[]any](r, "routeTables") {
		p.RouteTables = append(p.RouteTables, fmt.Sprint(table))
	}
	if c.Role == Standby || c.restored() {
		p.DatabaseARN = read[string](r, "databaseArn")
	}
	if r.err != nil {
		return nil, r.err
	}
	return p, c.validatePeer(p)
}

// reader reads outputs until the first error.
type reader struct {
	ref   *pulumi.StackReference
	stack string
	err   error
}

func read[T any](r *reader, output string) (value T) {
	if r.err != nil {
		return value
	}
	details, err := r.ref.GetOutputDetails(output)
	if err != nil {
		r.err = fmt.Errorf("newsfeed:peer: cannot read the outputs of stack %s: %w; bring it up first: make deploy STACK=%[1]s, or make up", r.stack, err)
		return value
	}
	value, ok := details.Value.(T)
	if !ok {
		r.missing(output)
	}
	return value
}

func (r *reader) missing(output string) {
	if r.err == nil {
		r.err = fmt.Errorf("newsfeed:peer: stack %s has no output %s: bring it up first: make deploy STACK=%[1]s, or make up", r.stack, output)
	}
}

// overlaps says whether two blocks share an address; false if one is no block.
func overlaps(a, b string) bool {
	x, errX := netip.ParsePrefix(a)
	y, errY := netip.ParsePrefix(b)
	return errX == nil && errY == nil && x.Overlaps(y)
}
