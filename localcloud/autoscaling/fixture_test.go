package autoscaling_test

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/autoscaling"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling/types"

	"newsfeed/localcloud/autoscaling"
	"newsfeed/localcloud/clock"
	"newsfeed/localcloud/cloud"
	"newsfeed/localcloud/elb"
	"newsfeed/localcloud/endpoint"
)

const region = "ap-northeast-2"

// pace makes a boot last 75 ms, a heartbeat of 300 s half a second, and the
// hour of a refresh six seconds.
const pace = 600

// group is a group of two over programs of the test's own.
type group struct {
	t        *testing.T
	service  *autoscaling.Service
	config   autoscaling.Config
	balancer *balancer
	objects  *files
	alarms   *alarms
	client   *sdk.Client
	template *cloud.Resource
	resource *cloud.Resource
	dir      string
	units    string // after the [Service] line of feed.service
	more     string // of user data
	url      string // of the API

	mu     sync.Mutex
	wall   time.Duration // that the clock is ahead
	events []autoscaling.Event
}

// serves is a program that runs until it is told to stop.
const serves = `exec sleep 60`

func newGroup(t *testing.T, program string, tweak map[string]any, options ...func(*group)) *group {
	t.Helper()
	g := &group{
		t: t, dir: t.TempDir(), units: "Restart=always\nRestartSec=5\n", objects: &files{path: map[string]string{}}, alarms: &alarms{},
		balancer: &balancer{targets: map[string]elb.Target{}, health: func(string) elb.State { return elb.Healthy }},
	}
	for _, option := range options {
		option(g)
	}
	if err := os.Mkdir(filepath.Join(g.dir, "log"), 0o700); err != nil {
		t.Fatal(err)
	}
	store, err := cloud.OpenStore(filepath.Join(g.dir, "records"))
	if err != nil {
		t.Fatal(err)
	}
	addresses, err := cloud.OpenAddresses(g.dir, store)
	if err != nil {
		t.Fatal(err)
	}
	c := clock.New(pace)
	c.Wall = func() time.Time {
		g.mu.Lock()
		defer g.mu.Unlock()
		return time.Now().Add(g.wall)
	}
	g.config = autoscaling.Config{
		Dir: filepath.Join(g.dir, "asg"), Logs: filepath.Join(g.dir, "log"), Store: store, Addresses: addresses,
		Balancer: g.balancer, Objects: g.objects, Clock: c, Alarms: g.alarms, Notify: g.hear,
		Env: func(string) []string { return []string{"PATH=" + os.Getenv("PATH"), "AWS_ENDPOINT_URL=" + g.url} },
	}
	subnet := &cloud.Resource{Type: "aws:ec2/subnet:Subnet", ID: "subnet", Region: region, Outputs: map[string]any{
		"cidrBlock": fmt.Sprintf("10.%d.0.0/24", 150+rand.IntN(100)), "availabilityZone": "ap-northeast-2a"}}
	if err := store.Put(subnet); err != nil {
		t.Fatal(err)
	}
	g.start()
	g.release(program)
	inputs := map[string]any{
		"arn":     "arn:aws:autoscaling:" + region + ":000000000000:autoScalingGroup:1:autoScalingGroupName/web",
		"minSize": 2.0, "maxSize": 4.0, "vpcZoneIdentifiers": []any{"subnet"}, "targetGroupArns": []any{"tg"},
		"healthCheckType": "ELB", "healthCheckGracePeriod": 60.0, "launchTemplate": declared("1"),
	}
	maps.Copy(inputs, tweak)
	g.resource = &cloud.Resource{Type: "aws:autoscaling/group:Group", ID: "web", Region: region, Inputs: inputs, Outputs: maps.Clone(inputs)}
	return g
}

// declared is how a program names a version of the template.
func declared(version string) map[string]any { return map[string]any{"id": "lt", "version": version} }

// start makes a service, and its API, of the group's files.
func (g *group) start() {
	g.service = autoscaling.New(g.config)
	g.t.Cleanup(g.service.Close)
	server := httptest.NewServer(endpoint.New(map[string]endpoint.Service{"autoscaling": g.service}))
	g.t.Cleanup(server.Close)
	g.url = server.URL
	g.client = sdk.New(sdk.Options{Region: region, BaseEndpoint: &g.url, RetryMaxAttempts: 1,
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "test", SecretAccessKey: "test"}, nil
		})})
}

func (g *group) hear(e autoscaling.Event) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.events = append(g.events, e)
}

func (g *group) heard(detailType string) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return slices.ContainsFunc(g.events, func(e autoscaling.Event) bool { return e.DetailType == detailType })
}

// release makes a template version of a program.
func (g *group) release(program string) {
	g.t.Helper()
	text := "#!/bin/sh\n" + program + "\n"
	sum := sha256.Sum256([]byte(text))
	digest := hex.EncodeToString(sum[:])
	file := filepath.Join(g.dir, digest)
	if err := os.WriteFile(file, []byte(text), 0o700); err != nil {
		g.t.Fatal(err)
	}
	g.objects.put("feed/"+digest, file)
	g.version("feed/" + digest)
}

