package boot_test

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"

	"newsfeed/infra/boot"
)

// program stands in for the feed binary: it says what it is given, runs until it
// is told to stop, and takes a while to drain.
const program = `#!/bin/sh
[ "$1" = hook ] && echo "hook of $NEWSFEED_GROUP" && exit 0
trap 'echo draining; /usr/bin/sleep 0.3; echo drained; exit 0' TERM
echo "started $1 as $(id --user --name) in $AWS_REGION"
touch /etc/written /opt/newsfeed/written 2>/dev/null && echo "wrote to the disk"
while :; do /usr/bin/sleep 0.05; done
`

// crasher ends as soon as it has begun.
const crasher = "#!/bin/sh\n[ $1 = hook ] || echo crashed\nexit 3\n"

// instance is that of a release that S3 holds.
func (m *machine) instance(release string) boot.Instance {
	m.write("s3/feed", 0o644, release)
	digest := sha256.Sum256([]byte(release))
	return boot.Instance{Command: "web", StopSeconds: 25, Agent: "{}", Environment: map[string]string{
		"AWS_REGION": "ap-northeast-2", "NEWSFEED_GROUP": "newsfeed-seoul-web",
		"NEWSFEED_ARTIFACT":                 "s3://artifacts/feed/" + hex.EncodeToString(digest[:]),
		"AWS_EC2_METADATA_SERVICE_ENDPOINT": "http://" + cloudAddress}}
}

func (m *machine) userData(i boot.Instance) string {
	m.t.Helper()
	text, err := i.UserData()
	m.must(err)
	return text
}

// quick has the units started again at once, where the time between is not what
// the test is about.
func (m *machine) quick() {
	for _, unit := range []string{"feed", "feed-failed"} {
		m.write("etc/systemd/system/"+unit+".service.d/quick.conf", 0o644, "[Service]\nRestartSec=50ms\n")
	}
}

const log = "log/newsfeed/feed.log" // where the agent reads: boot.Log

func (m *machine) logs(text string) {
	m.t.Helper()
	m.until(text, func() error { return m.has(log, text) })
}

// count says how often the text stands in the log.
func (m *machine) count(text string) int { return strings.Count(m.read(log), text) }

// started waits until the process has begun so many times.
func (m *machine) started(times int) {
	m.t.Helper()
	m.until(fmt.Sprint("start ", times), func() error {
		if got := m.count("started "); got < times {
			return fmt.Errorf("%d starts", got)
		}
		return nil
	})
}

func TestAnInstanceBootsRunsAndDrains(t *testing.T) {
	t.Parallel()
	for _, kind := range []string{"web", "worker"} {
		t.Run(kind, func(t *testing.T) {
			m := newMachine(t)
			instance := m.instance(program)
			instance.Command = kind
			m.launch(m.userData(instance))
			m.logs("started " + kind + " as feed in ap-northeast-2\n")
			m.logs("hook of newsfeed-seoul-web\n")
			if m.count("wrote to the disk") > 0 {
				t.Error("the process may write outside of its own directories")
			}
			if got := strings.Count(m.read("calls"), "dnf install --assumeyes --quiet amazon-cloudwatch-agent\n"); got != 2 {
				t.Errorf("the agent was installed by %d tries, want 2: the first one fails", got)
			}
			if err := m.has("calls", "agent -a fetch-config -m ec2 -s -c file:"+boot.AgentConfig+"\n"); err != nil {
				t.Error(err)
			}
			m.mustRun("kill", "-KILL", m.show("feed", "MainPID"))
			m.started(2)
			m.mustRun("systemctl", "stop", "feed.service")
			m.logs("drained\n")
			if got := m.show("feed", "Result"); got != "success" {
				t.Errorf("it was stopped with %s", got)
			}
		})
	}
}

// What the sandbox forbids, the program itself does not need: not to serve, to
// answer the launch hook, or to drain.
func TestTheProgramItselfRunsInItsSandbox(t *testing.T) {
	m := newMachine(t)
	build := exec.CommandContext(t.Context(), "go", "build", "-o", m.path("built"), "newsfeed/app/cmd/feed")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	instance := m.instance(m.read("built"))
	for key, value := range map[string]string{"NEWSFEED_REGION": "ap-northeast-2", "NEWSFEED_PORT": "8080",
		"AWS_ENDPOINT_URL": "http://" + cloudAddress, "AWS_ACCESS_KEY_ID": "local", "AWS_SECRET_ACCESS_KEY": "local"} {
		instance.Environment[key] = value // with no store configured, it runs on memory
	}
	m.launch(m.userData(instance))
	m.until("the launch hook is told", func() error {
		return m.has("answered", "CompleteLifecycleAction newsfeed-seoul-web i-0123456789abcdef0 CONTINUE\n")
	})
	m.is("feed-hook", "ActiveState", "inactive")
	m.mustRun("curl", "--fail", "--silent", "http://127.0.0.1:8080/healthz/ready")
	m.mustRun("systemctl", "stop", "feed.service")
	m.logs(`"msg":"draining"`)
	if got := m.show("feed", "Result"); got != "success" {
		t.Errorf("it was stopped with %s", got)
	}
}

