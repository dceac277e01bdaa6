package rules

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

var (
	dailyForm  = regexp.MustCompile(`^([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-3]):([0-5]\d)$`)
	weeklyForm = regexp.MustCompile(`^(?i:(sun|mon|tue|wed|thu|fri|sat):([01]\d|2[0-3]):([0-5]\d)-` +
		`(sun|mon|tue|wed|thu|fri|sat):([01]\d|2[0-3]):([0-5]\d))$`)
)

// leastWindow is how long AWS's windows last at least, in minutes.
const leastWindow = 30

func brokenDaily(text, _ string) error {
	from, to, err := daily(text)
	if err != nil {
		return err
	}
	if length := (to - from + 24*60) % (24 * 60); length < leastWindow {
		return fmt.Errorf("it lasts %d minutes, must last %d at least", length, leastWindow)
	}
	return nil
}

// daily returns the ends of a window in minutes of the day.
func daily(text string) (from, to int, err error) {
	m := dailyForm.FindStringSubmatch(text)
	if m == nil {
		return 0, 0, fmt.Errorf("want hh24:mi-hh24:mi")
	}
	return minutes(m[1], m[2]), minutes(m[3], m[4]), nil
}

func brokenWeekly(text, _ string) error {
	from, to, err := weekly(text)
	if err != nil {
		return err
	}
	if length := (to - from + week) % week; length < leastWindow {
		return fmt.Errorf("it lasts %d minutes, must last %d at least", length, leastWindow)
	}
	return nil
}

const week = 7 * 24 * 60

// weekly returns the ends of a window in minutes of the week.
func weekly(text string) (from, to int, err error) {
	m := weeklyForm.FindStringSubmatch(text)
	if m == nil {
		return 0, 0, fmt.Errorf("want ddd:hh24:mi-ddd:hh24:mi")
	}
	day := func(name string) int {
		for i, d := range days {
			if strings.EqualFold(d, name) {
				return i * 24 * 60
			}
		}
		return 0
	}
	return day(m[1]) + minutes(m[2], m[3]), day(m[4]) + minutes(m[5], m[6]), nil
}

func minutes(hour, minute string) int {
	h, _ := strconv.Atoi(hour)
	m, _ := strconv.Atoi(minute)
	return 60*h + m
}
