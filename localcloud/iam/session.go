package iam

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base32"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"newsfeed/localcloud/cloud"
	"newsfeed/localcloud/endpoint"
)

// Operator is the key of who administers the account, and its secret.
const Operator = "local"

// Lifetime of a role's credentials, at AWS's own speed; no pace makes it less
// than the shortest that STS gives (API reference, AssumeRole: DurationSeconds),
// for the SDKs renew five minutes before the end.
const (
	lifetime      = 6 * time.Hour
	leastLifetime = 15 * time.Minute
)

// Credentials are temporary ones of a role.
type Credentials struct {
	AccessKeyID, SecretAccessKey, SessionToken string
	Issued, Expires                            time.Time
}

// Env is how Lambda gives a function its credentials (Lambda developer guide,
// configuration-envvars).
func (c Credentials) Env() []string {
	return []string{"AWS_ACCESS_KEY_ID=" + c.AccessKeyID, "AWS_SECRET_ACCESS_KEY=" + c.SecretAccessKey,
		"AWS_SESSION_TOKEN=" + c.SessionToken}
}

// session is what a session token says. It is signed, so that nothing has to be
// kept: credentials outlive a restart of the local cloud, as they do on AWS.
type session struct {
	Role    string // name
	ID      string // of the role: another one of the same name is another role
	Name    string // of the session
	Nonce   string
	Expires time.Time
}

// TrustError says that a role's trust policy doesn't let a service take it on.
type TrustError struct{ Role, Service string }

func (e *TrustError) Error() string {
	return fmt.Sprintf("%s cannot assume the role %s: its trust policy does not allow it", e.Service, e.Role)
}

// Credentials gives a service of AWS (ec2.amazonaws.com, lambda.amazonaws.com)
// those of a role that trusts it, for a session of that name: an instance's id, a
// function's name.
func (a *Account) Credentials(roleARN, service, name string) (Credentials, error) {
	r := a.now()
	is := r.role(roleARN)
	if is == nil {
		return Credentials{}, fmt.Errorf("role %s: NoSuchEntity: there is none", roleARN)
	}
	take := request{who: principal{service: service}, action: "sts:AssumeRole", resource: roleARN,
		keys: func(string) []string { return nil }}
	if allowed, _, denied := take.onResource(is.trust); !allowed || denied {
		return Credentials{}, &TrustError{is.name, service}
	}
	nonce := make([]byte, 10)
	rand.Read(nonce)
	now := a.Clock.Now().UTC()
	s := session{Role: is.name, ID: is.id, Name: name, Nonce: base32.StdEncoding.EncodeToString(nonce),
		Expires: now.Add(max(a.Clock.Local(lifetime), leastLifetime)).Truncate(time.Second)}
	said, err := json.Marshal(s)
	if err != nil {
		return Credentials{}, err
	}
	return Credentials{AccessKeyID: s.accessKey(), SecretAccessKey: a.secret(said), Issued: now, Expires: s.Expires,
		SessionToken: base64.StdEncoding.EncodeToString(append(a.mac("token", said), said...))}, nil
}

func (s *session) accessKey() string { return "ASIA" + s.Nonce }

func (a *Account) mac(purpose string, said []byte) []byte {
	h := hmac.New(sha256.New, a.master)
	h.Write([]byte(purpose + "\x00"))
	h.Write(said)
	return h.Sum(nil)
}

func (a *Account) secret(said []byte) string {
	return base64.StdEncoding.EncodeToString(a.mac("secret", said))[:40]
}

// Holder implements endpoint.Guard.
func (a *Account) Holder(accessKey, token string) (string, endpoint.Caller, error) {
	if token == "" {
		if accessKey != Operator {
			return "", nil, endpoint.ErrUnknownKey
		}
		arn := "arn:aws:iam::" + a.Number + ":user/" + Operator
		return Operator, &caller{account: a, principal: principal{arn: arn, role: arn, account: a.Number}, userID: Operator,
			kind: "User", policies: administrator}, nil
	}
	raw, err := base64.StdEncoding.DecodeString(token)
	if err != nil || len(raw) < sha256.Size || !hmac.Equal(raw[:sha256.Size], a.mac("token", raw[sha256.Size:])) {
		return "", nil, endpoint.ErrInvalidToken
	}
	said := raw[sha256.Size:]
	var s session
	if json.Unmarshal(said, &s) != nil || s.accessKey() != accessKey {
		return "", nil, endpoint.ErrInvalidToken
	}
	if !a.Clock.Now().Before(s.Expires) {
		return "", nil, endpoint.ErrExpiredToken
	}
	r := a.now()
	is := r.roles[s.Role]
	if is == nil || is.id != s.ID {
		return "", nil, endpoint.ErrInvalidToken
	}
	return a.secret(said), &caller{account: a, userID: is.id + ":" + s.Name, kind: "AssumedRole", policies: is.policies, broken: r.broken[is.name],
		principal: principal{role: is.arn, account: a.Number,
			arn: "arn:aws:sts::" + a.Number + ":assumed-role/" + is.name + "/" + s.Name}}, nil
}

// openMaster reads the key behind all credentials, made at the first time.
func openMaster(dir string) ([]byte, error) {
	path := filepath.Join(dir, "master")
	key, err := os.ReadFile(path)
	if err == nil || !errors.Is(err, fs.ErrNotExist) {
		return key, err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	key = make([]byte, sha256.Size)
	rand.Read(key)
	return key, cloud.WriteFile(path, key)
}
