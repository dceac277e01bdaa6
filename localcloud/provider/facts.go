package provider

import (
	"encoding/json"
	"sync"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"

	"newsfeed/localcloud/provider/facts"
)

// input is what the AWS provider's schema says of one input property.
type input struct {
	Required      bool     `json:"required"`
	Computed      bool     `json:"computed"` // AWS chooses a value when there is none
	Replaces      bool     `json:"replaces"` // a change needs a new resource
	Secret        bool     `json:"secret"`
	Default       any      `json:"default"`
	ConflictsWith []string `json:"conflictsWith"`
	ExactlyOneOf  []string `json:"exactlyOneOf"`
	Type          string   `json:"type"`
}

// schema is what is known of one resource type.
type schema struct {
	Inputs  map[resource.PropertyKey]input `json:"inputs"`
	Outputs []resource.PropertyKey         `json:"outputs"` // set by AWS only
}

// renamed are replacing properties that Pulumi calls otherwise than the AWS
// provider does: the facts, which are joined by name, lack that they replace.
var renamed = map[string]resource.PropertyKey{
	"aws:cloudwatch/metricAlarm:MetricAlarm":      "name",
	"aws:lambda/function:Function":                "name",
	"aws:lambda/permission:Permission":            "function",
	"aws:sns/topicSubscription:TopicSubscription": "topic",
}

// schemas returns the schema of every known type by its Pulumi type token.
var schemas = sync.OnceValue(func() map[string]*schema {
	var known struct {
		Types map[string]*schema `json:"types"`
	}
	if err := json.Unmarshal(facts.AWSTypes, &known); err != nil {
		panic("facts/aws-types.json: " + err.Error())
	}
	for typ, key := range renamed {
		in := known.Types[typ].Inputs[key]
		in.Replaces = true
		known.Types[typ].Inputs[key] = in
	}
	// What a database is called is its identifier; its name is another word for
	// dbName, and nobody's to choose.
	delete(known.Types["aws:rds/instance:Instance"].Inputs, "name")
	return known.Types
})

// autonamed is the property that Pulumi names when the program doesn't, or "".
func (s *schema) autonamed() resource.PropertyKey {
	for _, key := range []resource.PropertyKey{"name", "bucket", "replicationGroupId"} {
		if in, ok := s.Inputs[key]; ok && !in.Required && in.Type == "string" {
			return key
		}
	}
	return ""
}
