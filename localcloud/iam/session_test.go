package iam_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"newsfeed/localcloud/clock"
	"newsfeed/localcloud/endpoint"
	"newsfeed/localcloud/iam"
)

func TestCredentialsOfARole(t *testing.T) {
	t.Parallel()
	a := newAccount(t)
	keys, err := a.Credentials(role, "ec2.amazonaws.com", "i-1")
	if err != nil || !strings.HasPrefix(keys.AccessKeyID, "ASIA") || len(keys.AccessKeyID) != 20 || len(keys.SecretAccessKey) != 40 {
		t.Fatalf("%+v %v", keys, err)
	}
	other, err := a.Credentials(role, "ec2.amazonaws.com", "i-1")
	if err != nil || other.AccessKeyID == keys.AccessKeyID || other.SecretAccessKey == keys.SecretAccessKey {
		t.Errorf("drawn again: %+v %v", other, err)
	}
	holder := func(key, token string) error {
		_, _, err := a.Holder(key, token)
		return err
	}
	for sentence, c := range map[string]struct {
		key, token string
		want       error
	}{
		"its own token":               {keys.AccessKeyID, keys.SessionToken, nil},
		"another's token":             {keys.AccessKeyID, other.SessionToken, endpoint.ErrInvalidToken},
		"a token that was tampered":   {keys.AccessKeyID, "AAAA" + keys.SessionToken[4:], endpoint.ErrInvalidToken},
		"a token that is none":        {keys.AccessKeyID, "x", endpoint.ErrInvalidToken},
		"temporary keys want a token": {keys.AccessKeyID, "", endpoint.ErrUnknownKey},
		"an unknown key":              {"AKIA0000000000000000", "", endpoint.ErrUnknownKey},
		"the operator's key":          {"local", "", nil},
	} {
		if err := holder(c.key, c.token); !errors.Is(err, c.want) || c.want == nil && err != nil {
			t.Errorf("%s: %v, want %v", sentence, err, c.want)
		}
	}
	again, err := iam.Open(a.Config)
	if err != nil {
		t.Fatal(err)
	}
	if secret, _, err := again.Holder(keys.AccessKeyID, keys.SessionToken); err != nil || secret != keys.SecretAccessKey {
		t.Errorf("after a restart: %v", err)
	}
	a.wall = 6*time.Hour - time.Minute
	if err := holder(keys.AccessKeyID, keys.SessionToken); err != nil {
		t.Errorf("before they expire: %v", err)
	}
	a.wall = 6 * time.Hour
	if err := holder(keys.AccessKeyID, keys.SessionToken); !errors.Is(err, endpoint.ErrExpiredToken) {
		t.Errorf("after they expire: %v", err)
	}
	a.wall = 0
	a.declare("aws:iam/role:Role", "web", map[string]any{"name": "web", "arn": role, "uniqueId": "AROA2"})
	if err := holder(keys.AccessKeyID, keys.SessionToken); !errors.Is(err, endpoint.ErrInvalidToken) {
		t.Errorf("of a role that is gone: %v", err)
	}
}

func TestCredentialsLiveLongEnoughForAnSDK(t *testing.T) {
	t.Parallel()
	a := newAccount(t)
	cfg := a.Config
	cfg.Clock = clock.New(600)
	fast, err := iam.Open(cfg)
	if err != nil {
		t.Fatal(err)
	}
	keys, err := fast.Credentials(role, "ec2.amazonaws.com", "i-1")
	if left := time.Until(keys.Expires); err != nil || left < 14*time.Minute || left > 15*time.Minute {
		t.Errorf("%v %v", left, err)
	}
}

func TestOnlyAServiceThatIsTrustedTakesARoleOn(t *testing.T) {
	t.Parallel()
	a := newAccount(t)
	var refused *iam.TrustError
	if _, err := a.Credentials(role, "lambda.amazonaws.com", "watchdog"); !errors.As(err, &refused) {
		t.Errorf("lambda: %v", err)
	}
	if _, err := a.Credentials("arn:aws:iam::000000000000:role/x", "ec2.amazonaws.com", "i-1"); err == nil {
		t.Error("there is no such role")
	}
}

func TestProfileLeadsToItsRole(t *testing.T) {
	t.Parallel()
	a := newAccount(t)
	const arn = "arn:aws:iam::000000000000:instance-profile/newsfeed/p"
	a.declare("aws:iam/instanceProfile:InstanceProfile", "p", map[string]any{"name": "p", "arn": arn, "role": "web"})
	for _, name := range []string{arn, "p"} {
		if got, err := a.Role(name); got != role || err != nil {
			t.Errorf("%s: %s %v", name, got, err)
		}
	}
	if _, err := a.Role("q"); err == nil || !strings.Contains(err.Error(), "Invalid IAM Instance Profile") {
		t.Error(err)
	}
}

func TestCensus(t *testing.T) {
	t.Parallel()
	a := newAccount(t)
	a.allow(`{"Statement": [
		{"Sid": "Queue", "Effect": "Allow", "Action": ["sqs:SendMessage", "sqs:Get*"], "Resource": ["` + queue + `", "` + queue + `2"]},
		{"Sid": "Never", "Effect": "Deny", "Action": "sqs:PurgeQueue", "Resource": "*"}]}`)
	who := a.caller()
	for _, action := range []string{"sqs:SendMessage", "sqs:GetQueueUrl", "sqs:PurgeQueue"} {
		_ = who.Permit(action, queue, nil)
	}
	var left []string
	for _, p := range a.Unused(role) {
		left = append(left, p.Sid+" "+p.Action+" "+strings.TrimPrefix(p.Resource, queue))
	}
	if got := strings.Join(left, ", "); got != "Queue sqs:get* 2, Queue sqs:sendmessage 2" {
		t.Error(got)
	}
	if n := len(a.Permissions(role)); n != 4 {
		t.Errorf("%d permissions", n)
	}
}

func BenchmarkPermit(b *testing.B) {
	a := newAccount(b)
	a.allow(sends)
	a.declare("aws:sqs/queuePolicy:QueuePolicy", url, map[string]any{"queueUrl": url,
		"policy": strings.Replace(by("Deny", `"*"`), `"Action"`, `"Condition": {"Bool": {"aws:SecureTransport": "false"}}, "Action"`, 1)})
	keys, err := a.Credentials(role, "ec2.amazonaws.com", "i-1")
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		_, who, err := a.Holder(keys.AccessKeyID, keys.SessionToken)
		if err != nil || who.Permit("sqs:SendMessage", queue, nil) != nil {
			b.Fatal(err)
		}
	}
}
