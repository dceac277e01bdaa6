package autoscaling

import (
	"encoding/json"
	"strings"
	"time"

	"github.com/google/uuid"
)

// activity is a scaling activity, in the shape of the API. Its texts are AWS's
// (user guide: as-verify-scaling-activity, ts-as-healthchecks).
type activity struct {
	ActivityId, AutoScalingGroupName, AutoScalingGroupARN, Cause, Description, Details, StatusCode string
	StatusMessage                                                                                  *string
	Progress                                                                                       int
	StartTime                                                                                      time.Time
	EndTime                                                                                        *time.Time
}

// The statuses of an activity that are told.
const (
	inProgress = "InProgress"
	midHook    = "MidLifecycleAction"
	draining   = "WaitingForELBConnectionDraining"
	successful = "Successful"
	failed     = "Failed"
	cancelled  = "Cancelled" // abandoned by a lifecycle hook
)

// stamp is a time as causes write it.
func stamp(at time.Time) string { return at.UTC().Format(time.RFC3339) }

// begin notes an activity of an instance. g.mu is held.
func (g *group) begin(description, cause string, i *instance) *activity {
	details, _ := json.Marshal(g.details(i)) // strings always marshal
	a := &activity{
		ActivityId: uuid.NewString(), AutoScalingGroupName: g.spec.name, AutoScalingGroupARN: g.spec.arn,
		Description: description + " EC2 instance: " + i.id, Cause: cause, Details: string(details),
		StatusCode: inProgress, Progress: 30, StartTime: g.service.Clock.Now().UTC(),
	}
	g.record.Activities = append([]*activity{a}, g.record.Activities...)
	if len(g.record.Activities) > maxHistory {
		g.record.Activities = g.record.Activities[:maxHistory]
	}
	return a
}

func (g *group) details(i *instance) map[string]string {
	return map[string]string{"Subnet ID": i.subnet, "Availability Zone": i.zone}
}

// finish closes an activity, and tells the event of that kind: Launch or
// Terminate. g.mu is held.
func (g *group) finish(a *activity, kind string, i *instance, status, message string) {
	if a == nil || a.EndTime != nil {
		return
	}
	a.StatusCode, a.Progress, a.EndTime = status, 100, pointer(g.service.Clock.Now().UTC())
	outcome := "Successful"
	if status != successful {
		a.StatusMessage, outcome = &message, "Unsuccessful"
		if status == cancelled {
			a.Description += ".  Status Reason: " + message
		}
	}
	origin, destination := "EC2", "AutoScalingGroup"
	if kind == "Terminate" {
		origin, destination = destination, origin
	}
	state := map[string]string{successful: inProgress, cancelled: failed, failed: failed}[status]
	g.notify("EC2 Instance "+kind+" "+outcome, i.id, map[string]any{
		"StatusCode": state, "StatusMessage": message, "Description": a.Description, "ActivityId": a.ActivityId,
		"RequestId": a.ActivityId, "StartTime": a.StartTime, "EndTime": a.EndTime, "EC2InstanceId": i.id, "Cause": a.Cause,
		"Details": g.details(i), "Origin": origin, "Destination": destination,
	})
}

// account is the one in an ARN.
func account(arn string) string {
	if parts := strings.Split(arn, ":"); len(parts) > 4 {
		return parts[4]
	}
	return ""
}
