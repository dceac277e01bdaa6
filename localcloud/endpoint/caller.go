package endpoint

import (
	"context"
	"fmt"
)

// Guard knows who holds the keys that requests are signed with.
type Guard interface {
	// Holder returns the secret of an access key, and who signs with it. The token
	// is that of temporary credentials, or "". The error is one of those below.
	Holder(accessKey, token string) (secret string, who Caller, err error)
}

// What may be wrong with a key, as the table of faults words it.
var (
	ErrUnknownKey   = fmt.Errorf("there is no such access key")
	ErrInvalidToken = fmt.Errorf("the session token is not the access key's")
	ErrExpiredToken = fmt.Errorf("the session token has expired")
)

// Caller is who signed a request.
type Caller interface {
	Identity() Identity
	// Permit says whether the caller may take the action on the resource with that
	// ARN. Its error is a *Denied, or the local cloud's own failure. Conditions are
	// the service's own condition keys of the request, their names in lower case.
	Permit(action, resource string, conditions map[string]string) error
	// PermitKey says whether the caller may take the actions of KMS on the key that
	// encrypts the resource, by way of its service. It may if no key does, or only
	// one that AWS manages.
	PermitKey(resource string, actions ...string) error
}

// Identity is what GetCallerIdentity tells.
type Identity struct{ ARN, UserID, Account string }

// Denied is an action that a caller may not take.
type Denied struct {
	Caller, Action, Resource string
	Reason                   string // which kind of policy does not allow it, or denies it
}

// Error words it as AWS does (IAM user guide, troubleshoot_access-denied).
func (d *Denied) Error() string {
	return fmt.Sprintf("User: %s is not authorized to perform: %s on resource: %s %s", d.Caller, d.Action, d.Resource, d.Reason)
}

type callerKey struct{}

// By returns a context of a request that the caller signed.
func By(ctx context.Context, who Caller) context.Context {
	return context.WithValue(ctx, callerKey{}, who)
}

// CallerOf returns who signed the request, or nil behind a handler without a guard.
func CallerOf(ctx context.Context) Caller {
	who, _ := ctx.Value(callerKey{}).(Caller)
	return who
}

// Permit is Caller.Permit for who signed the request. Without a guard everything
// is permitted.
func Permit(ctx context.Context, action, resource string, conditions map[string]string) error {
	if who := CallerOf(ctx); who != nil {
		return who.Permit(action, resource, conditions)
	}
	return nil
}

// PermitKey is Caller.PermitKey for who signed the request.
func PermitKey(ctx context.Context, resource string, actions ...string) error {
	if who := CallerOf(ctx); who != nil {
		return who.PermitKey(resource, actions...)
	}
	return nil
}
