package infra

import (
	"encoding/base64"
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "rewrite the golden plans")

var strategies = []Strategy{BackupRestore, PilotLight, WarmStandby, ActiveActive}

// The whole plan of each stack is written once, for the strategy of its file.
// The other strategies, and the role change of a failover, are written as what
// they change of it.
func TestGoldenPlans(t *testing.T) {
	t.Parallel()
	for _, stack := range []string{"seoul", "tokyo"} {
		usual := mustDeploy(t, stack, nil)
		golden(t, stack+".plan", usual.String())
		for _, strategy := range strategies {
			if strategy != WarmStandby {
				other := mustDeploy(t, stack, settings{"strategy": string(strategy)})
				golden(t, fmt.Sprintf("%s.%s.diff", stack, strategy), difference(usual, other))
			}
		}
	}
	golden(t, "seoul.demoted.diff", difference(mustDeploy(t, "seoul", nil), mustDeploy(t, "seoul", settings{"role": "standby"})))
	for _, strategy := range strategies {
		golden(t, fmt.Sprintf("tokyo.%s.promoted.diff", strategy), difference(
			mustDeploy(t, "tokyo", settings{"strategy": string(strategy)}),
			mustDeploy(t, "tokyo", settings{"strategy": string(strategy), "role": "primary"})))
	}
}

// golden compares text with a golden file, or rewrites it.
func golden(t *testing.T, name, text string) {
	t.Helper()
	path := filepath.Join("testdata", "golden", name)
	if *update {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("%v: write it with: make golden", err)
	}
	if text != string(want) {
		t.Errorf("plan differs from %s; if that is meant, run: make golden\n%s", path,
			strings.Join(lineDiff(lines(string(want)), lines(text)), "\n"))
	}
}

// String writes the plan as a reader wants it: resources by name, policies and
// user data unpacked.
func (p *plan) String() string {
	var b strings.Builder
	for _, name := range sortedKeys(p.Resources) {
		fmt.Fprintf(&b, "%s\n", p.Resources[name].text(name))
	}
	fmt.Fprintf(&b, "outputs:\n%s", indented(p.Outputs))
	return b.String()
}

// alarmKeys are the inputs of an alarm that condensed puts on one line.
var alarmKeys = []string{"namespace", "metricName", "dimensions", "statistic", "extendedStatistic", "period",
	"comparisonOperator", "threshold", "evaluationPeriods", "treatMissingData"}

// condensed puts the condition of an alarm on one line.
func condensed(in map[string]any) map[string]any {
	operator, isAlarm := in["comparisonOperator"].(string)
	if !isAlarm {
		return in
	}
	out := maps.Clone(in)
	for _, key := range alarmKeys {
		delete(out, key)
	}
	what := "result"
	if in["metricName"] != nil {
		stat := in["statistic"]
		if stat == nil {
			stat = in["extendedStatistic"]
		}
		what = fmt.Sprintf("%v %v, %v of %vs, %s,", in["namespace"], in["metricName"], stat, in["period"], inline(in["dimensions"]))
	}
	out["when"] = fmt.Sprintf("%s %s %s, %v in a row; no data is %v", what, map[string]string{
		"GreaterThanThreshold": ">", "LessThanThreshold": "<"}[operator], inline(in["threshold"]), in["evaluationPeriods"], in["treatMissingData"])
	return out
}

// text writes one resource: its name, type and options, then its inputs.
func (r planned) text(name string) string {
	options := ""
	for _, o := range []struct {
		set  bool
		text string
	}{{r.Protect, "protected"}, {r.Retain, "kept on delete"}, {r.Provider != "", "by provider " + r.Provider},
		{len(r.Ignore) > 0, "ignores " + strings.Join(r.Ignore, ", ")}} {
		if o.set {
			options += "  # " + o.text
		}
	}
	return fmt.Sprintf("%s: # %s%s\n%s", name, strings.TrimSuffix(r.Type[:strings.LastIndex(r.Type, ":")], "/"), options, indented(condensed(r.Inputs)))
}

func indented(values map[string]any) string {
	var b strings.Builder
	write(&b, "  ", readable("", values))
	return b.String()
}

// lineWidth is how long a line of a plan may be before it is broken up.
const lineWidth = 150

// write writes a value as YAML, on one line where it fits.
func write(b *strings.Builder, indent string, value any) {
	switch v := value.(type) {
	case map[string]any:
		for _, key := range sortedKeys(v) {
			writeNamed(b, indent, key+":", v[key])
		}
	case []any:
		for _, element := range v {
			writeNamed(b, indent, "-", element)
		}
	}
}

