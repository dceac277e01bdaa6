package secretsmanager_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	awssecrets "github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager/types"

	"newsfeed/localcloud/cloud"
	"newsfeed/localcloud/endpoint"
	"newsfeed/localcloud/secretsmanager"
)

const (
	seoul       = "ap-northeast-2"
	tokyo       = "ap-northeast-1"
	secretType  = "aws:secretsmanager/secret:Secret"
	versionType = "aws:secretsmanager/secretVersion:SecretVersion"
	name        = "newsfeed/database"
	arn         = "arn:aws:secretsmanager:" + seoul + ":000000000000:secret:newsfeed/database-AbCdEf"
)

// rig is a service with a secret in Seoul, its first version, and ordinary
// SDK clients to it.
type rig struct {
	*awssecrets.Client
	t       *testing.T
	dir     string
	service *secretsmanager.Service
	server  *httptest.Server
	first   *cloud.Resource
}

func newRig(t *testing.T) *rig {
	t.Helper()
	r := &rig{t: t, dir: t.TempDir(), first: versionOf("one")}
	r.start()
	r.server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		endpoint.New(map[string]endpoint.Service{"secretsmanager": r.service}).ServeHTTP(w, req)
	}))
	t.Cleanup(r.server.Close)
	r.Client = r.client(seoul)
	return r
}

func (r *rig) client(region string) *awssecrets.Client {
	return awssecrets.New(awssecrets.Options{
		Region: region, BaseEndpoint: &r.server.URL, RetryMaxAttempts: 1,
		Credentials: credentials.NewStaticCredentialsProvider("local", "local", ""),
	})
}

// start makes a new service on the directory, as after a restart, and brings
// the version back before its secret.
func (r *rig) start() {
	r.t.Helper()
	var err error
	if r.service, err = secretsmanager.New(r.dir); err != nil {
		r.t.Fatal(err)
	}
	r.apply(r.first)
	r.apply(&cloud.Resource{Type: secretType, ID: arn, Region: seoul, Outputs: map[string]any{"name": name, "arn": arn}})
}

func versionOf(text string) *cloud.Resource {
	return &cloud.Resource{Type: versionType, Region: seoul, Outputs: map[string]any{"secretId": arn, "secretString": text}}
}

func (r *rig) apply(res *cloud.Resource) {
	r.t.Helper()
	if err := r.service.Bodies()[res.Type].Apply(r.t.Context(), res, nil); err != nil {
		r.t.Fatal(err)
	}
}

func (r *rig) put(text string) {
	r.t.Helper()
	in := &awssecrets.PutSecretValueInput{SecretId: aws.String(name), SecretString: &text}
	if _, err := r.PutSecretValue(r.t.Context(), in); err != nil {
		r.t.Fatal(err)
	}
}

// expect says what the stage of the secret must be, "" being not there.
func (r *rig) expect(stage, want string) {
	r.t.Helper()
	out, err := r.GetSecretValue(r.t.Context(), &awssecrets.GetSecretValueInput{SecretId: aws.String(arn), VersionStage: &stage})
	if want == "" {
		if !errors.As(err, new(*types.ResourceNotFoundException)) {
			r.t.Fatalf("%s: %v, want none", stage, err)
		}
		return
	}
	if err != nil || *out.SecretString != want {
		r.t.Fatalf("%s: %+v, %v; want %q", stage, out, err, want)
	}
}