// The process keeps its log open while logrotate turns it over.
func TestTheLogIsTurnedOver(t *testing.T) {
	m := newMachine(t)
	m.launch(m.userData(m.instance(program)))
	m.started(1)
	m.mustRun("logrotate", "--force", "--state", "/var/log/state", "/etc/logrotate.d/newsfeed")
	if _, err := os.Stat(m.path(log + ".1.gz")); err != nil || m.count("started") > 0 {
		t.Errorf("the log was not turned over: %v\n%s", err, m.read(log))
	}
	m.mustRun("systemctl", "stop", "feed.service")
	m.logs("drained\n")
	if text := m.read(log); strings.ContainsRune(text, 0) {
		t.Errorf("the process writes behind a hole: %q", text)
	}
}

func TestARebootNeedsNeitherCloudInitNorS3(t *testing.T) {
	m := newMachine(t)
	m.launch(m.userData(m.instance(program)))
	m.started(1)
	m.cut()
	m.write("s3/faults", 0o644, "always\n")
	m.must(os.Remove(m.path("calls")))
	m.boot()
	m.started(2)
	if calls := m.read("calls"); calls != "" {
		t.Errorf("a reboot called:\n%s", calls)
	}
}

func TestADownloadThatFailsNeverBecomesTheProgram(t *testing.T) {
	t.Parallel()
	for sentence, faults := range map[string]string{
		"whatever fails once, as cut off with and without an error": "error\nhalf\ncut\nother\n",
		"whatever fails for longer than one start tries":            strings.Repeat("error\n", 8),
	} {
		t.Run(sentence, func(t *testing.T) {
			m := newMachine(t)
			m.quick()
			m.write("s3/faults", 0o644, faults)
			m.launch(m.userData(m.instance(program)))
			m.started(1)
			if again, want := m.show("feed", "NRestarts"), strconv.Itoa(strings.Count(faults, "\n")/6); again != want {
				t.Errorf("%s restarts, want %s: something else was run first", again, want)
			}
			if left := m.read("opt/newsfeed/feed.part"); left != "" {
				t.Error("a part is left behind")
			}
		})
	}
}

const setUnhealthy = "aws autoscaling set-instance-health --region ap-northeast-2 --instance-id i-0123456789abcdef0 --health-status Unhealthy"

func TestAProgramThatIsNoGoodGivesTheInstanceUp(t *testing.T) {
	t.Parallel()
	for sentence, c := range map[string]struct {
		release, held string
		starts        int // the unit's own limit, and a lower one where each takes long
		runs          int
	}{
		"one that crashes at once":    {crasher, crasher, 20, 20},
		"one whose digest is another": {program, crasher, 2, 0},
	} {
		t.Run(sentence, func(t *testing.T) {
			m := newMachine(t)
			m.quick()
			if c.starts != 20 {
				m.write("etc/systemd/system/feed.service.d/soon.conf", 0o644, fmt.Sprintf("[Unit]\nStartLimitBurst=%d\n", c.starts))
			}
			data := m.userData(m.instance(c.release))
			m.write("s3/feed", 0o644, c.held)
			m.launch(data)
			m.until("the group is told, in the end", func() error {
				if n := strings.Count(m.read("calls"), setUnhealthy); n != 2 {
					return fmt.Errorf("told %d times", n)
				}
				return nil
			})
			m.is("feed", "ActiveState", "failed")
			m.is("feed-failed", "ActiveState", "inactive")
			if got := m.count("crashed\n"); got != c.runs {
				t.Errorf("it was run %d times before it is given up, want %d", got, c.runs)
			}
		})
	}
}

// The file that the log goes to is opened before systemd makes LogsDirectory=
// (systemd 27591). This is why tmpfiles.d makes it, and shows that these tests
// would see it.
func TestSystemdDoesNotMakeTheLogsDirectoryInTime(t *testing.T) {
	m := newMachine(t)
	m.launch(m.userData(m.instance(program)))
	m.started(1)
	m.write("etc/systemd/system/late.service", 0o644, fmt.Sprintf(
		"[Service]\nType=exec\nLogsDirectory=late\nStandardOutput=append:%s\nExecStart=/opt/newsfeed/feed web\n", "/var/log/late/feed.log"))
	if out, err := m.run("systemctl", "start", "late.service"); err == nil {
		t.Fatalf("it started: tmpfiles.d is not needed any more\n%s", out)
	}
	if got := m.show("late", "ExecMainStatus"); got != "209" { // STDOUT: systemd.exec(5)
		t.Errorf("exit status %s, want 209", got)
	}
}
