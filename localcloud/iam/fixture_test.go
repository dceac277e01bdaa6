package iam_test

import (
	"path/filepath"
	"testing"
	"time"

	"newsfeed/localcloud/clock"
	"newsfeed/localcloud/cloud"
	"newsfeed/localcloud/endpoint"
	"newsfeed/localcloud/iam"
)

const (
	number = "000000000000"
	seoul  = "ap-northeast-2"
	role   = "arn:aws:iam::000000000000:role/newsfeed/web"
	key    = "arn:aws:kms:ap-northeast-2:000000000000:key/k1"
	queue  = "arn:aws:sqs:ap-northeast-2:000000000000:jobs"
	url    = "https://sqs.ap-northeast-2.amazonaws.com/000000000000/jobs"
)

// account is an account with the role web, which EC2 may take on.
type account struct {
	*iam.Account
	t     testing.TB
	store *cloud.Store
	wall  time.Duration // that its clock is ahead
}

func newAccount(t testing.TB) *account {
	t.Helper()
	dir := t.TempDir()
	store, err := cloud.OpenStore(filepath.Join(dir, "records"))
	if err != nil {
		t.Fatal(err)
	}
	a := &account{t: t, store: store}
	c := clock.New(1)
	c.Wall = func() time.Time { return time.Now().Add(a.wall) }
	if a.Account, err = iam.Open(iam.Config{Dir: filepath.Join(dir, "iam"), Number: number, Store: store, Clock: c}); err != nil {
		t.Fatal(err)
	}
	a.declare("aws:iam/role:Role", "web", map[string]any{"name": "web", "arn": role, "uniqueId": "AROA1", "assumeRolePolicy": `{
		"Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "ec2.amazonaws.com"}}]}`})
	return a
}

func (a *account) declare(typ, id string, outputs map[string]any) {
	a.t.Helper()
	if err := a.store.Put(&cloud.Resource{Type: typ, ID: id, Region: seoul, Outputs: outputs}); err != nil {
		a.t.Fatal(err)
	}
}

// allow writes the role's policy; "" leaves it without one.
func (a *account) allow(policy string) {
	a.t.Helper()
	if policy != "" {
		a.declare("aws:iam/rolePolicy:RolePolicy", "web:may", map[string]any{"role": "web", "name": "may", "policy": policy})
	}
}

// caller signs with keys of the role.
func (a *account) caller() endpoint.Caller {
	a.t.Helper()
	keys, err := a.Credentials(role, "ec2.amazonaws.com", "i-1")
	if err != nil {
		a.t.Fatal(err)
	}
	secret, who, err := a.Holder(keys.AccessKeyID, keys.SessionToken)
	if err != nil || secret != keys.SecretAccessKey {
		a.t.Fatalf("secret %q of %+v: %v", secret, keys, err)
	}
	return who
}

// said is an error's text; "" is none.
func said(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}