var secretCases = map[string]func(t *testing.T, r *rig){
	"a secret is read by its ARN, its name, or its ARN without the end": func(t *testing.T, r *rig) {
		for _, id := range []string{arn, name, strings.TrimSuffix(arn, "-AbCdEf")} {
			out, err := r.GetSecretValue(t.Context(), &awssecrets.GetSecretValueInput{SecretId: &id})
			if err != nil || *out.SecretString != "one" || *out.ARN != arn || !reflect.DeepEqual(out.VersionStages, []string{"AWSCURRENT"}) {
				t.Fatalf("%s: %+v %v", id, out, err)
			}
		}
	},
	"a secret of another region, and one that is not there, is not found": func(t *testing.T, r *rig) {
		_, err := r.client(tokyo).GetSecretValue(t.Context(), &awssecrets.GetSecretValueInput{SecretId: aws.String(arn)})
		if !errors.As(err, new(*types.ResourceNotFoundException)) {
			t.Fatal(err)
		}
		_, err = r.GetSecretValue(t.Context(), &awssecrets.GetSecretValueInput{SecretId: aws.String("none")})
		if !errors.As(err, new(*types.ResourceNotFoundException)) {
			t.Fatal(err)
		}
		list, err := r.client(tokyo).ListSecrets(t.Context(), &awssecrets.ListSecretsInput{})
		if err != nil || len(list.SecretList) != 0 {
			t.Fatal(list, err)
		}
	},
	"a new version is current, and the one before it previous": func(t *testing.T, r *rig) {
		r.expect("AWSPREVIOUS", "")
		r.put("two")
		r.expect("AWSPREVIOUS", "one")
		r.put("three")
		r.expect("AWSPREVIOUS", "two")
		r.expect("AWSCURRENT", "three")
	},
	"a version put twice with one token is one, unless its value differs": func(t *testing.T, r *rig) {
		put := func(text string) error {
			_, err := r.PutSecretValue(t.Context(), &awssecrets.PutSecretValueInput{SecretId: aws.String(arn),
				SecretString: &text, ClientRequestToken: aws.String("01234567-89ab-cdef-0123-456789abcdef")})
			return err
		}
		if err := errors.Join(put("two"), put("two")); err != nil {
			t.Fatal(err)
		}
		r.expect("AWSPREVIOUS", "one")
		if err := put("other"); !errors.As(err, new(*types.ResourceExistsException)) {
			t.Fatal(err)
		}
	},
	"a declared version replaces the one before, which then goes": func(t *testing.T, r *rig) {
		second := versionOf("two")
		r.apply(second)
		r.expect("AWSPREVIOUS", "one")
		for _, gone := range []*cloud.Resource{r.first, r.first, second} {
			if err := r.service.Bodies()[versionType].Remove(t.Context(), gone); err != nil {
				t.Fatal(err)
			}
		}
		r.expect("AWSPREVIOUS", "")
		r.expect("AWSCURRENT", "two")
	},
	"a restart keeps every version, and puts none back": func(t *testing.T, r *rig) {
		r.put("two")
		r.put("three")
		r.start()
		r.expect("AWSCURRENT", "three")
		r.expect("AWSPREVIOUS", "two")
	},
	"a secret is described and listed without its value": func(t *testing.T, r *rig) {
		d, err := r.DescribeSecret(t.Context(), &awssecrets.DescribeSecretInput{SecretId: aws.String(name)})
		if err != nil || *d.ARN != arn || len(d.VersionIdsToStages) != 1 || d.CreatedDate.IsZero() {
			t.Fatalf("%+v %v", d, err)
		}
		list, err := r.ListSecrets(t.Context(), &awssecrets.ListSecretsInput{})
		if err != nil || len(list.SecretList) != 1 || *list.SecretList[0].Name != name || len(list.SecretList[0].SecretVersionsToStages) != 1 {
			t.Fatalf("%+v %v", list, err)
		}
	},
	"a removed secret leaves no file": func(t *testing.T, r *rig) {
		for range 2 {
			if err := r.service.Bodies()[secretType].Remove(t.Context(), &cloud.Resource{ID: arn, Region: seoul}); err != nil {
				t.Fatal(err)
			}
		}
		r.expect("AWSCURRENT", "")
		if files, _ := os.ReadDir(r.dir); len(files) != 0 {
			t.Fatal(files)
		}
	},
	"a corrupt file is an error that names it, and is left as it is": func(t *testing.T, r *rig) {
		files, _ := filepath.Glob(filepath.Join(r.dir, "*.json"))
		if err := os.WriteFile(files[0], []byte("{"), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := secretsmanager.New(r.dir); err == nil || !strings.Contains(err.Error(), files[0]) {
			t.Fatal(err)
		}
	},
	"a second secret of one name is refused": func(t *testing.T, r *rig) {
		err := r.service.Bodies()[secretType].Apply(t.Context(), &cloud.Resource{ID: arn + "x", Region: seoul, Outputs: map[string]any{"name": name}}, nil)
		if err == nil {
			t.Fatal("accepted")
		}
	},
}

func TestSecrets(t *testing.T) {
	t.Parallel()
	for sentence, run := range secretCases {
		t.Run(sentence, func(t *testing.T) {
			t.Parallel()
			run(t, newRig(t))
		})
	}
}
