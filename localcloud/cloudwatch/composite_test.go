package cloudwatch

import (
	"strings"
	"testing"
)

func TestRules(t *testing.T) {
	t.Parallel()
	has := map[string]State{"on": Alarm, "off": OK, "blind": InsufficientData, "with space": Alarm}
	for rule, want := range map[string]bool{
		`ALARM("on")`:                                                true,
		`ALARM(on) AND ALARM(off)`:                                   false,
		`ALARM(off) OR OK(off)`:                                      true,
		`NOT ALARM(off)`:                                             true,
		`NOT NOT ALARM(off)`:                                         false,
		`INSUFFICIENT_DATA("blind") AND NOT OK(on)`:                  true,
		`ALARM(on) OR ALARM(off) AND ALARM(off)`:                     true, // AND binds closer
		`(ALARM(on) OR ALARM(off)) AND ALARM(off)`:                   false,
		`ALARM("with space")AND TRUE`:                                true,
		`FALSE OR ALARM(arn:aws:cloudwatch:x:1:alarm:on)`:            true,
		"\n( TRUE )\t":                                               true,
		`ALARM("off") OR (INSUFFICIENT_DATA("blind") AND OK("off"))`: true,
	} {
		r, err := parseRule(rule)
		if err != nil {
			t.Errorf("%s: %v", rule, err)
		} else if got := r.eval(func(name string) State { return has[named(name)] }); got != want {
			t.Errorf("%s is %t", rule, got)
		}
	}
	for rule, want := range map[string]string{
		"":                        "it must be",
		"ALARM":                   "the name of an alarm in parentheses must follow",
		"ALARM()":                 "not closed",
		`ALARM("a)`:               "not closed",
		"ALARM(a) ALARM(b)":       "unexpected",
		"(TRUE":                   "not closed",
		"TRUEISH":                 "it must be",
		"ALARM(a) XOR OK(b)":      "unexpected",
		strings.Repeat("(", 9999): "elements",
		strings.Repeat("NOT ", 2000) + "ALARM(" + strings.Repeat("a", 4000) + ")": "10240 at most",
	} {
		if _, err := parseRule(rule); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.40q: %v, want %s", rule, err, want)
		}
	}
}

func FuzzRule(f *testing.F) {
	for _, seed := range []string{`ALARM("x") OR NOT OK(x) AND (TRUE)`, "((", "NOT", `ALARM("`, "OK(", "INSUFFICIENT_DATA(a))",
		"TRUEFALSE"} {
		f.Add(seed)
	}
	f.Fuzz(func(_ *testing.T, source string) {
		if r, err := parseRule(source); err == nil {
			r.eval(func(string) State { return Alarm })
		}
	})
}

func TestCompositeAlarm(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 60)
	if err := w.composite("region", `ALARM("x")`, nil); err == nil || !strings.Contains(err.Error(),
		`alarm "x": there is none of that name`) {
		t.Fatalf("a rule about an alarm that is not there: %v", err)
	}
	w.declared("x", map[string]any{"alarmActions": nil, "okActions": nil})
	for _, c := range [][2]string{{"region", `ALARM("x")`}, {"world", `ALARM(region) AND NOT OK(x)`}} {
		if err := w.composite(c[0], c[1], nil); err != nil {
			t.Fatal(err)
		}
	}
	w.minute()
	region := w.alarms[address{seoul, "region"}]
	if region.status.State != OK || region.status.Reason != region.arn+" was created and its alarm rule evaluates to OK" {
		t.Fatalf("created: %+v", region.status)
	}
	w.acted = nil
	w.run("x", "12")
	if got := w.told(); got != "region ALARM, world ALARM" {
		t.Fatalf("composites of composites follow in the same turn: %s", got)
	}
	want := "arn:aws:cloudwatch:" + seoul + ":000000000000:alarm:x transitioned to ALARM at Sunday 22 November, 2026 09:00:02 UTC"
	if region.status.Reason != want {
		t.Fatalf("reason %q, want %q", region.status.Reason, want)
	}
	m := decode(t, w.acted[0].Message)
	children := m["TriggeringChildren"].([]any)
	if len(children) != 1 || m["AlarmRule"] != `ALARM("x")` || m["Trigger"] != nil ||
		!strings.HasSuffix(children[0].(map[string]any)["Arn"].(string), ":alarm:x") {
		t.Fatalf("message %s", w.acted[0].Message)
	}
}

func TestCircleOfComposites(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 60)
	for _, step := range [][2]string{{"a", "TRUE"}, {"b", "NOT ALARM(a)"}, {"a", "ALARM(b)"}} {
		if err := w.composite(step[0], step[1], nil); err != nil {
			t.Fatal(err)
		}
	}
	w.minute() // it ends
}

func TestSuppression(t *testing.T) {
	t.Parallel()
	suppressed := map[string]any{"actionsSuppressor": map[string]any{"alarm": "deploying", "waitPeriod": 120.0, "extensionPeriod": 120.0}}
	for sentence, c := range map[string]struct {
		x, deploying string // by the minute
		want         string // minutes in which the composite's actions were taken
	}{
		"without a suppressor that is on, actions wait for it as long as they must": {"5 12 12 12 12", "0 0 0 0 0", "2:OK 5:ALARM"},
		"a suppressor that comes on within the wait holds them back":                {"5 12 12 12 12", "0 0 1 1 1", "2:OK"},
		"after it they are held back for the extension":                             {"5 12 12 12 12 12 12", "0 1 1 0 0 0 0", "2:OK 7:ALARM"},
		"what is over by then is not told":                                          {"5 12 12 5 5 5 5", "0 1 1 0 0 0 0", "2:OK"},
	} {
		t.Run(sentence, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, 60)
			w.declared("x", map[string]any{"alarmActions": nil, "okActions": nil})
			w.declared("deploying", map[string]any{"metricName": "Deploying", "threshold": 0.0, "alarmActions": nil, "okActions": nil})
			if err := w.composite("region", "ALARM(x)", suppressed); err != nil {
				t.Fatal(err)
			}
			w.minute() // the composite becomes OK
			w.acted, w.alarms[address{seoul, "region"}].composite.told = nil, InsufficientData
			w.alarms[address{seoul, "region"}].status.State = InsufficientData
			var got []string
			deploying := strings.Fields(c.deploying)
			for i, v := range strings.Fields(c.x) {
				w.Put(seoul, "NewsFeed", "Deploying", map[string]string{"Region": seoul}, "Count", []float64{float64(deploying[i][0] - '0')}, w.now)
				before := len(w.acted)
				w.run("x", v)
				for _, a := range w.acted[before:] {
					got = append(got, string(rune('2'+i))+":"+string(a.New))
				}
			}
			if strings.Join(got, " ") != c.want {
				t.Fatalf("%v, want %s", got, c.want)
			}
		})
	}
}
