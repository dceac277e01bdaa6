package autoscaling

import (
	"encoding/base64"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"
)

func TestParseUserData(t *testing.T) {
	t.Parallel()
	const env = "- path: /etc/newsfeed/feed.env\n  content: |\n    # not this\n" +
		"    NEWSFEED_PORT=8080\n    NEWSFEED_ARTIFACT=\"s3://b/feed/1\"\n"
	const burst, limit, sec = 5, 10 * time.Second, 100 * time.Millisecond // systemd's defaults
	file := func(name, content string) string {
		return "- path: /etc/systemd/system/" + name + "\n  content: |\n    " + strings.ReplaceAll(content, "\n", "\n    ") + "\n"
	}
	for sentence, c := range map[string]struct {
		files string
		want  []unit
		err   string
	}{
		"the app, its hook, and what only a failure starts": {
			files: env + file("feed.service", "[Unit]\nStartLimitIntervalSec=15min\nStartLimitBurst=20\nOnFailure=feed-unhealthy.service\n"+
				"[Service]\nType=exec\nEnvironment=GOMEMLIMIT=1GiB\nExecStart=/opt/newsfeed/feed web\nRestart=always\nRestartSec=5") +
				file("feed-hook.service", "[Service]\nExecStart=/opt/newsfeed/feed hook\nRestart=on-failure") +
				file("feed-unhealthy.service", "[Service]\nType=oneshot\nExecStart=/opt/newsfeed/feed unhealthy"),
			want: []unit{
				{name: "feed", env: []string{"GOMEMLIMIT=1GiB"}, serve: []string{"web"}, restart: "always",
					restartAfter: 5 * time.Second, burst: 20, limit: 15 * time.Minute, onFailure: "feed-unhealthy"},
				{name: "feed-hook", serve: []string{"hook"}, restart: "on-failure", restartAfter: sec, burst: burst, limit: limit},
			},
		},
		"runs before the service, but for those that fetch the program": {
			files: env + file("feed.service", "[Service]\nExecStartPre=+/usr/bin/aws s3 cp x y\n"+
				"ExecStartPre=/usr/local/bin/feed migrate\nExecStart=/usr/local/bin/feed web"),
			want: []unit{{name: "feed", before: [][]string{{"migrate"}}, serve: []string{"web"}, restart: "no", restartAfter: sec,
				burst: burst, limit: limit}},
		},
		"no unit that runs the program is an error": {
			files: env + file("other.service", "[Service]\nExecStart=/bin/true"), err: "user data starts no feed"},
		"so is a span that is none": {
			files: env + file("feed.service", "[Service]\nExecStart=/opt/newsfeed/feed web\nRestartSec=soon"), err: "RestartSec"},
	} {
		b, err := parseUserData(base64.StdEncoding.EncodeToString([]byte("#cloud-config\nwrite_files:\n" + c.files)))
		if c.err != "" {
			if err == nil || !strings.Contains(err.Error(), c.err) {
				t.Errorf("%s: error %v, want %q", sentence, err, c.err)
			}
			continue
		}
		if err != nil || !reflect.DeepEqual(b.units, c.want) {
			t.Errorf("%s: %+v %v, want %+v", sentence, b, err, c.want)
			continue
		}
		if got := fmt.Sprintf("%v %s", b.env, b.artifact); got != "[NEWSFEED_PORT=8080 NEWSFEED_ARTIFACT=s3://b/feed/1] s3://b/feed/1" {
			t.Errorf("%s: environment %s", sentence, got)
		}
	}
}

func TestCron(t *testing.T) {
	t.Parallel()
	seoul, err := time.LoadLocation("Asia/Seoul")
	if err != nil {
		t.Fatal(err)
	}
	after := time.Date(2026, 11, 25, 19, 7, 30, 0, seoul) // a Wednesday
	for recurrence, want := range map[string]string{
		"* * * * *":        "2026-11-25T19:08:00+09:00",
		"0 9 * * *":        "2026-11-26T09:00:00+09:00",
		"*/15 20-21 * * *": "2026-11-25T20:00:00+09:00",
		"30 8 1 1 *":       "2027-01-01T08:30:00+09:00",
		"0 0 29 2 *":       "2028-02-29T00:00:00+09:00",
		"0 9 * * MON-FRI":  "2026-11-26T09:00:00+09:00",
		"0 9 * * 7":        "2026-11-29T09:00:00+09:00",
		"0 9 1 * FRI":      "2026-11-27T09:00:00+09:00", // either day
		"5,10 19 25 NOV *": "2026-11-25T19:10:00+09:00",
	} {
		c, err := parseCron(recurrence)
		if got := c.next(after).Format(time.RFC3339); err != nil || got != want {
			t.Errorf("%s: %s %v, want %s", recurrence, got, err, want)
		}
	}
	for _, recurrence := range []string{"", "* * * *", "60 * * * *", "5-1 * * * *", "*/0 * * * *", "x * * * *", "0 0 30 2 *"} {
		if _, err := parseCron(recurrence); err == nil {
			t.Errorf("%q was taken", recurrence)
		}
	}
}

func TestBounds(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ low, high, desired, fewest, most int }{
		{100, 150, 2, 2, 3}, {100, 100, 2, 2, 3}, {90, 120, 100, 90, 120}, {90, 100, 2, 1, 2}, {0, 100, 4, 0, 4}, {50, 100, 4, 2, 4},
		{100, 200, 0, 0, 1},
	} {
		if fewest, most := (bounds{c.low, c.high}).limits(c.desired); fewest != c.fewest || most != c.most {
			t.Errorf("%d to %d percent of %d: %d to %d, want %d to %d", c.low, c.high, c.desired, fewest, most, c.fewest, c.most)
		}
	}
}
