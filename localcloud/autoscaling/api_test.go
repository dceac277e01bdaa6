package autoscaling_test

import (
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/autoscaling"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling/types"

	"newsfeed/localcloud/autoscaling"
	"newsfeed/localcloud/cloud"
	"newsfeed/localcloud/endpoint"
)

func TestAPI(t *testing.T) {
	t.Parallel()
	g := newGroup(t, serves, map[string]any{
		"healthCheckType": "EC2", "defaultInstanceWarmup": 90.0, "waitForCapacityTimeout": "0",
		"initialLifecycleHooks":     hooked["initialLifecycleHooks"],
		"instanceMaintenancePolicy": map[string]any{"minHealthyPercentage": 100.0, "maxHealthyPercentage": 150.0},
		"tags":                      []any{map[string]any{"key": "Name", "value": "web & <more>", "propagateAtLaunch": true}},
		"launchTemplate":            nil,
		"mixedInstancesPolicy": map[string]any{
			"instancesDistribution": map[string]any{"onDemandBaseCapacity": 2.0},
			"launchTemplate": map[string]any{"launchTemplateSpecification": map[string]any{"launchTemplateId": "lt", "version": "1"},
				"overrides": []any{map[string]any{"instanceType": "m7g.large"}, map[string]any{"instanceType": "m6g.large"}}},
		},
	})
	delete(g.resource.Outputs, "launchTemplate")
	g.must()
	ctx, web := t.Context(), aws.String("web")
	id := g.waits()

	d := g.describe()
	mixed := d.MixedInstancesPolicy
	if *d.DesiredCapacity != 2 || *d.DefaultInstanceWarmup != 90 || *d.InstanceMaintenancePolicy.MaxHealthyPercentage != 150 ||
		*d.Tags[0].Value != "web & <more>" || d.AvailabilityZones[0] != "ap-northeast-2a" || len(mixed.LaunchTemplate.Overrides) != 2 ||
		*mixed.InstancesDistribution.OnDemandBaseCapacity != 2 || *mixed.LaunchTemplate.LaunchTemplateSpecification.Version != "1" {
		t.Errorf("group %+v", d)
	}
	pages := sdk.NewDescribeScalingActivitiesPaginator(g.client, &sdk.DescribeScalingActivitiesInput{MaxRecords: aws.Int32(1)})
	for n := 0; n < 2; n++ {
		if one, err := pages.NextPage(ctx); err != nil || len(one.Activities) != 1 || pages.HasMorePages() != (n == 0) {
			t.Errorf("page %d: %+v %v", n, one, err)
		}
	}
	instances, err := g.client.DescribeAutoScalingInstances(ctx, &sdk.DescribeAutoScalingInstancesInput{InstanceIds: []string{id}})
	if err != nil || len(instances.AutoScalingInstances) != 1 || *instances.AutoScalingInstances[0].LifecycleState != "Pending:Wait" ||
		*instances.AutoScalingInstances[0].HealthStatus != "HEALTHY" || *instances.AutoScalingInstances[0].AutoScalingGroupName != "web" {
		t.Errorf("instances %+v %v", instances, err)
	}
	hooks, err := g.client.DescribeLifecycleHooks(ctx, &sdk.DescribeLifecycleHooksInput{AutoScalingGroupName: web})
	if err != nil || len(hooks.LifecycleHooks) != 1 || *hooks.LifecycleHooks[0].GlobalTimeout != 30000 {
		t.Errorf("hooks %+v %v", hooks, err)
	}
	if _, err := g.client.SuspendProcesses(ctx,
		&sdk.SuspendProcessesInput{AutoScalingGroupName: web, ScalingProcesses: []string{"Launch"}}); err != nil {
		t.Error(err)
	}
	if d := g.describe(); len(d.SuspendedProcesses) != 1 || *d.SuspendedProcesses[0].ProcessName != "Launch" {
		t.Errorf("suspended %+v", d.SuspendedProcesses)
	}
	if _, err := g.client.ResumeProcesses(ctx, &sdk.ResumeProcessesInput{AutoScalingGroupName: web}); err != nil {
		t.Error(err)
	}
	ended, err := g.client.TerminateInstanceInAutoScalingGroup(ctx, &sdk.TerminateInstanceInAutoScalingGroupInput{
		InstanceId: &id, ShouldDecrementDesiredCapacity: aws.Bool(false)})
	if err != nil || !strings.Contains(*ended.Activity.Cause, "in response to a user request") || ended.Activity.StartTime == nil {
		t.Errorf("terminated: %+v %v", ended, err)
	}
	refused := map[string]error{}
	_, refused["below min value 2 for the AutoScalingGroup"] = g.client.SetDesiredCapacity(ctx,
		&sdk.SetDesiredCapacityInput{AutoScalingGroupName: web, DesiredCapacity: aws.Int32(1)})
	_, refused["Currently, desiredSize equals minSize (2)"] = g.client.TerminateInstanceInAutoScalingGroup(ctx,
		&sdk.TerminateInstanceInAutoScalingGroupInput{InstanceId: aws.String(g.waits()), ShouldDecrementDesiredCapacity: aws.Bool(true)})
	_, refused["must be greater than or equal to min bound"] = g.client.UpdateAutoScalingGroup(ctx,
		&sdk.UpdateAutoScalingGroupInput{AutoScalingGroupName: web, MinSize: aws.Int32(9)})
	_, refused["parameter PlacementGroup: the local cloud does not have it"] = g.client.UpdateAutoScalingGroup(ctx,
		&sdk.UpdateAutoScalingGroupInput{AutoScalingGroupName: web, PlacementGroup: aws.String("x")})
	_, refused["InvalidAction"] = g.client.DescribeAccountLimits(ctx, &sdk.DescribeAccountLimitsInput{})
	for want, err := range refused {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
}

// Scaling policies are described as the program declares them.
func TestPolicies(t *testing.T) {
	t.Parallel()
	g := newGroup(t, serves, nil)
	tracking := map[string]any{"targetValue": 50.0,
		"predefinedMetricSpecification": map[string]any{"predefinedMetricType": "ASGAverageCPUUtilization"}}
	if err := g.config.Store.Put(&cloud.Resource{Type: "aws:autoscaling/policy:Policy", ID: "cpu", Region: region,
		Outputs: map[string]any{"name": "cpu", "autoscalingGroupName": "web", "policyType": "TargetTrackingScaling",
			"targetTrackingConfiguration": tracking}}); err != nil {
		t.Fatal(err)
	}
	out, err := g.client.DescribePolicies(t.Context(), &sdk.DescribePoliciesInput{AutoScalingGroupName: aws.String("web")})
	if err != nil || len(out.ScalingPolicies) != 1 {
		t.Fatalf("%+v %v", out, err)
	}
	got := out.ScalingPolicies[0].TargetTrackingConfiguration
	metric := got.PredefinedMetricSpecification.PredefinedMetricType
	if *got.TargetValue != 50 || metric != types.MetricTypeASGAverageCPUUtilization {
		t.Errorf("target %v of %s", *got.TargetValue, metric)
	}
}

func TestCommandLine(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("aws"); err != nil {
		t.Skip("the AWS CLI is not on PATH")
	}
	g := newGroup(t, serves, nil).must()
	server := httptest.NewServer(endpoint.New(map[string]endpoint.Service{"autoscaling": g.service}))
	defer server.Close()
	cmd := exec.CommandContext(t.Context(), "aws", "autoscaling", "describe-scaling-activities", "--region", region,
		"--auto-scaling-group-name", "web", "--max-items", "5", "--output", "json")
	cmd.Env = append(os.Environ(), "AWS_ENDPOINT_URL="+server.URL, "AWS_CONFIG_FILE=/dev/null",
		"AWS_ACCESS_KEY_ID=test", "AWS_SECRET_ACCESS_KEY=test")
	raw, err := cmd.CombinedOutput()
	var out struct {
		Activities []struct{ StatusCode, Cause string }
	}
	if err != nil || json.Unmarshal(raw, &out) != nil || len(out.Activities) != 2 || out.Activities[0].StatusCode != "Successful" {
		t.Errorf("%s %v", raw, err)
	}
}

func TestIdentity(t *testing.T) {
	t.Parallel()
	ended := make(chan string, 9)
	g := newGroup(t, `echo "$ROLE $NEWSFEED_ADDRESS $NEWSFEED_INSTANCE" > role; exec sleep 60`, nil)
	g.config.Identity = func(region, id string, addr netip.Addr, profile string) ([]string, func(), error) {
		return []string{fmt.Sprintf("ROLE=%s in %s for %s", id, region, addr)}, func() { ended <- id }, nil
	}
	g.start()
	g.must()
	i := g.running().Instances[0]
	g.eventually("it has its role", func(autoscaling.Status) error {
		raw, err := os.ReadFile(filepath.Join(g.dir, "asg", region+"-web", i.ID, "role"))
		if want := fmt.Sprintf("%[1]s in %[2]s for %[3]s %[3]s %[1]s\n", i.ID, region, i.Address); err == nil && string(raw) != want {
			err = fmt.Errorf("%q, want %q", raw, want)
		}
		return err
	})
	if err := g.update(map[string]any{"minSize": 0.0, "desiredCapacity": 0.0}); err != nil {
		t.Fatal(err)
	}
	<-ended
	<-ended
}
