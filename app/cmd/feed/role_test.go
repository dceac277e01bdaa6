package main

import (
	"encoding/json"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"gopkg.in/yaml.v3"

	"newsfeed/app/apptest"
	"newsfeed/localcloud/imds"
)

const artifacts = "newsfeed-artifacts"

// named is what the program's plan calls the things of the fixture's cloud.
var named = strings.NewReplacer(
	"${storage-artifacts.arn}", "arn:aws:s3:::"+artifacts, "${storage-media.arn}", "arn:aws:s3:::"+apptest.MediaBucket,
	"${secrets-database.arn}", apptest.DatabaseSecret, "${secrets-cache.arn}", apptest.CacheSecret,
	"${secrets-key.arn}", apptest.Key, "${queue-fanout.arn}", "arn:aws:sqs:ap-northeast-2:000000000000:fanout")

// star is a * that the plan, which people read, has without quotes.
var star = regexp.MustCompile(`(?m)([\[ ])\*([\],}]|$)`)

// planned reads a property of a resource from the golden plan of Seoul, which the
// tests of infra hold to the program.
func planned(t *testing.T, resource, property string) any {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join("..", "..", "..", "infra", "testdata", "golden", "seoul.plan"))
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(raw), "\n"+resource+": # ")
	_, rest, _ = strings.Cut(rest, "\n")
	block, _, _ := strings.Cut(rest, "\n\n")
	var properties map[string]any
	if err := yaml.Unmarshal([]byte(star.ReplaceAllString(named.Replace(block), `$1"*"$2`)), &properties); err != nil {
		t.Fatalf("%s: %v", resource, err)
	}
	found := properties[property]
	if found == nil {
		t.Fatalf("the plan has no %s of %s", property, resource)
	}
	return found
}

// policy is a role's policy in a form to change.
type policy struct{ Statement []*statement }

type statement struct {
	Sid, Effect      string
	Action, Resource []string
	Condition        any `json:",omitempty"`
}

// without is the policy less one action on one resource.
func (p policy) without(sid, action, resource string) (left policy) {
	for _, s := range p.Statement {
		if s.Sid != sid {
			left.Statement = append(left.Statement, s)
			continue
		}
		for _, of := range s.Resource {
			rest := *s
			rest.Resource = []string{of}
			rest.Action = slices.DeleteFunc(slices.Clone(s.Action), func(a string) bool {
				return a == action && strings.HasPrefix(of, resource)
			})
			if len(rest.Action) > 0 {
				left.Statement = append(left.Statement, &rest)
			}
		}
	}
	return left
}

// fleet is a fixture whose processes have what the program gives to instances:
// the roles web and worker, by the metadata service, under the policies of queue,
// bucket and key.
type fleet struct {
	*fixture
	may   map[string]policy
	roles map[string][]string // the environment that leads to a role
}

func newFleet(t *testing.T) *fleet {
	t.Helper()
	f := &fleet{newFixture(t, time.Minute), map[string]policy{}, map[string][]string{}}
	f.migrate()
	f.declare("aws:kms/key:Key", "key", map[string]any{"arn": apptest.Key, "keyId": "key", "policy": planned(t, "secrets-key", "policy")})
	f.declare("aws:s3/bucketV2:BucketV2", artifacts, map[string]any{"bucket": artifacts})
	f.declare("aws:sqs/queuePolicy:QueuePolicy", apptest.QueueURL, map[string]any{
		"queueUrl": apptest.QueueURL, "policy": planned(t, "queue-fanout-policy", "policy")})
	f.declare("aws:s3/bucketPolicy:BucketPolicy", apptest.MediaBucket, map[string]any{
		"bucket": apptest.MediaBucket, "policy": planned(t, "storage-media-policy", "policy")})
	for _, group := range []string{"web", "worker"} {
		f.declare("aws:iam/role:Role", group, map[string]any{"name": group, "arn": arnOf(group), "uniqueId": "AROA" + group,
			"assumeRolePolicy": planned(t, "identity-"+group, "assumeRolePolicy")})
		for _, agent := range []string{"monitoring", "session"} {
			f.declare("aws:iam/rolePolicyAttachment:RolePolicyAttachment", group+agent, map[string]any{
				"role": group, "policyArn": planned(t, "identity-"+group+"-"+agent, "policyArn")})
		}
		f.declare("aws:iam/instanceProfile:InstanceProfile", group, map[string]any{"name": group, "role": group})
		f.read(group)
		f.allow(group, f.may[group])
		env, end, err := imds.New(f.aws.Account, apptest.Account).Open(apptest.Region, "i-"+group,
			netip.MustParseAddr(apptest.Current.Address()), group)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(end)
		f.roles[group] = env
	}
	return f
}

func arnOf(group string) string { return "arn:aws:iam::000000000000:role/newsfeed/" + group }

func (f *fleet) declare(typ, id string, outputs map[string]any) {
	f.t.Helper()
	if err := f.aws.Declare(f.t.Context(), typ, id, outputs); err != nil {
		f.t.Fatal(err)
	}
}

// read takes the group's policy from the plan.
func (f *fleet) read(group string) {
	f.t.Helper()
	raw, err := json.Marshal(planned(f.t, "identity-"+group+"-may", "policy"))
	var p policy
	if err == nil {
		err = json.Unmarshal(raw, &p)
	}
	if err != nil {
		f.t.Fatal(err)
	}
	f.may[group] = p
}

func (f *fleet) allow(group string, p policy) {
	f.t.Helper()
	raw, err := json.Marshal(p)
	if err != nil {
		f.t.Fatal(err)
	}
	f.declare("aws:iam/rolePolicy:RolePolicy", group+":may", map[string]any{"role": group, "name": "may", "policy": string(raw)})
}

// as is the fixture with the environment of an instance of the group: no keys.
func (f *fleet) as(group string) *fixture {
	is := *f.fixture
	is.env = append(slices.Clone(f.env), "AWS_ACCESS_KEY_ID=", "AWS_SECRET_ACCESS_KEY=")
	is.env = append(is.env, f.roles[group]...)
	return &is
}

// refuses says how AWS refuses an action to the group.
func refuses(group, action, resource string) string {
	return fmt.Sprintf("User: arn:aws:sts::000000000000:assumed-role/%[1]s/i-%[1]s is not authorized to perform: %[2]s on resource: %[3]s", group, action, resource)
}
