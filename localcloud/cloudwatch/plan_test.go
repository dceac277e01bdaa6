package cloudwatch

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"newsfeed/localcloud/cloudwatch/metricmath"
)

var (
	plannedMetric = regexp.MustCompile(`([A-Z][A-Za-z0-9/]+) ([A-Za-z0-9_%]+), ` +
		`([A-Za-z0-9.]+) of 60s, \{([^{}]*(?:\$\{[^{}]*\}[^{}]*)*)\}`)
	plannedDimension  = regexp.MustCompile(`([A-Za-z]+): `)
	plannedExpression = regexp.MustCompile(`expression: (.*?), id: |expression: (.*)$`)
	plannedRule       = regexp.MustCompile(`alarmRule: (.*)$`)
)

// Everything that the plans of both stacks watch exists on AWS, and can be
// evaluated here.
func TestPlannedAlarms(t *testing.T) {
	t.Parallel()
	plans, err := filepath.Glob("../../infra/testdata/golden/*.plan")
	if err != nil || len(plans) == 0 {
		t.Fatalf("plans %v, %v", plans, err)
	}
	metrics, expressions, rules := 0, 0, 0
	for _, plan := range plans {
		raw, err := os.ReadFile(plan)
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(raw)) {
			line = strings.TrimSpace(line)
			if m := plannedMetric.FindStringSubmatch(line); m != nil {
				metrics++
				dimensions := map[string]string{}
				for _, d := range plannedDimension.FindAllStringSubmatch(m[4], -1) {
					dimensions[d[1]] = "x"
				}
				if err := metricOf(m[1], m[2], dimensions).exists(""); err != nil {
					t.Errorf("%s: %v", plan, err)
				}
				if _, err := parseStatistic(m[3]); err != nil {
					t.Errorf("%s: %v", plan, err)
				}
			}
			if m := plannedExpression.FindStringSubmatch(line); m != nil {
				expressions++
				if _, err := metricmath.Parse(m[1] + m[2]); err != nil {
					t.Errorf("%s: %v", plan, err)
				}
			}
			if m := plannedRule.FindStringSubmatch(line); m != nil {
				rules++
				if _, err := parseRule(m[1]); err != nil {
					t.Errorf("%s: %v", plan, err)
				}
			}
		}
	}
	if metrics < 40 || expressions < 10 || rules < 2 {
		t.Errorf("%d metrics, %d expressions, %d rules: the plans are written in another way", metrics, expressions, rules)
	}
}
