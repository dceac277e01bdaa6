package rules

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// rate and cron as EventBridge has them: a value of one has a unit in the
// singular, and a day is of the month or of the week, never both.
var (
	rateForm = regexp.MustCompile(`^rate\((\d+) (minutes?|hours?|days?)\)$`)
	cronForm = regexp.MustCompile(`^cron\((.+)\)$`)
	onceForm = regexp.MustCompile(`^at\(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\)$`)
)

func brokenSchedule(text, _ string) error {
	if onceForm.MatchString(text) {
		return nil
	}
	if rate := rateForm.FindStringSubmatch(text); rate != nil {
		n, _ := strconv.Atoi(rate[1])
		switch plural := strings.HasSuffix(rate[2], "s"); {
		case n == 0:
			return fmt.Errorf("the value must be positive")
		case plural == (n == 1):
			return fmt.Errorf("the unit of %d is %s", n, map[bool]string{true: strings.TrimSuffix(rate[2], "s"),
				false: rate[2] + "s"}[n == 1])
		}
		return nil
	}
	cron := cronForm.FindStringSubmatch(text)
	if cron == nil {
		return fmt.Errorf("want rate(value unit) or cron(six fields)")
	}
	fields := strings.Fields(cron[1])
	if len(fields) != 6 {
		return fmt.Errorf("cron has %d fields, must have 6: minutes hours day-of-month month day-of-week year", len(fields))
	}
	if (fields[2] == "?") == (fields[4] == "?") {
		return fmt.Errorf("exactly one of day-of-month and day-of-week must be ?")
	}
	ranges := []cronField{{0, 59, nil}, {0, 23, nil}, {1, 31, nil}, {1, 12, months}, {1, 7, days}, {1970, 2199, nil}}
	return cronFields(fields, ranges)
}

func brokenRecurrence(text, _ string) error {
	fields := strings.Fields(text)
	if len(fields) != 5 {
		return fmt.Errorf("it has %d fields, must have 5: minute hour day-of-month month day-of-week", len(fields))
	}
	return cronFields(fields, []cronField{{0, 59, nil}, {0, 23, nil}, {1, 31, nil}, {1, 12, months}, {0, 7, days}})
}

// cronField is what one field of a cron expression takes.
type cronField struct {
	low, high int
	names     []string
}

var (
	months = []string{"JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"}
	days   = []string{"SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"}
)

func cronFields(fields []string, ranges []cronField) error {
	for i, field := range fields {
		for part := range strings.SplitSeq(field, ",") {
			base, step, stepped := strings.Cut(part, "/")
			if n, err := strconv.Atoi(step); stepped && (err != nil || n < 1) {
				return fmt.Errorf("field %d: the step %q is no number", i+1, step)
			}
			low, high, ranged := strings.Cut(base, "-")
			if !ranges[i].takes(low) || ranged && !ranges[i].takes(high) {
				return fmt.Errorf("field %d: %q is not within %d to %d", i+1, base, ranges[i].low, ranges[i].high)
			}
		}
	}
	return nil
}

func (f cronField) takes(text string) bool {
	if text == "*" || text == "?" || text == "L" || text == "LW" {
		return true
	}
	for _, name := range f.names {
		if strings.EqualFold(name, text) {
			return true
		}
	}
	day, nth, counted := strings.Cut(text, "#")
	if m, err := strconv.Atoi(nth); counted && (err != nil || m < 1 || m > 5) {
		return false
	}
	n, err := strconv.Atoi(strings.TrimSuffix(strings.TrimSuffix(day, "L"), "W"))
	return err == nil && n >= f.low && n <= f.high
}

func brokenTimestamp(text, _ string) error {
	_, err := time.Parse("2006-01-02T15:04:05Z", text)
	return err
}
