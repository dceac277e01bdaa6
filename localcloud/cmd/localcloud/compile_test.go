package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// BenchmarkCompile compiles the program from an empty build cache, as a
// machine does that never has, and for comparison what no Pulumi program in Go is
// without: the SDK's core and the standard library. It reports the largest process
// by the kernel's account, and the sum of all, as sampled.
func BenchmarkCompile(b *testing.B) {
	for _, of := range []struct{ name, pkg string }{{"program", "./infra/program"}, {"floor", "github.com/pulumi/pulumi/sdk/v3/go/pulumi"}} {
		b.Run(of.name, func(b *testing.B) {
			for range b.N {
				compile(b, of.pkg)
			}
		})
	}
}

func compile(b *testing.B, pkg string) {
	cmd := exec.Command("go", "build", "-o", os.DevNull, pkg)
	cmd.Dir = root(b)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOFLAGS=", "GOCACHE="+b.TempDir())
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // its compilers are told by its group
	began := time.Now()
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	peak := 0
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for running := true; running; {
		select {
		case err := <-ended:
			if err != nil {
				b.Fatal(err)
			}
			running = false
		case <-tick.C:
			peak = max(peak, resident(cmd.Process.Pid))
		}
	}
	usage := cmd.ProcessState.SysUsage().(*syscall.Rusage)
	b.ReportMetric(time.Since(began).Seconds(), "s")
	b.ReportMetric((cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()).Seconds(), "cpu-s")
	b.ReportMetric(float64(usage.Maxrss)/1e6, "GB/largest-process")
	b.ReportMetric(float64(peak)/1e9, "GB/all")
}

// resident is the memory in bytes of a process group.
func resident(group int) (bytes int) {
	files, _ := filepath.Glob("/proc/[0-9]*/stat")
	for _, file := range files {
		raw, err := os.ReadFile(file)
		if err != nil {
			continue // it has just ended
		}
		_, after, _ := strings.Cut(string(raw), ") ")
		fields := strings.Fields(after) // from the third on: state, parent, group, ...
		if len(fields) > 21 && fields[2] == strconv.Itoa(group) {
			pages, _ := strconv.Atoi(fields[21])
			bytes += pages * os.Getpagesize()
		}
	}
	return bytes
}
