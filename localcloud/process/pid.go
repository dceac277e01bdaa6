package process

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"time"
)

// A pid file holds "<pid> <start time>": the kernel's start time tells the
// process from a later one that was given the same number.

func pidPath(dir string) string { return filepath.Join(dir, "pid") }

func recordPID(dir string, pid int) error {
	return os.WriteFile(pidPath(dir), fmt.Appendf(nil, "%d %s\n", pid, StartTime(pid)), 0o600)
}

// EndLeftover ends the process that an earlier run left in dir, if it still
// runs: it is told to stop, and killed after grace.
func EndLeftover(dir string, grace time.Duration) error {
	raw, err := os.ReadFile(pidPath(dir))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer os.Remove(pidPath(dir))
	var pid int
	var start string
	if _, err := fmt.Sscan(string(raw), &pid, &start); err != nil {
		return nil // cut short by a crash; nothing can be learnt from it
	}
	return End(pid, start, grace)
}

// killTimeout is how long the kernel may take to end a killed process.
const killTimeout = 10 * time.Second

// End stops the process pid if it is still the one that began at start (as
// StartTime told): SIGTERM, then SIGKILL after grace (at once when grace is 0).
// It returns when the process is gone.
func End(pid int, start string, grace time.Duration) error {
	alive := func() bool { return StartTime(pid) == start && start != "" }
	for _, step := range []struct {
		signal syscall.Signal
		wait   time.Duration
	}{{syscall.SIGTERM, grace}, {syscall.SIGKILL, killTimeout}} {
		if !alive() {
			return nil
		}
		if err := syscall.Kill(pid, step.signal); err != nil && !errors.Is(err, syscall.ESRCH) {
			return fmt.Errorf("end process %d: %w", pid, err)
		}
		for deadline := time.Now().Add(step.wait); alive() && time.Now().Before(deadline); {
			time.Sleep(10 * time.Millisecond) // not our child: the kernel can't tell us
		}
	}
	if alive() {
		return fmt.Errorf("process %d does not end", pid)
	}
	return nil
}

// StartTime returns the kernel's start time of a live process, in clock ticks
// since boot, or "" when there is none (a zombie counts as none).
func StartTime(pid int) string {
	raw, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return ""
	}
	// The command name may hold anything, parentheses too: count from its end.
	fields := bytes.Fields(raw[bytes.LastIndexByte(raw, ')')+1:])
	if len(fields) < 20 || string(fields[0]) == "Z" {
		return ""
	}
	return string(fields[19])
}
