package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"newsfeed/app/apptest"
)

// autoScaling is EC2 Auto Scaling as far as a launch hook goes. It speaks the
// query protocol; the hook is open from call number opens on.
type autoScaling struct {
	*httptest.Server
	mu     sync.Mutex
	opens  int
	faults []string // of the first calls, see fail
	calls  []string // action, result
}

func newAutoScaling(t *testing.T, opens int, faults ...string) *autoScaling {
	a := &autoScaling{opens: opens, faults: faults}
	a.Server = httptest.NewServer(http.HandlerFunc(a.answer))
	t.Cleanup(a.Close)
	return a
}

func (a *autoScaling) answer(w http.ResponseWriter, r *http.Request) {
	if fault := a.fault(); fault != "" {
		a.fail(w, r, fault)
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	action := r.FormValue("Action")
	a.calls = append(a.calls, strings.TrimSpace(action+" "+r.FormValue("LifecycleActionResult")))
	w.Header().Set("Content-Type", "text/xml")
	fault := ""
	switch {
	case r.FormValue("AutoScalingGroupName") != "newsfeed-seoul-web" || r.FormValue("LifecycleHookName") != hookName:
		fault = "No such hook"
	case r.FormValue("InstanceId") != "i-0123456789abcdef0" || a.opens < 0 || len(a.calls) <= a.opens:
		// As EC2 Auto Scaling words it (va.gov-cms 1719).
		fault = "No active Lifecycle Action found with instance ID " + r.FormValue("InstanceId")
	}
	if fault != "" {
		refuse(w, http.StatusBadRequest, "ValidationError", fault)
		return
	}
	fmt.Fprintf(w, "<%sResponse><%sResult/></%sResponse>", action, action, action)
}

func refuse(w http.ResponseWriter, status int, code, message string) {
	w.WriteHeader(status)
	fmt.Fprintf(w, "<ErrorResponse><Error><Code>%s</Code><Message>%s</Message></Error></ErrorResponse>", code, message)
}

// fault is that of the next call.
func (a *autoScaling) fault() (fault string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if len(a.faults) > 0 {
		fault, a.faults = a.faults[0], a.faults[1:]
	}
	return fault
}

// fail is how an API fails for a while.
func (a *autoScaling) fail(w http.ResponseWriter, r *http.Request, fault string) {
	switch fault {
	case "throttled":
		refuse(w, http.StatusBadRequest, "Throttling", "Rate exceeded")
	case "unavailable":
		refuse(w, http.StatusServiceUnavailable, "ServiceUnavailable", "try again")
	case "denied": // a policy is not everywhere at once (IAM: eventual consistency)
		refuse(w, http.StatusForbidden, "AccessDenied", "not authorized")
	case "dropped":
		panic(http.ErrAbortHandler)
	case "hangs":
		r.ParseForm() // the server sees that a client leaves once it has read the body
		<-r.Context().Done()
	}
}

// told are the calls so far, each only once in a row.
func (a *autoScaling) told() string {
	a.mu.Lock()
	defer a.mu.Unlock()
	return strings.Join(slices.Compact(slices.Clone(a.calls)), ", ")
}

// answers are statuses of /healthz/boot; the last one goes on. 0 is no answer.
func answers(t *testing.T, statuses ...int) string {
	var mu sync.Mutex
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		status := statuses[0]
		if len(statuses) > 1 {
			statuses = statuses[1:]
		}
		if r.URL.Path != "/healthz/boot" || status == 0 {
			panic(http.ErrAbortHandler)
		}
		w.WriteHeader(status)
	}))
	t.Cleanup(server.Close)
	return server.URL
}

const notOpen = -1

// onInstance is an instance of the group, but for its own ID.
func onInstance(t *testing.T, cloud *autoScaling, health string) *fixture {
	t.Helper()
	f := bare(t)
	address := strings.Split(strings.TrimPrefix(health, "http://"), ":")
	f.set("AWS_ENDPOINT_URL="+cloud.URL, "AWS_ACCESS_KEY_ID=local", "AWS_SECRET_ACCESS_KEY=local", "NEWSFEED_REGION="+apptest.Region,
		"NEWSFEED_GROUP=newsfeed-seoul-web", "NEWSFEED_ADDRESS="+address[0], "NEWSFEED_PORT="+address[1], "NEWSFEED_PACE=1000")
	return f
}