func writeNamed(b *strings.Builder, indent, name string, value any) {
	if text, ok := value.(string); ok && strings.Contains(text, "\n") {
		fmt.Fprintf(b, "%s%s |\n", indent, name)
		for _, line := range lines(text) {
			fmt.Fprintln(b, strings.TrimRight(indent+"  "+line, " "))
		}
		return
	}
	line := inline(value)
	_, isMap := value.(map[string]any)
	_, isList := value.([]any)
	if !isMap && !isList || len(indent)+len(name)+len(line) < lineWidth && !strings.Contains(line, "\n") {
		fmt.Fprintf(b, "%s%s %s\n", indent, name, line)
		return
	}
	if name == "-" { // its first key goes on the same line
		var nested strings.Builder
		write(&nested, indent+"  ", value)
		b.WriteString(indent + "- " + strings.TrimPrefix(nested.String(), indent+"  "))
		return
	}
	fmt.Fprintf(b, "%s%s\n", indent, name)
	write(b, indent+"  ", value)
}

// inline writes a value on one line.
func inline(value any) string {
	switch v := value.(type) {
	case map[string]any:
		return "{" + strings.Join(plural(sortedKeys(v), func(key string) string { return key + ": " + inline(v[key]) }), ", ") + "}"
	case []any:
		return "[" + strings.Join(plural(v, inline), ", ") + "]"
	case string:
		if v == "" {
			return `""`
		}
		return v
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	default:
		return fmt.Sprint(v)
	}
}

// readable unpacks what is packed in a string.
func readable(key string, value any) any {
	switch v := value.(type) {
	case map[string]any:
		if m, isMetric := v["metric"].(map[string]any); isMetric && v["id"] != nil {
			return fmt.Sprintf("%v = %v %v, %v of %vs, %s", v["id"], m["namespace"], m["metricName"], m["stat"], m["period"], inline(m["dimensions"]))
		}
		if m, isStat := v["metric"].(map[string]any); isStat { // of a policy, by the minute
			return fmt.Sprintf("%v %v, %v, %s", m["namespace"], m["metricName"], v["stat"], inline(m["dimensions"]))
		}
		all := map[string]any{}
		for k, element := range v {
			all[k] = readable(k, element)
		}
		return all
	case []any:
		return plural(v, func(element any) any { return readable("", element) })
	case secret:
		return "[secret]"
	case string:
		if key == "dashboardBody" {
			return fmt.Sprintf("%d widgets", strings.Count(v, `"type"`))
		}
		if key == "userData" {
			text, _ := base64.StdEncoding.DecodeString(v)
			return string(text)
		}
		var unpacked map[string]any
		if json.Unmarshal([]byte(v), &unpacked) == nil {
			return unpacked
		}
	}
	return value
}

// difference writes what a change of config does to a plan, as a diff of the
// resources' texts. Only the changed lines are there.
func difference(from, to *plan) string {
	var b strings.Builder
	all := map[string]bool{}
	for name := range from.Resources {
		all[name] = true
	}
	for name := range to.Resources {
		all[name] = true
	}
	for _, name := range sortedKeys(all) {
		old, was := from.Resources[name]
		now, is := to.Resources[name]
		switch {
		case !was:
			fmt.Fprintf(&b, "+ %s\n", heading(now, name))
		case !is:
			fmt.Fprintf(&b, "- %s\n", heading(old, name))
		case old.text(name) != now.text(name):
			fmt.Fprintf(&b, "~ %s\n%s\n", heading(now, name), strings.Join(lineDiff(lines(old.text(name)), lines(now.text(name))), "\n"))
		}
	}
	if old, now := indented(from.Outputs), indented(to.Outputs); old != now {
		fmt.Fprintf(&b, "~ outputs\n%s\n", strings.Join(lineDiff(lines(old), lines(now)), "\n"))
	}
	return b.String()
}

func heading(r planned, name string) string {
	return strings.Replace(lines(r.text(name))[0], ":", " ", 1)
}

func lines(text string) []string { return strings.Split(strings.TrimRight(text, "\n"), "\n") }

// lineDiff returns the lines that differ, by longest common subsequence.
func lineDiff(a, b []string) []string {
	common := make([][]int, len(a)+1)
	for i := range common {
		common[i] = make([]int, len(b)+1)
	}
	for i := len(a) - 1; i >= 0; i-- {
		for j := len(b) - 1; j >= 0; j-- {
			if a[i] == b[j] {
				common[i][j] = common[i+1][j+1] + 1
			} else {
				common[i][j] = max(common[i+1][j], common[i][j+1])
			}
		}
	}
	var out []string
	i, j := 0, 0
	for i < len(a) || j < len(b) {
		switch {
		case i < len(a) && j < len(b) && a[i] == b[j]:
			i, j = i+1, j+1
		case i < len(a) && (j == len(b) || common[i+1][j] >= common[i][j+1]):
			out = append(out, "  - "+a[i])
			i++
		default:
			out = append(out, "  + "+b[j])
			j++
		}
	}
	return out
}
