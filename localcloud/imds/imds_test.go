package imds_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/netip"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/credentials/ec2rolecreds"
	sdk "github.com/aws/aws-sdk-go-v2/feature/ec2/imds"

	"newsfeed/localcloud/clock"
	"newsfeed/localcloud/cloud"
	"newsfeed/localcloud/endpoint"
	"newsfeed/localcloud/iam"
	"newsfeed/localcloud/imds"
)

const seoul = "ap-northeast-2"

func newAccount(t *testing.T, service string) *iam.Account {
	t.Helper()
	store, err := cloud.OpenStore(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	for typ, outputs := range map[string]map[string]any{
		"aws:iam/role:Role": {"name": "web", "arn": "arn:aws:iam::000000000000:role/newsfeed/web", "uniqueId": "AROA1",
			"assumeRolePolicy": `{"Statement": {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "` + service + `"}}}`},
		"aws:iam/instanceProfile:InstanceProfile": {"name": "p", "arn": "arn:aws:iam::000000000000:instance-profile/p", "role": "web"},
	} {
		if err := store.Put(&cloud.Resource{Type: typ, ID: typ, Region: seoul, Outputs: outputs}); err != nil {
			t.Fatal(err)
		}
	}
	account, err := iam.Open(iam.Config{Dir: t.TempDir(), Number: "000000000000", Store: store, Clock: clock.New(1)})
	if err != nil {
		t.Fatal(err)
	}
	return account
}

// open starts the service of one instance, and returns its URL.
func open(t *testing.T, account *iam.Account, profile string) string {
	t.Helper()
	addr := netip.AddrFrom4([4]byte{127, byte(150 + rand.IntN(100)), byte(rand.IntN(256)), byte(1 + rand.IntN(250))})
	env, end, err := imds.New(account, "000000000000").Open(seoul, "i-1", addr, profile)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(end)
	_, url, _ := strings.Cut(env[0], "AWS_EC2_METADATA_SERVICE_ENDPOINT=")
	if want := fmt.Sprintf("http://%s:1338", addr); url != want || len(env) != 1 {
		t.Fatalf("%q, want %s", env, want)
	}
	return url
}

func TestTheSDKFindsTheRole(t *testing.T) {
	t.Parallel()
	account := newAccount(t, "ec2.amazonaws.com")
	client := sdk.New(sdk.Options{Endpoint: open(t, account, "p")})
	keys, err := ec2rolecreds.New(func(o *ec2rolecreds.Options) { o.Client = client }).Retrieve(t.Context())
	if err != nil || !keys.CanExpire {
		t.Fatal(keys, err)
	}
	secret, who, err := account.Holder(keys.AccessKeyID, keys.SessionToken)
	if err != nil || secret != keys.SecretAccessKey {
		t.Fatal(err)
	}
	if want := (endpoint.Identity{ARN: "arn:aws:sts::000000000000:assumed-role/web/i-1", UserID: "AROA1:i-1", Account: "000000000000"}); who.Identity() != want {
		t.Errorf("%+v", who.Identity())
	}
	region, err := client.GetRegion(t.Context(), nil)
	if err != nil || region.Region != seoul {
		t.Error(region, err)
	}
	document, err := client.GetInstanceIdentityDocument(t.Context(), nil)
	if err != nil || document.InstanceID != "i-1" || document.AccountID != "000000000000" {
		t.Error(document, err)
	}
}

// call returns the status and the body.
func call(t *testing.T, method, url string, headers ...string) (int, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, string(body)
}

// Source: EC2 user guide, instancedata-data-retrieval and
// instance-metadata-v2-how-it-works.
func TestOnlyVersionTwoIsAnswered(t *testing.T) {
	t.Parallel()
	const ttl, header, tokens, id = "X-aws-ec2-metadata-token-ttl-seconds", "X-aws-ec2-metadata-token", "/latest/api/token", "/latest/meta-data/instance-id"
	account := newAccount(t, "ec2.amazonaws.com")
	url := open(t, account, "p")
	_, token := call(t, "PUT", url+tokens, ttl, "21600")
	_, elsewhere := call(t, "PUT", open(t, account, "p")+tokens, ttl, "60")
	for sentence, c := range map[string]struct {
		method, path string
		headers      []string
		status       int
		body         string
	}{
		"a request with a token":                    {"GET", id, []string{header, token}, 200, "i-1"},
		"the role's name":                           {"GET", "/latest/meta-data/iam/security-credentials/", []string{header, token}, 200, "web"},
		"one without, as of version 1":              {"GET", id, nil, 401, ""},
		"credentials without":                       {"GET", "/latest/meta-data/iam/security-credentials/web", nil, 401, ""},
		"another instance's token":                  {"GET", id, []string{header, elsewhere}, 401, ""},
		"another role":                              {"GET", "/latest/meta-data/iam/security-credentials/x", []string{header, token}, 404, ""},
		"what it does not have":                     {"GET", "/latest/user-data", []string{header, token}, 404, ""},
		"a token without a time to live":            {"PUT", tokens, nil, 400, ""},
		"a token for more than six hours":           {"PUT", tokens, []string{ttl, "21601"}, 400, ""},
		"a token asked for by way of a proxy":       {"PUT", tokens, []string{ttl, "60", "X-Forwarded-For", "192.0.2.1"}, 403, ""},
		"a token is asked for by PUT, not by GET":   {"GET", tokens, []string{ttl, "60"}, 401, ""},
		"a placement":                               {"GET", "/latest/meta-data/placement/region", []string{header, token}, 200, seoul},
		"a header of another name is not the token": {"GET", id, []string{"X-Token", token}, 401, ""},
	} {
		if status, body := call(t, c.method, url+c.path, c.headers...); status != c.status || c.body != "" && body != c.body {
			t.Errorf("%s: %d %s", sentence, status, body)
		}
	}
}

func TestARoleThatEC2MayNotTakeOn(t *testing.T) {
	t.Parallel()
	url := open(t, newAccount(t, "lambda.amazonaws.com"), "p")
	_, token := call(t, "PUT", url+"/latest/api/token", "X-aws-ec2-metadata-token-ttl-seconds", "60")
	_, body := call(t, "GET", url+"/latest/meta-data/iam/security-credentials/web", "X-aws-ec2-metadata-token", token)
	var answer struct{ Code, AccessKeyID string }
	if err := json.Unmarshal([]byte(body), &answer); err != nil || answer.Code != "AssumeRoleUnauthorizedAccess" || answer.AccessKeyID != "" {
		t.Error(body, err)
	}
}

func TestInstancesWithoutARole(t *testing.T) {
	t.Parallel()
	account := newAccount(t, "ec2.amazonaws.com")
	client := sdk.New(sdk.Options{Endpoint: open(t, account, "")})
	if _, err := ec2rolecreds.New(func(o *ec2rolecreds.Options) { o.Client = client }).Retrieve(context.Background()); err == nil {
		t.Error("credentials of no role")
	}
	if _, _, err := imds.New(account, "000000000000").Open(seoul, "i-1", netip.MustParseAddr("127.0.0.1"), "q"); err == nil {
		t.Error("a profile that is none")
	}
}
