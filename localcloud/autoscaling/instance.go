package autoscaling

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"net/netip"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"newsfeed/localcloud/elb"
	"newsfeed/localcloud/process"
)

// State is an instance's lifecycle state, in the words of AWS.
type State string

// The lifecycle states.
const (
	Pending        State = "Pending"
	PendingWait    State = "Pending:Wait"
	PendingProceed State = "Pending:Proceed"
	InService      State = "InService"
	Terminating    State = "Terminating"
)

// instance is one machine.
type instance struct {
	id, subnet, zone string
	template         *template
	dir              string
	launched         time.Time
	again            bool // it was in service before the local cloud restarted

	ctx     context.Context // of what it runs
	end     context.CancelFunc
	running sync.WaitGroup // its boot and its units

	// The group's mutex guards these.
	state     State
	addr      netip.Addr
	forget    func()    // gives back its credentials
	booted    time.Time // its units are being started; zero before that
	joined    time.Time // in service since; zero when it was so before a restart
	ready     bool      // it was healthy, in service and warm once
	unhealthy string    // why, in the words of AWS; "" is healthy
	actions   []*action // of launch hooks
	activity  *activity // its launch, then its end
	killed    bool      // its processes are not asked to stop
	procs     map[string]*process.Process
}

// newInstance makes an instance of the template; id is "" for a new one. g.mu
// is held.
func (g *group) newInstance(id, subnet string, t *template) *instance {
	if id == "" {
		raw := make([]byte, 9)
		rand.Read(raw)
		id = "i-" + hex.EncodeToString(raw)[:17]
	}
	i := &instance{
		id: id, subnet: subnet, template: t, dir: filepath.Join(g.service.groupDir(g.spec.region, g.spec.name), id),
		launched: g.service.Clock.Now().UTC(), state: Pending, procs: map[string]*process.Process{}, forget: func() {},
	}
	if r := g.service.Store.Get(g.spec.region, subnetType, subnet); r != nil {
		i.zone = r.String("availabilityZone")
	}
	i.ctx, i.end = context.WithCancel(g.ctx)
	g.instances = append(g.instances, i)
	return i
}

// is says whether the instance runs that version of a launch template.
func (i *instance) is(t *template) bool {
	return i.template.id == t.id && i.template.number == t.number
}

// pending says whether its launch is not over.
func (i *instance) pending() bool { return strings.HasPrefix(string(i.state), string(Pending)) }

// health is HealthStatus, in the words of AWS.
func (i *instance) health() string {
	if i.unhealthy != "" {
		return "Unhealthy"
	}
	return "Healthy"
}

// pid is that of the first unit's process, 0 when it does not run.
func (i *instance) pid() int {
	if p := i.procs[i.template.boot.units[0].name]; p != nil && p.Running() {
		return p.PID()
	}
	return 0
}

// target is the instance as its target groups know it.
func (i *instance) target() (elb.Target, error) {
	for _, kv := range i.template.boot.env {
		if text, ok := strings.CutPrefix(kv, "NEWSFEED_PORT="); ok {
			port, err := strconv.ParseUint(text, 10, 16)
			return elb.Target{ID: i.id, Addr: netip.AddrPortFrom(i.addr, uint16(port))}, err
		}
	}
	return elb.Target{}, invalid("user data sets no NEWSFEED_PORT")
}

// register puts the instance behind the group's target groups. g.mu is held.
func (g *group) register(i *instance) error {
	if len(g.spec.targetGroups) == 0 {
		return nil
	}
	t, err := i.target()
	if err != nil {
		return err
	}
	for _, tg := range g.spec.targetGroups {
		if err := g.service.Balancer.Register(tg, t); err != nil {
			return err
		}
	}
	return nil
}

// drop takes an instance that is dead out of its target groups. g.mu is held.
func (g *group) drop(i *instance) {
	for _, tg := range g.spec.targetGroups {
		g.service.Balancer.Drop(tg, i.id)
	}
}

// emptiest is a subnet in the Availability Zone with the fewest instances. g.mu is held.
func (g *group) emptiest() string {
	used := map[string]int{}
	for _, i := range g.instances {
		if i.state != Terminating {
			used[i.subnet]++
		}
	}
	return slices.MinFunc(g.spec.subnets, func(a, b string) int { return used[a] - used[b] })
}
