package endpoint_test

import (
	"context"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"time"

	"newsfeed/localcloud/endpoint"
)

type queryInput struct {
	Name   string
	Size   *int
	Since  *time.Time
	Labels []string
	Nested *struct{ Rules []struct{ On bool } }
}

// TestQuery sends forms as the SDKs do, and reads the answer back.
func TestQuery(t *testing.T) {
	t.Parallel()
	echo := endpoint.TypedQuery(func(_ context.Context, _ string, in *queryInput) (*queryInput, error) {
		if in.Name == "bad" {
			return nil, endpoint.Errorf("ValidationError", "no %s", in.Name)
		}
		return in, nil
	})
	requestID := regexp.MustCompile(`<RequestId>[0-9a-f-]{36}</RequestId>`)
	for sentence, c := range map[string]struct {
		form   string
		status int
		want   string
	}{
		"values, lists and structures": {"Action=Echo&Version=1&Name=a%26b&Size=3&Since=2026-11-25T10:00:00Z" +
			"&Labels.member.1=x&Labels.member.2=y&Nested.Rules.member.1.On=true", 200,
			"<Name>a&amp;b</Name><Size>3</Size><Since>2026-11-25T10:00:00.000Z</Since>" +
				"<Labels><member>x</member><member>y</member></Labels>" +
				"<Nested><Rules><member><On>true</On></member></Rules></Nested>"},
		"what is not given is left out":   {"Action=Echo&Name=a", 200, "<EchoResult><Name>a</Name><Labels></Labels></EchoResult>"},
		"an empty list":                   {"Action=Echo&Labels=", 200, "<Labels></Labels>"},
		"an error is told":                {"Action=Echo&Name=bad", 400, "<Code>ValidationError</Code><Message>no bad</Message>"},
		"an unknown parameter is refused": {"Action=Echo&Nested.Rule=1", 400, "parameter Nested.Rule: the local cloud does not have it"},
		"so is a number that is none":     {"Action=Echo&Size=many", 400, "<Code>MalformedInput</Code>"},
		"so is a list without end":        {"Action=Echo&Labels.member.1000000=x", 400, "<Code>MalformedQueryString</Code>"},
		"so is an unknown action":         {"Action=Other", 400, "<Code>InvalidAction</Code>"},
	} {
		r := httptest.NewRequest("POST", "/", strings.NewReader(c.form))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		w := httptest.NewRecorder()
		endpoint.ServeQuery(w, r, "", "http://example.test/", map[string]endpoint.QueryOperation{"Echo": echo})
		if w.Code != c.status || !strings.Contains(w.Body.String(), c.want) {
			t.Errorf("%s: %d %s, want %d %s", sentence, w.Code, w.Body, c.status, c.want)
		}
		if w.Code == 200 && !requestID.MatchString(w.Body.String()) {
			t.Errorf("%s: no request id in %s", sentence, w.Body)
		}
	}
}
