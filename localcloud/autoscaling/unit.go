package autoscaling

import (
	"fmt"
	"path"
	"strconv"
	"strings"
	"time"
)

// unit is a systemd service that runs the program.
type unit struct {
	name         string
	env          []string   // of its own, beside the environment file
	before       [][]string // arguments of the program's runs before the service
	serve        []string   // arguments of the service; nil when it runs something else
	restart      string     // no, always, on-failure, ...
	restartAfter time.Duration
	burst        int // starts within limit, at most
	limit        time.Duration
	onFailure    string // the unit that is told when it fails for good
}

// parseUnit reads the options that matter here; systemd.service(5) and
// systemd.unit(5) give the defaults.
func parseUnit(name, content string) (unit, error) {
	u := unit{name: name, restart: "no", restartAfter: 100 * time.Millisecond, burst: 5, limit: 10 * time.Second}
	for line := range lines(content) {
		key, text, ok := strings.Cut(line, "=")
		if !ok || strings.HasPrefix(line, "#") || strings.HasPrefix(line, ";") {
			continue
		}
		if err := u.set(strings.TrimSpace(key), strings.TrimSpace(text)); err != nil {
			return u, fmt.Errorf("%s: %w", key, err)
		}
	}
	return u, nil
}

func (u *unit) set(key, text string) (err error) {
	switch key {
	case "ExecStartPre":
		if args := ofProgram(text); args != nil {
			u.before = append(u.before, args)
		}
	case "ExecStart":
		u.serve = ofProgram(text)
	case "Environment":
		for _, assignment := range strings.Fields(text) {
			u.env = append(u.env, strings.Trim(assignment, `"`))
		}
	case "Restart":
		u.restart = text
	case "OnFailure":
		u.onFailure = strings.TrimSuffix(text, ".service")
	case "RestartSec":
		u.restartAfter, err = span(text)
	case "StartLimitIntervalSec":
		u.limit, err = span(text)
	case "StartLimitBurst":
		u.burst, err = strconv.Atoi(text)
	}
	return err
}

// ofProgram are the arguments of a command when it is the program; of other
// commands there are only those that fetch it.
func ofProgram(command string) []string {
	words := strings.Fields(strings.TrimLeft(command, "-+!@:"))
	if len(words) == 0 || path.Base(words[0]) != program {
		return nil
	}
	return words[1:]
}

// restarts says whether the unit is started again after an end of that kind.
func (u unit) restarts(err error) bool {
	switch u.restart {
	case "always":
		return true
	case "on-failure", "on-abnormal", "on-abort":
		return err != nil
	case "on-success":
		return err == nil
	}
	return false
}

// span reads a time span of systemd.time(7): a plain number is seconds.
func span(text string) (time.Duration, error) {
	var total time.Duration
	for _, word := range strings.Fields(text) {
		if _, err := strconv.ParseFloat(word, 64); err == nil {
			word += "s"
		}
		word = strings.TrimSuffix(word, "in") // min is m
		d, err := time.ParseDuration(word)
		if err != nil {
			return 0, err
		}
		total += d
	}
	return total, nil
}
