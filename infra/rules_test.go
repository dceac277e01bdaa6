package infra

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"

	"newsfeed/localcloud/rules"
)

// What AWS refuses of a value is refused here, of every plan that there is: the
// provider of the local cloud asks the same.
func TestNoPlanHoldsAValueThatAWSRefuses(t *testing.T) {
	t.Parallel()
	for which, p := range everyPlan(t) {
		if refused := refusals(p); len(refused) > 0 {
			t.Errorf("%s:\n%s", which, strings.Join(refused, "\n"))
		}
	}
}

// refusals are all of a plan, a line each.
func refusals(p *plan) (all []string) {
	for name, r := range p.Resources {
		if r.Type == "pulumi:providers:aws" {
			continue
		}
		for _, f := range rules.Check(r.Type, "", properties(r.Inputs), false) {
			all = append(all, fmt.Sprintf("%s: %s", name, f.Reason))
		}
	}
	slices.Sort(all)
	return all
}

// properties are inputs as the provider sees them: what stands for a value that
// only AWS knows is not known yet.
func properties(inputs map[string]any) resource.PropertyMap {
	all := resource.PropertyMap{}
	for key, value := range inputs {
		all[resource.PropertyKey(key)] = property(value)
	}
	return all
}

func property(value any) resource.PropertyValue {
	switch v := value.(type) {
	case secret:
		return resource.MakeSecret(property(v.value))
	case string:
		if strings.Contains(v, "${") {
			return resource.MakeComputed(resource.NewProperty(""))
		}
	case []any:
		return resource.NewProperty(plural(v, property))
	case map[string]any:
		return resource.NewProperty(properties(v))
	}
	return resource.NewPropertyValue(value)
}
