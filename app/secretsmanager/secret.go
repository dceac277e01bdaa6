package secretsmanager

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager/types"

	"newsfeed/app"
	"newsfeed/app/awserror"
)

// Secret is one secret: a JSON object that T describes. Its methods are safe for
// concurrent use.
type Secret[T comparable] struct {
	client  *secretsmanager.Client
	sign    aws.CredentialsProvider
	arn     string
	changed func(T) error

	mu    sync.Mutex // held while asking, so that many who need it ask once
	value T
	taken bool  // changed took value
	err   error // of the last read
	asked time.Time
}

// New returns a secret that Run reads. changed is told of its first value and of
// every other; what it refuses is not taken.
func New[T comparable](config aws.Config, arn string, changed func(T) error) *Secret[T] {
	return &Secret[T]{client: secretsmanager.NewFromConfig(config), sign: config.Credentials, arn: arn, changed: changed,
		err: fmt.Errorf("secret %s: it has not been read yet", arn)}
}

// Run reads the secret until it is taken, and again each time every has passed,
// until ctx ends.
func (s *Secret[T]) Run(ctx context.Context, every time.Duration) {
	for wait := 100 * time.Millisecond; ctx.Err() == nil; {
		err := s.refresh(ctx)
		next := every
		if err != nil && ctx.Err() == nil {
			slog.Warn("secret: trying again", "arn", s.arn, "error", err)
			next = min(wait, every)
			wait = min(2*wait, 5*time.Second)
		}
		pause := time.NewTimer(next)
		select {
		case <-ctx.Done():
		case <-pause.C:
		}
		pause.Stop()
	}
}

// Ready is nil once a value was taken, and says why none was otherwise.
func (s *Secret[T]) Ready(context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.taken {
		return nil
	}
	return s.err
}

func (s *Secret[T]) refresh(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.ask(ctx)
}

// ask reads and takes the present value; s.mu is held.
func (s *Secret[T]) ask(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, askTime)
	defer cancel()
	value, err := s.read(ctx)
	s.asked = time.Now()
	if err == nil && (!s.taken || value != s.value) {
		if refused := s.changed(value); refused != nil {
			err = app.Refused(fmt.Errorf("secret %s: %w", s.arn, refused))
		} else {
			slog.Info("secret: it is taken", "arn", s.arn, "first", !s.taken)
			s.value, s.taken = value, true
		}
	}
	s.err = err
	return err
}

// empty says whether the secret is there, without a value. The code is the one for
// a secret that is not; the words differ (Secrets Manager API, GetSecretValue).
func empty(err error) bool {
	missing := (*types.ResourceNotFoundException)(nil)
	return errors.As(err, &missing) && strings.Contains(missing.ErrorMessage(), "staging label")
}

func (s *Secret[T]) read(ctx context.Context) (value T, err error) {
	if s.sign != nil {
		if _, err := s.sign.Retrieve(ctx); err != nil { // of this instance: no other has them either
			return value, app.Refused(fmt.Errorf("credentials to read secret %s: %w", s.arn, err))
		}
	}
	out, err := s.client.GetSecretValue(ctx, &secretsmanager.GetSecretValueInput{SecretId: &s.arn})
	if empty(err) {
		return value, fmt.Errorf("secret %s: it has no value yet: what it tells of is still being made: %w", s.arn, err)
	}
	if err != nil {
		return value, fmt.Errorf("secret %s: %w", s.arn, awserror.Judge(err))
	}
	if json.Unmarshal([]byte(aws.ToString(out.SecretString)), &value) != nil {
		// and no word of what it is
		return value, app.Refused(fmt.Errorf("secret %s: it is not the JSON object that is expected", s.arn))
	}
	return value, nil
}

// Renewals ask no more often than renewEvery; one question takes askTime at most.
const (
	renewEvery = 500 * time.Millisecond
	askTime    = 3 * time.Second
)

// Renew is for who was refused with a value of the secret, which stale recognises:
// it returns the present one, which is the same while the rotation has not come
// to the secret yet.
func (s *Secret[T]) Renew(ctx context.Context, stale func(T) bool) (T, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.taken && !stale(s.value) || time.Since(s.asked) < renewEvery {
		return s.value, nil
	}
	err := s.ask(ctx)
	return s.value, err
}
