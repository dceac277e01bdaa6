package infra

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// description is what lambdas/slackalarm takes apart.
var description = regexp.MustCompile(`^(PAGE: )?\S.+[.]\nReach: \S.+[.]\nRun: \S.+\nRunbook: docs/runbook\.md#([a-z0-9-]+)$`)

// longestDescription is what CloudWatch takes.
const longestDescription = 1024

// An alarm that tells nobody, or does not say what to do, is none.
func TestEveryAlarmReachesOnCallAndSaysWhatToDo(t *testing.T) {
	t.Parallel()
	for which, p := range everyPlan(t) {
		for _, name := range p.named("aws:cloudwatch/metricAlarm:MetricAlarm") {
			in := p.Resources[name].Inputs
			topic := "${alerting-topic.arn}"
			if p.Resources[name].Provider == "world" {
				topic = "${alerting-world-topic.arn}"
			}
			if tells := at(in, "alarmActions.0") == topic && at(in, "okActions.0") == topic; !tells && name != "alarms-"+hasServed {
				t.Errorf("%s: %s tells %v and %v", which, name, in["alarmActions"], in["okActions"])
			}
			if text, _ := in["alarmDescription"].(string); !description.MatchString(text) || len(text) > longestDescription || strings.ContainsAny(text, "{}") {
				t.Errorf("%s: %s says %q: it must say what it means, how far it reaches, what to run, and where the runbook is, in 1024 letters", which, name, text)
			}
			if silence := in["treatMissingData"]; silence != "notBreaching" && silence != "missing" && name != "alarms-"+hasServed {
				t.Errorf("%s: %s treats missing data as %v: a new stack would begin with it on", which, name, silence)
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
				"alarms-cache-memory-2", "alarms-cache-hit-ratio", "alarms-post-to-visible", "alarms-region-health", "alarms-region-impaired",
				"alarms-late-partitions", "alarms-peer", "alarms-site", "alarms-watchdog-silent", "alarms-watchdog-function"},
			[]string{"alarms-database-replica-lag", "alarms-cache-memory-3", "alarms-slack-function", "alarms-slack-dead", "alarms-database-reader-lag-1"}},
		"with a webhook, what tells Slack is watched too": {"seoul", settings{"slackWebhook": "https://hooks.slack.example.com/x"},
			[]string{"alarms-slack-function", "alarms-slack-dead"}, nil},
		"readers in the region are watched": {"seoul", settings{"database.readReplicas": 2},
			[]string{"alarms-database-reader-lag-1", "alarms-database-reader-lag-2"}, nil},
		"a stack without a peer looks at none": {"seoul", settings{"peer": nil}, []string{"alarms-region-health"},
			[]string{"alarms-peer", "alarms-site", "alarms-watchdog-silent", "alarms-watchdog-function"}},
		"a warm standby watches its replica and one shard": {"tokyo", nil,
			[]string{"alarms-database-replica-lag", "alarms-database-replication-stopped", "alarms-cache-memory-1", "alarms-edge-too-few-hosts"},
			[]string{"alarms-cache-memory-2"}},
		"a pilot light has no hosts to watch": {"tokyo", settings{"strategy": "pilot-light"},
			[]string{"alarms-database-replica-lag", "alarms-region-impaired"},
			[]string{"alarms-web-cpu", "alarms-edge-too-few-hosts", "alarms-cache-hit-ratio"}},
		"backups only leave the queue and the regions": {"tokyo", settings{"strategy": "backup-restore"},
			[]string{"alarms-queue-dead", "alarms-region-health", "alarms-peer", "alarms-region-impaired"},
			[]string{"alarms-database-cpu", "alarms-edge-errors"}},
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
		if !shown && name != "alarms-region-health" {
			t.Errorf("%s is not on the dashboard", name)
		}
	}
}

// An anchor that leads nowhere is found out at night.
func TestEveryRunbookAnchorHasItsHeading(t *testing.T) {
	t.Parallel()
	raw, err := os.ReadFile(filepath.Join("..", "docs", "runbook.md"))
	if err != nil {
		t.Fatal(err)
	}
	headings := map[string]string{} // text by heading
	for _, part := range strings.Split(string(raw), "\n## ")[1:] {
		heading, text, _ := strings.Cut(part, "\n")
		headings[heading] = text
	}
	wanted := map[string]bool{"unknown-message": true, "database-events": true, "scaling-events": true, "aws-health": true} // of lambdas/slackalarm
	for _, p := range everyPlan(t) {
		for _, r := range p.Resources {
			text, _ := r.Inputs["alarmDescription"].(string)
			if _, anchor, found := strings.Cut(text, "docs/runbook.md#"); found {
				wanted[anchor] = true
			}
		}
	}
	for anchor := range wanted {
		for _, part := range []string{"- **Means**: ", "- **Reaches**: ", "- **Look at**: ", "- **Run**: "} {
			if !strings.Contains(headings[anchor], part) {
				t.Errorf("docs/runbook.md: ## %s has no %q", anchor, part)
			}
		}
	}
	for _, link := range regexp.MustCompile(`\]\(#([a-z0-9-]+)\)`).FindAllStringSubmatch(string(raw), -1) {
		if _, there := headings[link[1]]; !there && link[1] != "procedures" && link[1] != "alarms" && link[1] != "events" {
			t.Errorf("docs/runbook.md links to #%s, which is no heading", link[1])
		}
	}
}

