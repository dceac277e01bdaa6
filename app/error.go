package app

import (
	"errors"
	"fmt"
	"time"
)

// Code says what kind of failure an Error is; transports map it to a status.
type Code string

// The codes that callers act on.
const (
	CodeInvalid         Code = "invalid"         // the input is wrong; Field says which
	CodeUnauthenticated Code = "unauthenticated" // no session, or an expired or forged one
	CodeForbidden       Code = "forbidden"       // a session, but not for this
	CodeNotFound        Code = "not-found"
	CodeConflict        Code = "conflict"     // name taken, key replayed with another body
	CodeLimit           Code = "limit"        // a cap of the product: 5,000 friends
	CodeRateLimited     Code = "rate-limited" // RetryAfter says when
	CodeFenced          Code = "fenced"       // another region writes; RetryAfter says when to ask again
	CodeDependency      Code = "dependency"   // a store, or who writes, does not answer
	CodeOverload        Code = "overload"     // too much is asked at once
)

// Error is a failure that the client can understand and act on.
type Error struct {
	Code       Code
	Field      string // of the input, when one is at fault
	Detail     string // what and why, for people
	RetryAfter time.Duration
	Cause      error // for the log, never for the client
}

func (e *Error) Error() string {
	s := string(e.Code) + ": "
	if e.Field != "" {
		s += e.Field + " "
	}
	s += e.Detail
	if e.Cause != nil {
		s += ": " + e.Cause.Error()
	}
	return s
}

func (e *Error) Unwrap() error { return e.Cause }

// Is makes errors with the same code equal to errors.Is.
func (e *Error) Is(target error) bool {
	var other *Error
	return errors.As(target, &other) && other.Detail == "" && other.Code == e.Code
}

// Sentinels for errors.Is, by code.
var (
	ErrInvalid         = &Error{Code: CodeInvalid}
	ErrUnauthenticated = &Error{Code: CodeUnauthenticated}
	ErrNotFound        = &Error{Code: CodeNotFound}
	ErrConflict        = &Error{Code: CodeConflict}
	ErrLimit           = &Error{Code: CodeLimit}
	ErrRateLimited     = &Error{Code: CodeRateLimited}
	ErrFenced          = &Error{Code: CodeFenced}
	ErrDependency      = &Error{Code: CodeDependency}
)

// Invalid reports that the input's field is wrong, and why.
func Invalid(field, format string, args ...any) error {
	return &Error{Code: CodeInvalid, Field: field, Detail: fmt.Sprintf(format, args...)}
}

// NotFound reports that there is no such thing for this user.
func NotFound(what string) error {
	return &Error{Code: CodeNotFound, Detail: "there is no such " + what + ", or it isn't yours to see"}
}

// Conflict reports that the request contradicts what is stored.
func Conflict(format string, args ...any) error {
	return &Error{Code: CodeConflict, Detail: fmt.Sprintf(format, args...)}
}

// Unauthenticated reports a missing, expired or forged session.
func Unauthenticated() error {
	return &Error{Code: CodeUnauthenticated, Detail: "there is no such session, or it has ended: sign in again"}
}

// Dependency reports that a store doesn't answer now.
func Dependency(cause error) error {
	return &Error{Code: CodeDependency, Detail: "a store does not answer now: try again", RetryAfter: 2 * time.Second, Cause: cause}
}

// Overload reports that more is asked at once than can be served.
func Overload() error {
	return &Error{Code: CodeOverload, Detail: "too much is asked at once: try again", RetryAfter: 2 * time.Second}
}

// Fenced reports that another region holds the lease to write.
func Fenced(writer string) error {
	return &Error{Code: CodeFenced, Detail: "this region does not write now, " + writer + " does: reading goes on, try again later",
		RetryAfter: 5 * time.Second}
}

// RateLimited reports that the user asks too often.
func RateLimited(after time.Duration) error {
	return &Error{Code: CodeRateLimited, Detail: "too many requests: slow down", RetryAfter: after}
}

// Refused marks the answer of a store that says no: to our credentials, for its
// schema or its configuration. Waiting alone mends nothing.
func Refused(err error) error { return fmt.Errorf("%w: %w", ErrRefused, err) }

// ErrRefused is what Refused marks an error with.
var ErrRefused = errors.New("refused")
