package autoscaling

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// cron is a recurrence: minute, hour, day of the month, month, day of the week,
// each as a bit set.
type cron struct {
	fields  [5]uint64
	anyDate bool // the day of the month is *
	anyDay  bool // the day of the week is *
}

var cronBounds = [5]struct{ low, high int }{{0, 59}, {0, 23}, {1, 31}, {1, 12}, {0, 7}}

var cronNames = strings.NewReplacer(
	"JAN", "1", "FEB", "2", "MAR", "3", "APR", "4", "MAY", "5", "JUN", "6",
	"JUL", "7", "AUG", "8", "SEP", "9", "OCT", "10", "NOV", "11", "DEC", "12",
	"SUN", "0", "MON", "1", "TUE", "2", "WED", "3", "THU", "4", "FRI", "5", "SAT", "6")

func parseCron(text string) (c cron, err error) {
	words := strings.Fields(cronNames.Replace(strings.ToUpper(text)))
	if len(words) != len(c.fields) {
		return c, errors.New("it has not five fields")
	}
	for n, word := range words {
		if c.fields[n], err = parseField(word, cronBounds[n].low, cronBounds[n].high); err != nil {
			return c, err
		}
	}
	if c.fields[4]&(1<<7) != 0 {
		c.fields[4] |= 1 // 7 is Sunday too
	}
	c.anyDate, c.anyDay = words[2] == "*", words[4] == "*"
	if c.next(time.Now()).IsZero() {
		return c, errors.New("it never comes")
	}
	return c, nil
}

// parseField reads lists of *, n, a-b, each with an optional /step.
func parseField(word string, low, high int) (set uint64, err error) {
	for _, part := range strings.Split(word, ",") {
		span, every, stepped := strings.Cut(part, "/")
		from, to, step := low, high, 1
		if span != "*" {
			first, last, ranged := strings.Cut(span, "-")
			if from, err = strconv.Atoi(first); err != nil {
				return 0, err
			}
			if to = from; stepped {
				to = high
			}
			if ranged {
				if to, err = strconv.Atoi(last); err != nil {
					return 0, err
				}
			}
		}
		if stepped {
			if step, err = strconv.Atoi(every); err != nil || step < 1 {
				return 0, fmt.Errorf("%q is no step", every)
			}
		}
		if from < low || to > high || from > to {
			return 0, fmt.Errorf("%q is not between %d and %d", part, low, high)
		}
		for n := from; n <= to; n += step {
			set |= 1 << n
		}
	}
	return set, nil
}

// next is the first time after a moment, in its zone; zero when there is none
// in five years (29 February comes within).
func (c cron) next(after time.Time) time.Time {
	at := after.Truncate(time.Minute).Add(time.Minute)
	for limit := after.AddDate(5, 0, 0); at.Before(limit); {
		year, month, day := at.Date()
		switch {
		case !has(c.fields[3], int(month)):
			at = time.Date(year, month+1, 1, 0, 0, 0, 0, at.Location())
		case !c.onDay(at):
			at = time.Date(year, month, day+1, 0, 0, 0, 0, at.Location())
		case !has(c.fields[1], at.Hour()):
			at = at.Add(time.Duration(60-at.Minute()) * time.Minute)
		case !has(c.fields[0], at.Minute()):
			at = at.Add(time.Minute)
		default:
			return at
		}
	}
	return time.Time{}
}

// onDay: of two given days either will do, as crontab(5) has it.
func (c cron) onDay(at time.Time) bool {
	date, day := has(c.fields[2], at.Day()), has(c.fields[4], int(at.Weekday()))
	if c.anyDate || c.anyDay {
		return date && day
	}
	return date || day
}

func has(set uint64, n int) bool { return set&(1<<n) != 0 }
