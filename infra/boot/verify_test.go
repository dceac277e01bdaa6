package boot_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// mostExposure is what systemd-analyze(1) may find of a unit, in tenths: 0 is
// sealed, 100 is open. The processes talk to the network, which alone is 5.
const mostExposure = "15"

func TestSystemdFindsNothingWrongWithTheUnits(t *testing.T) {
	m := newMachine(t)
	m.launch(m.userData(m.instance(program)))
	dir := "/etc/systemd/system/"
	units := []string{dir + "feed.service", dir + "feed-hook.service", dir + "feed-failed.service"}
	if out := m.mustRun(append([]string{"systemd-analyze", "verify", "--man=no"}, units...)...); out != "" {
		t.Errorf("systemd-analyze verify:\n%s", out)
	}
	for _, unit := range units[:2] {
		m.mustRun("systemd-analyze", "security", "--offline=yes", "--no-pager", "--threshold="+mostExposure, unit)
	}
	m.write("etc/systemd/system/odd.service", 0o644, "[Service]\nExecStart=/bin/true\nRestrat=always\n")
	if out, _ := m.run("systemd-analyze", "verify", "--man=no", dir+"odd.service"); !strings.Contains(out, "Restrat") {
		t.Errorf("a misspelt option goes unseen:\n%s", out)
	}
	if out, err := m.run("systemd-analyze", "security", "--offline=yes", "--no-pager", "--threshold="+mostExposure, dir+"odd.service"); err == nil {
		t.Errorf("an open unit goes unseen:\n%s", out)
	}
	if out := m.mustRun("logrotate", "--debug", "/etc/logrotate.d/newsfeed"); strings.Contains(out, "error") {
		t.Errorf("logrotate --debug:\n%s", out)
	}
}

// A machine sees nothing of this one's /tmp, and can write nowhere of this one.
func TestAMachineLeavesThisOneAlone(t *testing.T) {
	m := newMachine(t)
	kept := filepath.Join(t.TempDir(), "kept")
	long := time.Now().AddDate(-1, 0, 0)
	m.must(os.WriteFile(kept, []byte("kept"), 0o600))
	m.must(os.Chtimes(kept, long, long)) // what systemd-tmpfiles would clean away
	m.launch(m.userData(m.instance(program)))
	m.started(1)
	if out, err := m.run("cat", kept); err == nil {
		t.Errorf("the machine reads %s: %s", kept, out)
	}
	for _, path := range []string{"/usr/written", "/var/lib/written", "/home/written"} {
		if out, err := m.run("touch", path); err == nil {
			os.Remove(path)
			t.Errorf("the machine writes %s: %s", path, out)
		}
	}
	m.mustRun("touch", "/tmp/of-the-machine")
	m.cut()
	m.boot()
	if _, err := os.Stat("/tmp/of-the-machine"); err == nil {
		t.Error("the machine's /tmp is this one's")
	}
	if text, err := os.ReadFile(kept); err != nil || string(text) != "kept" {
		t.Errorf("%s: %v", kept, err)
	}
}
