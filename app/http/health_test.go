package http_test

import (
	"errors"
	"strings"
	"testing"

	"newsfeed/app/boot"
	feedhttp "newsfeed/app/http"
	"newsfeed/app/region"
)

// condition is how an instance says that it is.
type condition struct {
	live, ready error
	boot        boot.State
	region      region.Health
}

func (c condition) Live() error           { return c.live }
func (c condition) Ready() error          { return c.ready }
func (c condition) Boot() boot.State      { return c.boot }
func (c condition) Region() region.Health { return c.region }

func TestHealthIsToldAsItIs(t *testing.T) {
	t.Parallel()
	missing := map[string]string{"queue": "it does not answer"}
	for name, c := range map[string]struct {
		path   string
		is     condition
		status int
		says   string
	}{
		"the loop turns":           {"live", condition{}, 200, `{"live":true}`},
		"the loop stands still":    {"live", condition{live: errors.New("stuck")}, 503, `"stuck"`},
		"ready":                    {"ready", condition{}, 200, `{"ready":true}`},
		"draining":                 {"ready", condition{ready: errors.New("draining")}, 503, `"draining"`},
		"booted":                   {"boot", condition{boot: boot.State{Done: true}}, 200, `{"boot":true}`},
		"something shared is away": {"boot", condition{boot: boot.State{Reasons: missing}}, 424, `"queue":"it does not answer"`},
		"something said no":        {"boot", condition{boot: boot.State{Reasons: missing, Refused: true}}, 503, `"queue":"it does not answer"`},
		"the region serves":        {"region", condition{region: region.Health{OK: true}}, 200, `"ok":true`},
		"the region is stale":      {"region", condition{region: region.Health{Reason: "stale"}}, 503, `"stale"`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := serve(t, feedhttp.NewHealthServer(c.is))
			got := r.want(c.status, "GET", "/healthz/"+c.path, "", nil)
			if !strings.Contains(string(got.body), c.says) {
				t.Errorf("%s, want %s in it", got.body, c.says)
			}
			if err := r.doc.check("GET", "/healthz/"+c.path, c.status, got.header, got.body); err != nil {
				t.Error(err)
			}
		})
	}
}
