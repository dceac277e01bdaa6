package autoscaling

import (
	"context"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"time"

	"newsfeed/localcloud/clock"
	"newsfeed/localcloud/cloud"
	"newsfeed/localcloud/elb"
	"newsfeed/localcloud/endpoint"
	"newsfeed/localcloud/process"
)

const (
	groupType    = "aws:autoscaling/group:Group"
	hookType     = "aws:autoscaling/lifecycleHook:LifecycleHook"
	scheduleType = "aws:autoscaling/schedule:Schedule"
	policyType   = "aws:autoscaling/policy:Policy"
	subnetType   = "aws:ec2/subnet:Subnet"
)

// Balancer is what a group needs of the load balancers: *elb.Service.
type Balancer interface {
	Register(targetGroupARN string, t elb.Target) error
	Deregister(ctx context.Context, targetGroupARN, id string) error
	Drop(targetGroupARN, id string)
	Health(targetGroupARN string) []elb.TargetHealth
	Changed(targetGroupARN string) <-chan struct{}
}

// Objects finds the file of an object: *s3.Service.
type Objects interface {
	Path(bucket, key string) (string, error)
}

// Alarms tells the state of a CloudWatch alarm: OK, ALARM or INSUFFICIENT_DATA.
type Alarms interface {
	State(region, name string) string
}

// Config says where the service keeps its files and whom it works with.
type Config struct {
	Dir, Logs string // the instances' files, and their logs when they are gone
	Store     *cloud.Store
	Addresses *cloud.Addresses
	Balancer  Balancer
	Objects   Objects
	Clock     *clock.Clock
	// Env is what an instance finds on any machine of the region besides its
	// user data: where the AWS endpoints are, and whom to trust.
	Env func(region string) []string

	// Allowance is what the real start of a program may take, at any pace, beyond
	// the times that AWS gives it: the pace shortens those, but no real work.
	Allowance time.Duration
	// Alarms judge an instance refresh; nil: none is ever on.
	Alarms Alarms
	// Identity opens what an instance gets its credentials from, and returns the
	// environment that leads there; nil: Env has them.
	Identity func(region, id string, addr netip.Addr, profile string) (env []string, end func(), err error)
	// Notify is told what AWS tells EventBridge; nil: nobody is.
	Notify func(Event)
}

// Service runs the groups of every region.
type Service struct {
	Config
	groups     process.Fleet[*group] // by ARN
	operations map[string]endpoint.QueryOperation
}

// New returns a service without groups.
func New(cfg Config) *Service {
	s := &Service{Config: cfg}
	s.operations = s.guarded(s.api())
	return s
}

// Bodies gives life to what the program declares.
func (s *Service) Bodies() map[string]cloud.Body {
	return map[string]cloud.Body{groupType: s, templateType: templates{s}, hookType: hooks{s}, scheduleType: schedules{s}}
}

// ServeAWS implements endpoint.Service.
func (s *Service) ServeAWS(w http.ResponseWriter, r *http.Request, region string) {
	endpoint.ServeQuery(w, r, region, "http://autoscaling.amazonaws.com/doc/2011-01-01/", s.operations)
}

// allowed is how long here lasts what gives a program d of AWS to start.
func (s *Service) allowed(d time.Duration) time.Duration { return s.Clock.Local(d) + s.Allowance }

// named finds a group that runs.
func (s *Service) named(region, name string) (*group, error) {
	for _, g := range s.groups.All() {
		if spec := g.declared(); spec.region == region && spec.name == name {
			return g, nil
		}
	}
	return nil, invalid("AutoScalingGroup name not found - %s", name)
}

func (s *Service) groupDir(region, name string) string {
	return filepath.Join(s.Dir, region+"-"+name)
}

// Remove ends the group and its instances.
func (s *Service) Remove(_ context.Context, r *cloud.Resource) error {
	if g, running := s.groups.Take(r.String("arn")); running {
		g.remove()
	}
	return os.RemoveAll(s.groupDir(r.Region, r.ID))
}

// Close ends every process of every group. The groups stay on record.
func (s *Service) Close() { s.groups.End("", (*group).close) }

// Halt implements cloud.Halter.
func (s *Service) Halt(region string) { s.groups.End(region, (*group).close) }

// Status tells every group's instances, by region and name.
func (s *Service) Status() []Status {
	all := s.groups.All()
	statuses := make([]Status, 0, len(all))
	for _, g := range all {
		statuses = append(statuses, g.status())
	}
	slices.SortFunc(statuses, func(a, b Status) int {
		return slices.Compare([]string{a.Region, a.Group}, []string{b.Region, b.Group})
	})
	return statuses
}
