package autoscaling

import (
	"encoding/json"
	"time"
)

// Event is what AWS tells EventBridge, with source aws.autoscaling. The shapes
// are those of the user guide's event reference (ec2-auto-scaling-event-reference,
// instance-refresh-eventbridge-events).
type Event struct {
	Region     string
	Time       time.Time
	DetailType string
	Resources  []string
	Detail     json.RawMessage
}

// notify tells an event. g.mu is held; who is told must not ask the service.
func (g *group) notify(detailType string, instance string, detail map[string]any) {
	if g.service.Notify == nil {
		return
	}
	detail["AutoScalingGroupName"] = g.spec.name
	raw, err := json.Marshal(detail)
	if err != nil {
		return // plain values always marshal
	}
	resources := []string{g.spec.arn}
	if instance != "" {
		resources = append(resources, "arn:aws:ec2:"+g.spec.region+":"+account(g.spec.arn)+":instance/"+instance)
	}
	g.service.Notify(Event{g.spec.region, g.service.Clock.Now().UTC(), detailType, resources, raw})
}
