package infra

import (
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/lambda"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// watchAlarms watch the other region, and those that watch and tell.
func watchAlarms(s *stack) []alarm {
	var all []alarm
	if s.watchdog.Function != nil {
		all = append(all, s.peerAlarm(),
			alarm{name: "site", below: true, threshold: 1, minutes: 3, silence: silenceIsFine, pages: true, runbook: "site",
				metrics: []metric{s.product("SiteHealthy", "Maximum")},
				reason:  "Seen from this region, the page that users open does not.", reach: "Every user, in whichever region DNS answers with.", run: showSite},
			// Each minute has a look; five without one are no accident.
			alarm{name: "watchdog-silent", below: true, threshold: 1, minutes: 5, silence: silenceIsBad, runbook: "watchdog-silent",
				metrics: []metric{s.product("PeerReachable", "SampleCount")},
				reason:  "The watchdog has not looked at the other region for five minutes.", reach: reachesWatch, run: showLogs("watchdogLogs")},
			failures("watchdog-function", s.watchdog.Function, "watchdogLogs"))
	}
	if s.alerting.Slack != nil {
		all = append(all, failures("slack-function", s.alerting.Slack, "slackLogs"),
			alarm{name: "slack-dead", threshold: 0, minutes: 1, silence: silenceIsFine, runbook: "slack-dead",
				metrics: []metric{{"AWS/SQS", "ApproximateNumberOfMessagesVisible", "Maximum", pulumi.StringMap{"QueueName": s.alerting.SlackDead.Name}}},
				reason:  "Slack did not take a message in three tries.", reach: reachesWatch,
				run: "aws sqs receive-message --region {region} --queue-url {output slackDeadLettersUrl} --max-number-of-messages 10 --visibility-timeout 0"})
	}
	return all
}

// peerAlarm is on when the other region is not as it should be. A standby whose
// primary is gone is the one thing that everybody must hear of at once.
func (s *stack) peerAlarm() alarm {
	a := alarm{name: "peer", below: true, threshold: 1, minutes: 3, silence: silenceIsFine, pages: s.Role == Standby, runbook: "peer",
		metrics: []metric{s.product("PeerHealthy", "Maximum")},
		reason:  "Seen from this region, the other one is not healthy: it does not answer, or says that it may not take traffic.",
		reach:   "Users of the other region; nobody can post while that is the primary.", run: showPeer}
	if !s.peerServes() {
		a.metrics = []metric{s.product("PeerReachable", "Maximum")}
		a.reason = "Seen from this region, the other one does not answer at all, not even that it stands by."
		a.reach = reachesNobody + " There may be nothing to fail over to."
	}
	return a
}

// failures counts what a function could not do and what Lambda did not let it.
func failures(name string, f *lambda.Function, logs string) alarm {
	of := pulumi.StringMap{"FunctionName": f.Name}
	return alarm{name: name, threshold: 0, minutes: 2, silence: silenceIsFine, runbook: name,
		metrics:    []metric{{"AWS/Lambda", "Errors", "Sum", of}, {"AWS/Lambda", "Throttles", "Sum", of}},
		expression: "FILL(a, 0) + FILL(b, 0)",
		reason:     "The function fails, or is throttled, more than once: Lambda tries again by itself.", reach: reachesWatch, run: showLogs(logs)}
}

// showLogs is the command for the log group that the output names.
func showLogs(output string) string {
	return "aws logs tail --region {region} --since 30m {output " + output + "}"
}