func TestTheHookSaysHowTheBootWent(t *testing.T) {
	t.Parallel()
	const beat, proceed, abandon = "RecordLifecycleActionHeartbeat", "CompleteLifecycleAction CONTINUE", "CompleteLifecycleAction ABANDON"
	for sentence, c := range map[string]struct {
		boot  []int
		opens int
		want  string
	}{
		"an instance that has booted goes into service":      {[]int{200}, 0, proceed},
		"one that is slow does too":                          {[]int{0, 0, 503, 503, 200}, 0, proceed},
		"one that lacks what is shared is kept until it has": {[]int{424, 424, 424, 424, 200}, 0, beat + ", " + proceed},
		"for half an hour, then it is abandoned":             {[]int{424}, 0, beat + ", " + abandon},
		"one that refuses is abandoned":                      {[]int{503}, 0, abandon},
		"one that never answers is abandoned":                {[]int{0}, 0, abandon},
		"a fault after a wait for what is shared counts":     {[]int{424, 503}, 0, beat + ", " + abandon},
		"the hook may open after the instance has booted":    {[]int{200}, 3, proceed},
		"after a reboot there is nothing to tell":            {[]int{200}, notOpen, proceed},
		"nor after one without what is shared":               {[]int{424}, notOpen, beat},
	} {
		t.Run(sentence, func(t *testing.T) {
			t.Parallel()
			cloud := newAutoScaling(t, c.opens)
			f := onInstance(t, cloud, answers(t, c.boot...))
			f.set("NEWSFEED_INSTANCE=i-0123456789abcdef0")
			if out, err := f.run("hook"); err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			if got := cloud.told(); got != c.want {
				t.Errorf("told %q, want %q", got, c.want)
			}
		})
	}
}

// A call that is refused for good must be seen, not be taken for a reboot.
func TestTheHookFailsForAnotherReason(t *testing.T) {
	t.Parallel()
	f := onInstance(t, newAutoScaling(t, 0), answers(t, 200))
	f.set("NEWSFEED_INSTANCE=i-0123456789abcdef0", "NEWSFEED_GROUP=another")
	if out, err := f.run("hook"); err == nil || !strings.Contains(out, "launch hook boot of another") ||
		!strings.Contains(out, "No such hook") {
		t.Errorf("%v\n%s", err, out)
	}
}

// What the API does for a while says nothing of the instance.
func TestTheHookOutlivesTheAPI(t *testing.T) {
	t.Parallel()
	many := func(fault string) []string { return slices.Repeat([]string{fault}, 8) }
	for sentence, faults := range map[string][]string{
		"that is throttled":    many("throttled"),
		"that denies":          many("denied"),
		"that drops its calls": many("dropped"),
		"that does not answer": {"hangs"},
		"that is away for longer than the patience with an instance": slices.Repeat([]string{"unavailable"}, 60),
	} {
		t.Run(sentence, func(t *testing.T) {
			t.Parallel()
			cloud := newAutoScaling(t, 0, faults...)
			f := onInstance(t, cloud, answers(t, 200))
			f.set("NEWSFEED_INSTANCE=i-0123456789abcdef0", "AWS_MAX_ATTEMPTS=1")
			if out, err := f.run("hook"); err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			if got := cloud.told(); got != "CompleteLifecycleAction CONTINUE" {
				t.Errorf("told %q", got)
			}
		})
	}
}

// The instance is found out as on EC2: by the metadata service, with a token
// (IMDSv2: the launch template requires it), which may be late.
func TestTheHookAsksWhichInstanceItIsOn(t *testing.T) {
	t.Parallel()
	var asked atomic.Int32
	metadata := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case asked.Add(1) <= 8:
			panic(http.ErrAbortHandler)
		case r.Method == http.MethodPut && r.URL.Path == "/latest/api/token":
			w.Header().Set("X-Aws-Ec2-Metadata-Token-Ttl-Seconds", "60")
			fmt.Fprint(w, "token")
		case r.Header.Get("X-Aws-Ec2-Metadata-Token") != "token":
			w.WriteHeader(http.StatusUnauthorized)
		case r.URL.Path == "/latest/meta-data/instance-id":
			fmt.Fprint(w, "i-0123456789abcdef0")
		default:
			w.WriteHeader(http.StatusNotFound)
		}
	}))
	t.Cleanup(metadata.Close)
	cloud := newAutoScaling(t, 0)
	f := onInstance(t, cloud, answers(t, 200))
	f.set("AWS_EC2_METADATA_SERVICE_ENDPOINT=" + metadata.URL)
	if out, err := f.run("hook"); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if got := cloud.told(); got != "CompleteLifecycleAction CONTINUE" {
		t.Errorf("told %q", got)
	}
}

func TestTheHookNamesEveryMistake(t *testing.T) {
	t.Parallel()
	f := bare(t)
	f.set("NEWSFEED_PACE=fast", "NEWSFEED_PORT=http")
	out, err := f.run("hook")
	for _, want := range []string{"NEWSFEED_GROUP", "NEWSFEED_PACE", "NEWSFEED_PORT"} {
		if err == nil || !strings.Contains(out, want) {
			t.Errorf("%v: no %s in\n%s", err, want, out)
		}
	}
}
