package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"

	"github.com/aws/aws-lambda-go/events"
)

// awsEvent reads an event of EventBridge.
func (p place) awsEvent(raw []byte) (notice, error) {
	var e events.EventBridgeEvent
	if err := json.Unmarshal(raw, &e); err != nil {
		return notice{}, err
	}
	var n notice
	var err error
	switch e.Source {
	case "aws.autoscaling":
		n, err = p.scaling(e)
	case "aws.health":
		n, err = p.health(e)
	default:
		n = notice{level: event, title: e.DetailType, where: strings.Join(e.Resources, ", "), anchor: "unknown-message", detail: string(e.Detail)}
	}
	if n.since.IsZero() {
		n.since = e.Time
	}
	return n, err
}

// scaling reads what Auto Scaling could not do.
func (p place) scaling(e events.EventBridgeEvent) (notice, error) {
	var d struct{ AutoScalingGroupName, StatusMessage, Cause, EC2InstanceId string }
	if err := json.Unmarshal(e.Detail, &d); err != nil {
		return notice{}, err
	}
	n := notice{
		level: warning, anchor: "scaling-events",
		title:  e.DetailType,
		where:  "group " + d.AutoScalingGroupName,
		reach:  "The group is smaller than it wants to be until a retry succeeds; those that run go on.",
		run:    fmt.Sprintf("aws autoscaling describe-scaling-activities --region %s --auto-scaling-group-name %s --max-items 5", p.region, d.AutoScalingGroupName),
		detail: strings.TrimSpace(d.StatusMessage + "\n" + d.Cause),
	}
	if d.EC2InstanceId != "" {
		n.where += ", instance " + d.EC2InstanceId
	}
	if strings.Contains(e.DetailType, "Refresh") {
		n.reach = "The new version is not on every instance; those that were replaced go back to the one before."
		n.run = fmt.Sprintf("aws autoscaling describe-instance-refreshes --region %s --auto-scaling-group-name %s --max-records 1", p.region, d.AutoScalingGroupName)
	}
	return n, nil
}

// health reads what AWS says about itself.
func (p place) health(e events.EventBridgeEvent) (notice, error) {
	var d struct {
		EventArn, Service, EventTypeCode, EventTypeCategory, StartTime, EndTime string
		EventDescription                                                        []struct{ Language, LatestDescription string }
		AffectedEntities                                                        []struct{ EntityValue string }
	}
	if err := json.Unmarshal(e.Detail, &d); err != nil {
		return notice{}, err
	}
	n := notice{
		level: event, anchor: "aws-health",
		title: fmt.Sprintf("AWS Health: %s (%s)", d.EventTypeCode, d.EventTypeCategory),
		where: d.Service + " in " + e.Region,
		reach: "Whatever uses " + d.Service + " in the region.",
		run:   "aws health describe-event-details --region us-east-1 --event-arns " + d.EventArn,
	}
	if d.EventTypeCategory == "issue" {
		n.level = warning
		if d.EndTime != "" {
			n.level = recovered
		}
	}
	var entities []string
	for _, entity := range d.AffectedEntities {
		entities = append(entities, entity.EntityValue)
	}
	if len(entities) > 0 {
		n.reach = strings.Join(entities, ", ")
	}
	if len(d.EventDescription) > 0 {
		n.detail = d.EventDescription[0].LatestDescription
	}
	n.since, _ = http.ParseTime(d.StartTime)
	return n, nil
}
