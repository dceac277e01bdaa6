package autoscaling

import (
	"testing"

	"newsfeed/localcloud/cloud"
)

func TestTemplateOf(t *testing.T) {
	t.Parallel()
	for sentence, outputs := range map[string]map[string]any{
		"a group names its template": {"launchTemplate": map[string]any{"id": "lt-1", "version": "2"}},
		"one that mixes Spot in names it a level deeper": {"mixedInstancesPolicy": map[string]any{"launchTemplate": map[string]any{
			"launchTemplateSpecification": map[string]any{"launchTemplateId": "lt-1", "version": "2"}}}},
	} {
		if id, err := templateOf(&cloud.Resource{Outputs: outputs}); id != "lt-1" || err != nil {
			t.Errorf("%s: %q: %v", sentence, id, err)
		}
	}
}
