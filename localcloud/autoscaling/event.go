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

// notify notes an event, which the group's loop tells. g.mu is held.
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
	g.outbox = append(g.outbox, Event{g.spec.region, g.service.Clock.Now().UTC(), detailType, resources, raw})
}

// tell tells what has been noted, in its order.
func (g *group) tell() {
	g.mu.Lock()
	events := g.outbox
	g.outbox = nil
	g.mu.Unlock()
	for _, e := range events {
		g.service.Notify(e)
	}
}
