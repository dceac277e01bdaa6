package autoscaling

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"newsfeed/localcloud/endpoint"
)

// guarded are the operations for who may take the action of their name.
func (s *Service) guarded(operations map[string]endpoint.QueryOperation) map[string]endpoint.QueryOperation {
	for name, operation := range operations {
		operations[name] = func(ctx context.Context, region string, form url.Values) (any, error) {
			err := endpoint.Permit(ctx, "autoscaling:"+name, s.subject(ctx, name, region, form), nil)
			var denied *endpoint.Denied
			if errors.As(err, &denied) {
				return nil, &endpoint.Error{Code: "AccessDenied", Message: denied.Error(), Status: http.StatusForbidden}
			}
			if err != nil {
				return nil, err
			}
			return operation(ctx, region, form)
		}
	}
	return operations
}

// subject is the ARN of the group that a request is about. Descriptions are of no
// group (service authorization reference, EC2 Auto Scaling).
func (s *Service) subject(ctx context.Context, action, region string, form url.Values) string {
	name, instance := form.Get("AutoScalingGroupName"), form.Get("InstanceId")
	if strings.HasPrefix(action, "Describe") || name == "" && instance == "" {
		return "*"
	}
	for _, g := range s.groups.All() {
		spec := g.declared()
		if spec.region == region && (spec.name == name || name == "" && g.has(instance)) {
			return spec.arn
		}
	}
	account := ""
	if who := endpoint.CallerOf(ctx); who != nil {
		account = who.Identity().Account
	}
	return "arn:aws:autoscaling:" + region + ":" + account + ":autoScalingGroup:*:autoScalingGroupName/" + name
}

// has says whether the group has the instance.
func (g *group) has(id string) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return slices.ContainsFunc(g.instances, func(i *instance) bool { return i.id == id })
}
