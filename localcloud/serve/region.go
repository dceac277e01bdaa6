package serve

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"

	"newsfeed/localcloud/cloud"
	"newsfeed/localcloud/endpoint"
)

// RegionState is how a region is, for a rehearsal of its loss. A restart of the
// local cloud has every region up again.
type RegionState string

// The states of a region.
const (
	RegionUp   RegionState = "up"
	RegionDown RegionState = "down" // its API refuses every call; what runs goes on
	RegionDark RegionState = "dark" // and nothing in it runs or answers, as without power
)

// RegionStatus is a region that is not up.
type RegionStatus struct {
	Region  string      `json:"region"`
	State   RegionState `json:"state"`
	Refused int         `json:"refused"` // calls to its API since
}

func (d *Daemon) regions() []RegionStatus {
	var all []RegionStatus
	for region, refused := range d.provider.Refused() {
		st := RegionStatus{region, RegionDown, refused}
		if d.isDark(region) {
			st.State = RegionDark
		}
		all = append(all, st)
	}
	slices.SortFunc(all, func(a, b RegionStatus) int { return strings.Compare(a.Region, b.Region) })
	return all
}

func (d *Daemon) isDark(region string) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.dark[region]
}

// setRegion returns when the region is in that state: when all of it is back,
// for one that was dark.
func (d *Daemon) setRegion(ctx context.Context, region string, state RegionState) error {
	var there []*cloud.Resource // what halts with the region
	for _, r := range d.store.All() {
		if _, halts := d.bodies[r.Type].(cloud.Halter); halts && r.Region == region {
			there = append(there, r)
		}
	}
	if len(there) == 0 {
		return fmt.Errorf("nothing runs in region %q: 'localcloud status' shows where something does", region)
	}
	d.mu.Lock()
	was := d.dark[region]
	d.dark[region] = state == RegionDark || was && state == RegionDown
	d.mu.Unlock()
	d.provider.Refuse(region, state != RegionUp)
	switch {
	case state == RegionDark && !was:
		d.halt(region)
	case state == RegionUp && was:
		d.restore(ctx, there)
		return d.notBack()
	}
	return nil
}

// halt ends all that runs in a region.
func (d *Daemon) halt(region string) {
	var wg sync.WaitGroup
	for _, body := range d.bodies {
		if halter, ok := body.(cloud.Halter); ok {
			wg.Go(func() { halter.Halt(region) })
		}
	}
	wg.Wait()
}

// powered is a service that does not answer for a region that is dark.
type powered struct {
	endpoint.Service
	daemon *Daemon
}

func (p powered) ServeAWS(w http.ResponseWriter, r *http.Request, region string) {
	if p.daemon.isDark(region) {
		panic(http.ErrAbortHandler) // the connection ends without an answer
	}
	p.Service.ServeAWS(w, r, region)
}
