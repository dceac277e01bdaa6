package infra

import (
	"testing"
	"time"
)

// The clock of the program says whether a sale is on, and what is still to come.
func TestASaleIsTheProgramsOwnWhileItLasts(t *testing.T) {
	for sentence, c := range map[string]struct {
		at                 string // in Seoul
		minimum            float64
		start, end, start2 bool
	}{
		"before it the group is as configured, and both actions are to come":     {"2026-11-27T08:44", 2, true, true, true},
		"a quarter of an hour early it is the sale's, and its start is left out": {"2026-11-27T08:45", 4, false, true, true},
		"in the middle of it too":            {"2026-11-27T14:00", 4, false, true, true},
		"after it nothing of it is declared": {"2026-11-28T02:00", 2, false, false, true},
		"another sale is another":            {"2026-12-01T10:00", 6, false, false, false},
	} {
		t.Run(sentence, func(t *testing.T) {
			at, err := time.ParseInLocation(scheduleTime, c.at, seoul)
			if err != nil {
				t.Fatal(err)
			}
			now = func() time.Time { return at }
			defer func() { now = time.Now }()
			p := mustDeploy(t, "seoul", settings{"web.schedule": list{sale,
				mapping{"name": "second", "start": "2026-12-01T09:00", "end": "2026-12-02T00:00", "min": 6, "max": 12}}})
			if got := p.Resources["web-group"].Inputs["minSize"]; got != c.minimum {
				t.Errorf("minimum is %v, must be %v", got, c.minimum)
			}
			for name, want := range map[string]bool{"web-sale-start": c.start, "web-sale-end": c.end, "web-second-start": c.start2} {
				if _, declared := p.Resources[name]; declared != want {
					t.Errorf("%s declared: %v, must be %v", name, declared, want)
				}
			}
		})
	}
}