// version makes a template version that fetches a key.
func (g *group) version(key string) {
	g.t.Helper()
	userData := "#cloud-config\nwrite_files:\n" +
		"- path: /etc/newsfeed/feed.env\n  content: |\n    NEWSFEED_PORT=8080\n    NEWSFEED_ARTIFACT=s3://b/" + key + "\n" +
		"- path: /etc/systemd/system/feed.service\n  content: |\n    [Service]\n    ExecStart=/opt/newsfeed/feed web\n" +
		strings.ReplaceAll("\n"+g.units, "\n", "\n    ") + "\n" + g.more
	next := &cloud.Resource{Type: "aws:ec2/launchTemplate:LaunchTemplate", ID: "lt", Region: region, Outputs: map[string]any{
		"latestVersion": 1.0, "name": "web", "userData": base64.StdEncoding.EncodeToString([]byte(userData))}}
	if g.template != nil {
		next.Outputs["latestVersion"] = g.template.Outputs["latestVersion"].(float64) + 1
	}
	if err := g.config.Store.Put(next); err != nil {
		g.t.Fatal(err)
	}
	if err := g.service.Bodies()[next.Type].Apply(g.t.Context(), next, g.template); err != nil {
		g.t.Fatal(err)
	}
	g.template = next
}

func (g *group) must() *group {
	g.t.Helper()
	if err := g.service.Apply(g.t.Context(), g.resource, nil); err != nil {
		g.t.Fatal(err)
	}
	return g
}

// update declares other properties, as the engine does.
func (g *group) update(changes map[string]any) error {
	old := *g.resource
	next := *g.resource
	next.Inputs, next.Outputs = maps.Clone(old.Inputs), maps.Clone(old.Outputs)
	maps.Copy(next.Inputs, changes)
	maps.Copy(next.Outputs, changes)
	g.resource = &next
	return g.service.Apply(g.t.Context(), &next, &old)
}

func (g *group) status() autoscaling.Status { return g.service.Status()[0] }

func (g *group) eventually(what string, check func(autoscaling.Status) error) {
	g.t.Helper()
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		err := check(g.status())
		if err == nil {
			return
		}
		if time.Now().After(deadline) {
			g.t.Fatalf("%s: %v; %+v; refreshes %s", what, err, g.status(), g.refreshes())
		}
	}
}

// running waits until every instance runs its process.
func (g *group) running() (st autoscaling.Status) {
	g.t.Helper()
	g.eventually("running", func(now autoscaling.Status) error {
		for _, i := range now.Instances {
			if i.PID == 0 {
				return fmt.Errorf("%s does not run", i.ID)
			}
		}
		st = now
		return nil
	})
	return st
}

// kill ends the process of an instance.
func (g *group) kill(id string) {
	g.t.Helper()
	for _, i := range g.running().Instances {
		if i.ID == id {
			if err := syscall.Kill(i.PID, syscall.SIGKILL); err != nil {
				g.t.Fatal(err)
			}
		}
	}
}

// refreshes tells the newest refresh's status and reason.
func (g *group) refreshes() string {
	out, err := g.client.DescribeInstanceRefreshes(g.t.Context(),
		&sdk.DescribeInstanceRefreshesInput{AutoScalingGroupName: aws.String("web")})
	if err != nil {
		return err.Error()
	}
	if len(out.InstanceRefreshes) == 0 {
		return "none"
	}
	r := out.InstanceRefreshes[0]
	return string(r.Status) + " " + aws.ToString(r.StatusReason)
}

// pointer is the version that AWS has the group at.
func (g *group) pointer() string {
	g.t.Helper()
	return aws.ToString(g.describe().LaunchTemplate.Version)
}

func (g *group) describe() types.AutoScalingGroup {
	g.t.Helper()
	out, err := g.client.DescribeAutoScalingGroups(g.t.Context(),
		&sdk.DescribeAutoScalingGroupsInput{AutoScalingGroupNames: []string{"web"}})
	if err != nil || len(out.AutoScalingGroups) != 1 {
		g.t.Fatalf("%v %v", out, err)
	}
	return out.AutoScalingGroups[0]
}

// full is nil when the group has its size, all of one version; 0: of any.
func full(version int) func(autoscaling.Status) error {
	return func(st autoscaling.Status) error {
		for _, i := range st.Instances {
			if version != 0 && i.Version != version {
				return fmt.Errorf("instance %s is of version %d", i.ID, i.Version)
			}
		}
		if st.InService() != st.Desired || len(st.Instances) != st.Desired {
			return fmt.Errorf("%d of %d in service", st.InService(), st.Desired)
		}
		return nil
	}
}

// without is full, and the instance is not there.
func without(id string) func(autoscaling.Status) error {
	return func(st autoscaling.Status) error {
		if slices.ContainsFunc(st.Instances, func(i autoscaling.InstanceStatus) bool { return i.ID == id }) {
			return fmt.Errorf("%s is still there", id)
		}
		return full(0)(st)
	}
}

// watch fails the test when fewer than n are in service, or one that is named
// is ended, until the returned function is called.
func (g *group) watch(n int, keep ...string) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	wg.Go(func() {
		for ; ctx.Err() == nil; time.Sleep(2 * time.Millisecond) {
			st := g.status()
			if st.InService() < n {
				g.t.Errorf("%d in service, want %d at least: %+v", st.InService(), n, st)
				return
			}
			for _, id := range keep {
				serves := func(i autoscaling.InstanceStatus) bool { return i.ID == id && i.State == autoscaling.InService }
				if !slices.ContainsFunc(st.Instances, serves) {
					g.t.Errorf("healthy instance %s was lost: %+v", id, st)
					return
				}
			}
		}
	})
	return func() { cancel(); wg.Wait() }
}

func ids(st autoscaling.Status) (all []string) {
	for _, i := range st.Instances {
		all = append(all, i.ID)
	}
	return all
}
