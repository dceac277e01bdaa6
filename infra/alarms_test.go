package infra

import (
	"regexp"
	"strings"
	"testing"
)

var anchor = regexp.MustCompile(`^\S.+[.!] docs/runbook\.md#[a-z0-9-]+$`)

// An alarm that tells nobody, or does not say what to do, is none.
func TestEveryAlarmReachesOnCallAndSaysWhatToDo(t *testing.T) {
	t.Parallel()
	for which, p := range everyPlan(t) {
		for _, name := range p.named("aws:cloudwatch/metricAlarm:MetricAlarm") {
			if name == "edge-failing" {
				continue // it ends a bad deployment, and is no one's to answer
			}
			in := p.Resources[name].Inputs
			topic := "${alerting-topic.arn}"
			if p.Resources[name].Provider == "world" {
				topic = "${alerting-world-topic.arn}"
			}
			if at(in, "alarmActions.0") != topic || at(in, "okActions.0") != topic {
				t.Errorf("%s: %s tells %v and %v", which, name, in["alarmActions"], in["okActions"])
			}
			if description, _ := in["alarmDescription"].(string); !anchor.MatchString(description) {
				t.Errorf("%s: %s says %q: a reason and a runbook anchor are missing", which, name, description)
			}
			if silence := in["treatMissingData"]; silence != silenceIsFine && silence != silenceIsBad && silence != silenceUnknown {
				t.Errorf("%s: %s treats missing data as %v", which, name, silence)
			}
			if in["threshold"] == nil || in["evaluationPeriods"] == nil {
				t.Errorf("%s: %s has no threshold", which, name)
			}
		}
	}
}

func TestTheCatalogueFollowsWhatTheStackHolds(t *testing.T) {
	t.Parallel()
	for sentence, c := range map[string]struct {
		stack    string
		changes  settings
		has, not []string
	}{
		"a primary watches everything but replication": {"seoul", nil,
			[]string{"alarms-edge-errors", "alarms-web-memory", "alarms-worker-disk", "alarms-queue-dead", "alarms-database-io",
				"alarms-cache-memory-2", "alarms-cache-hit-ratio", "alarms-post-to-visible", "alarms-region-health", "alarms-region-impaired"},
			[]string{"alarms-database-replica-lag", "alarms-cache-memory-3"}},
		"a warm standby watches its replica and one shard": {"tokyo", nil,
			[]string{"alarms-database-replica-lag", "alarms-database-replication-stopped", "alarms-cache-memory-1", "alarms-edge-too-few-hosts"},
			[]string{"alarms-cache-memory-2"}},
		"a pilot light has no hosts to watch": {"tokyo", settings{"strategy": "pilot-light"},
			[]string{"alarms-database-replica-lag", "alarms-region-impaired"},
			[]string{"alarms-web-cpu", "alarms-edge-too-few-hosts", "alarms-cache-hit-ratio"}},
		"backups only leave the queue and the region": {"tokyo", settings{"strategy": "backup-restore"},
			[]string{"alarms-queue-dead", "alarms-region-health"},
			[]string{"alarms-database-cpu", "alarms-region-impaired"}},
	} {
		t.Run(sentence, func(t *testing.T) {
			t.Parallel()
			p := mustDeploy(t, c.stack, c.changes)
			for _, name := range c.has {
				if _, declared := p.Resources[name]; !declared {
					t.Errorf("no %s", name)
				}
			}
			for _, name := range c.not {
				if _, declared := p.Resources[name]; declared {
					t.Errorf("%s is there", name)
				}
			}
		})
	}
}

func TestTheDashboardShowsEveryAlarm(t *testing.T) {
	t.Parallel()
	p := mustDeploy(t, "seoul", nil)
	body, _ := p.Resources["dashboard-region"].Inputs["dashboardBody"].(string)
	for _, name := range p.named("aws:cloudwatch/metricAlarm:MetricAlarm") {
		shown := strings.Contains(body, "${"+name+".arn}")
		if !shown && name != "edge-failing" && name != "alarms-region-health" {
			t.Errorf("%s is not on the dashboard", name)
		}
	}
}