// The names are a contract with those who write the metrics; a mistake would be
// an alarm that is never on, or always.
func TestAlarmsAndDashboardNameMetricsThatAreWritten(t *testing.T) {
	t.Parallel()
	written := append(metricNames(t, filepath.Join("..", "app", "metrics")), metricNames(t, filepath.Join("..", "lambdas", "watchdog"))...)
	if !slices.Contains(written, "PostToVisibleAge") || !slices.Contains(written, "PeerReachable") {
		t.Fatalf("cannot find the metrics: %v", written)
	}
	for which, p := range everyPlan(t) {
		for _, name := range p.named("aws:cloudwatch/metricAlarm:MetricAlarm") {
			for _, m := range ours(p.Resources[name].Inputs) {
				if !slices.Contains(written, m) {
					t.Errorf("%s: %s is on %s, which nobody writes: there are %v", which, name, m, written)
				}
			}
		}
	}
	for _, b := range business {
		if !slices.Contains(written, b.metric) {
			t.Errorf("the dashboard shows %s, which nobody writes", b.metric)
		}
	}
}

// ours are the metrics of our own namespace that an alarm is on.
func ours(in map[string]any) []string {
	if in["namespace"] == appNamespace {
		return []string{fmt.Sprint(in["metricName"])}
	}
	var names []string
	queries, _ := in["metricQueries"].([]any)
	for _, q := range queries {
		if at(q, "metric.namespace") == appNamespace {
			names = append(names, fmt.Sprint(at(q, "metric.metricName")))
		}
	}
	return names
}

// metricNames reads the string constants of the type Metric, or metric, of a
// package: a command cannot be imported, and infra shall not wait for the app.
func metricNames(t *testing.T, dir string) (names []string) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		names = append(names, metricConstants(parsed)...)
	}
	return names
}

func metricConstants(file *ast.File) (names []string) {
	ast.Inspect(file, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok || len(spec.Values) == 0 {
			return true
		}
		if kind, ok := spec.Type.(*ast.Ident); !ok || !strings.EqualFold(kind.Name, "metric") {
			return true
		}
		for _, value := range spec.Values {
			if literal, ok := value.(*ast.BasicLit); ok && literal.Kind == token.STRING {
				name, _ := strconv.Unquote(literal.Value)
				names = append(names, name)
			}
		}
		return true
	})
	return names
}

// The objective is in seconds, and the app measures in milliseconds.
func TestThePostToVisibleAlarmIsInTheAppsUnit(t *testing.T) {
	t.Parallel()
	p := mustDeploy(t, "seoul", settings{"alarms": mapping{"visibleSeconds": 7}})
	if got := p.Resources["alarms-post-to-visible"].Inputs["threshold"]; got != 7000.0 {
		t.Errorf("it is on above %v ms", got)
	}
}

func TestTheStandbyPagesForItsPrimary(t *testing.T) {
	t.Parallel()
	for sentence, c := range map[string]struct {
		stack   string
		changes settings
		metric  string
		pages   bool
	}{
		"a standby whose primary is gone":                    {"tokyo", nil, "PeerHealthy", true},
		"a pilot light's primary is healthy or is gone":      {"tokyo", settings{"strategy": "pilot-light"}, "PeerHealthy", true},
		"a primary whose standby is gone does not page":      {"seoul", nil, "PeerHealthy", false},
		"a primary does not mind that a pilot light is dark": {"seoul", settings{"strategy": "pilot-light"}, "PeerReachable", false},
		"nor that a maintenance page says it":                {"seoul", settings{"strategy": "backup-restore"}, "PeerReachable", false},
	} {
		p := mustDeploy(t, c.stack, c.changes)
		if got := p.Resources["alarms-peer"].Inputs["metricName"]; got != c.metric {
			t.Errorf("%s: the alarm is on %v", sentence, got)
		}
		rule := fmt.Sprint(p.Resources["alarms-region-impaired"].Inputs["alarmRule"])
		if got := strings.Contains(rule, `-peer")`); got != c.pages {
			t.Errorf("%s: paging is %v: %s", sentence, got, rule)
		}
	}
}

// A new stack has no metric yet: nothing may page before it has served, and
// everything that has stopped to report must once it has.
func TestWhatStopsReportingPagesOnlyARegionThatHasServed(t *testing.T) {
	t.Parallel()
	p := mustDeploy(t, "seoul", nil)
	rule := fmt.Sprint(p.Resources["alarms-region-impaired"].Inputs["alarmRule"])
	want := `ALARM("newsfeed-seoul-edge-too-few-hosts") OR (INSUFFICIENT_DATA("newsfeed-seoul-edge-too-few-hosts") AND OK("newsfeed-seoul-edge-has-served"))`
	if !strings.Contains(rule, want) {
		t.Errorf("rule is %s\nwithout %s", rule, want)
	}
	quiet := p.Resources["alarms-edge-too-few-hosts"].Inputs
	if quiet["treatMissingData"] != "missing" || at(quiet, "insufficientDataActions.0") != "${alerting-topic.arn}" {
		t.Errorf("silence is %v and tells %v", quiet["treatMissingData"], quiet["insufficientDataActions"])
	}
	served := p.Resources["alarms-"+hasServed].Inputs
	if served["treatMissingData"] != "ignore" || served["threshold"] != 0.0 || served["comparisonOperator"] != "LessThanThreshold" {
		t.Errorf("what remembers that the region has served is %v", served)
	}
}
