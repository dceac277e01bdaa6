package autoscaling

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"newsfeed/localcloud/cloud"
	"newsfeed/localcloud/elb"
	"newsfeed/localcloud/process"
)

const (
	groupType    = "aws:autoscaling/group:Group"
	templateType = "aws:ec2/launchTemplate:LaunchTemplate"
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

// Service runs the groups of every region.
type Service struct {
	dir, logs string
	store     *cloud.Store
	addresses *cloud.Addresses
	balancer  Balancer
	objects   Objects
	// env is what an instance finds on any machine of the region besides its
	// user data: where the AWS endpoints are, and whom to trust.
	env    func(region string) []string
	groups process.Fleet[*group]
}

// New returns a service that keeps the instances' files under dir, and their
// logs in logs when they are gone.
func New(dir, logs string, store *cloud.Store, addresses *cloud.Addresses, balancer Balancer, objects Objects, env func(region string) []string) *Service {
	return &Service{dir: dir, logs: logs, store: store, addresses: addresses, balancer: balancer, objects: objects, env: env}
}

// Bodies gives life to groups.
func (s *Service) Bodies() map[string]cloud.Body { return map[string]cloud.Body{groupType: s} }

// Apply makes the group what r says and returns when it has its instances, in
// service. A changed launch template is rolled out after it has returned, as
// on AWS; Status shows how far it is.
func (s *Service) Apply(ctx context.Context, r, _ *cloud.Resource) error {
	spec, err := s.read(r)
	if err != nil {
		return err
	}
	g, running := s.groups.Get(spec.arn)
	if running {
		g.change(spec)
	} else {
		if err := s.clear(spec); err != nil {
			return err
		}
		g = newGroup(s, spec)
		s.groups.Put(spec.arn, g)
	}
	r.Outputs["desiredCapacity"] = float64(spec.desired)
	if err := g.waitInService(ctx, spec.wait); err != nil {
		return &cloud.NotReadyError{Reason: err}
	}
	return nil
}

// spec is what the program declared of a group.
type spec struct {
	name, region, arn string
	subnets           []string
	targetGroups      []string
	desired           int
	checkTargets      bool // healthCheckType ELB
	grace             time.Duration
	wait              time.Duration
	template          string // id
	version           int
	boot              *boot
}

func (s *Service) read(r *cloud.Resource) (*spec, error) {
	id, err := templateOf(r)
	if err != nil {
		return nil, err
	}
	template := s.store.Get(r.Region, templateType, id)
	if template == nil {
		return nil, fmt.Errorf("launch template %q does not exist", id)
	}
	boot, err := parseUserData(template.String("userData"))
	if err != nil {
		return nil, err
	}
	wait, err := time.ParseDuration(r.String("waitForCapacityTimeout"))
	if err != nil {
		return nil, fmt.Errorf("waitForCapacityTimeout: %w", err)
	}
	minSize, maxSize := r.Int("minSize", 0), r.Int("maxSize", 0)
	return &spec{
		name: r.ID, region: r.Region, arn: r.String("arn"),
		subnets:      r.Strings("vpcZoneIdentifiers"),
		targetGroups: r.Strings("targetGroupArns"),
		desired:      min(max(r.Int("desiredCapacity", minSize), minSize), maxSize),
		checkTargets: r.String("healthCheckType") == "ELB",
		grace:        time.Duration(r.Int("healthCheckGracePeriod", 300)) * time.Second,
		wait:         wait,
		template:     id,
		version:      template.Int("latestVersion", 1),
		boot:         boot,
	}, nil
}

// templateOf is the id of a group's launch template; a group that mixes Spot in
// names it a level deeper.
func templateOf(r *cloud.Resource) (string, error) {
	var use struct{ ID string }
	var mixed struct {
		LaunchTemplate struct {
			LaunchTemplateSpecification struct {
				LaunchTemplateID string `json:"launchTemplateId"`
			}
		}
	}
	if err := errors.Join(r.Decode("launchTemplate", &use), r.Decode("mixedInstancesPolicy", &mixed)); err != nil {
		return "", err
	}
	return cmp.Or(use.ID, mixed.LaunchTemplate.LaunchTemplateSpecification.LaunchTemplateID), nil
}

// clear ends what an earlier run left of the group: its instances are not
// taken over, new ones start.
func (s *Service) clear(spec *spec) error {
	dirs, err := filepath.Glob(filepath.Join(s.groupDir(spec), "i-*"))
	if err != nil {
		return err
	}
	for _, dir := range dirs {
		if err := process.EndLeftover(dir, 0); err != nil {
			return err
		}
		if err := s.addresses.Release(filepath.Base(dir)); err != nil {
			return err
		}
		if err := os.RemoveAll(dir); err != nil {
			return err
		}
	}
	return nil
}

func (s *Service) groupDir(spec *spec) string {
	return filepath.Join(s.dir, spec.region+"-"+spec.name)
}

// Remove ends the group and its instances.
func (s *Service) Remove(_ context.Context, r *cloud.Resource) error {
	g, running := s.groups.Take(r.String("arn"))
	if !running {
		return os.RemoveAll(filepath.Join(s.dir, r.Region+"-"+r.ID))
	}
	g.close()
	return os.RemoveAll(s.groupDir(g.spec))
}

// Close ends every instance of every group.
func (s *Service) Close() { s.groups.End("", (*group).close) }

// Halt implements cloud.Halter.
func (s *Service) Halt(region string) { s.groups.End(region, (*group).close) }

// Status is how one group does.
type Status struct {
	Group     string           `json:"group"`
	Region    string           `json:"region"`
	Desired   int              `json:"desired"`
	Rolling   bool             `json:"rolling"` // some instances are of an older launch template
	Instances []InstanceStatus `json:"instances"`
}

// InService counts the instances that serve.
func (s Status) InService() int {
	n := 0
	for _, i := range s.Instances {
		if i.State == InService {
			n++
		}
	}
	return n
}

// InstanceStatus is how one instance does.
type InstanceStatus struct {
	ID      string `json:"id"`
	Address string `json:"address"`
	PID     int    `json:"pid"`
	State   State  `json:"state"`
	Version int    `json:"version"` // of the launch template
}

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
