package cloudwatch

import (
	"math"
	"strings"
	"testing"
)

// points reads the data points of AWS's tables: the newest is on the right.
func points(line string) []point {
	var all []point
	for _, field := range strings.Fields(line) {
		p := point{value: math.NaN()}
		switch field {
		case "X":
			p = point{value: 1, breaching: true}
		case "0":
			p = point{value: 0}
		}
		all = append([]point{p}, all...)
	}
	return all
}

// The tables of "Configuring how CloudWatch alarms treat missing data", row by
// row, and what its text says of premature alarms; retained is "Retain current
// state".
func TestMissingData(t *testing.T) {
	t.Parallel()
	const (
		retained = State("")
		unknown  = InsufficientData
	)
	for _, c := range []struct {
		reason  string
		atLeast int // of 3
		points  string
		filled  int // "# of data points that must be filled"
		want    [4]State
	}{
		{"table 1, row 1", 3, "0 - X - X", 0, [4]State{OK, OK, OK, OK}},
		{"table 1, row 2", 3, "0 - - - -", 2, [4]State{OK, OK, OK, OK}},
		{"table 1, row 3", 3, "- - - - -", 3, [4]State{unknown, retained, Alarm, OK}},
		{"table 1, row 4", 3, "0 X X - X", 0, [4]State{Alarm, Alarm, Alarm, Alarm}},
		{"table 1, row 5", 3, "- - X - -", 2, [4]State{Alarm, retained, Alarm, OK}},
		{"table 2, row 1", 2, "0 - X - X", 0, [4]State{Alarm, Alarm, Alarm, Alarm}},
		{"table 2, row 2", 2, "0 0 X 0 X", 0, [4]State{Alarm, Alarm, Alarm, Alarm}},
		{"table 2, row 3", 2, "0 - X - -", 1, [4]State{OK, OK, Alarm, OK}},
		{"table 2, row 4", 2, "- - - - 0", 2, [4]State{OK, OK, Alarm, OK}},
		{"table 2, row 5", 2, "- - - X -", 2, [4]State{Alarm, retained, Alarm, OK}},
		{"premature: the only point is the newest", 3, "- - - - X", 2, [4]State{unknown, retained, Alarm, OK}},
		{"premature: the only point is the last but one", 3, "- - - X -", 2, [4]State{unknown, retained, Alarm, OK}},
		{"premature: the next one was not breaching", 3, "- - - X 0", 1, [4]State{OK, OK, OK, OK}},
		{"premature: nor was the one after that", 3, "- - X - 0", 1, [4]State{OK, OK, OK, OK}},
		{"premature: all that are more recent breach, too", 3, "- - X X -", 1, [4]State{Alarm, retained, Alarm, OK}},
		{"two of three that breach need nothing else", 2, "- - - X X", 1, [4]State{Alarm, Alarm, Alarm, Alarm}},
		{"nothing is missing: the oldest are not looked at", 3, "X X 0 X X", 0, [4]State{OK, OK, OK, OK}},
		{"guide of 2020, table 1, row 6: old enough", 3, "X - - - -", 2, [4]State{Alarm, retained, Alarm, OK}},
	} {
		for i, treatment := range treatments {
			v := judge(points(c.points), 3, c.atLeast, treatment)
			want := c.want[map[string]int{treatMissing: 0, treatIgnore: 1, treatBreaching: 2, treatNotBreaching: 3}[treatment]]
			if v.state != want {
				t.Errorf("%s: %q treated as %s is %q, want %q", c.reason, c.points, treatments[i], v.state, want)
			}
			if missing := 3 - len(v.evaluated); missing != c.filled {
				t.Errorf("%s: %q: %d to be filled, want %d", c.reason, c.points, missing, c.filled)
			}
		}
	}
}
