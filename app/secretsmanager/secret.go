package secretsmanager

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
)

// Secret is one secret: a JSON object that T describes. Its methods are safe for
// concurrent use.
type Secret[T comparable] struct {
	client *secretsmanager.Client
	arn    string

	mu    sync.Mutex // held while asking, so that many who need it ask once
	value T
	asked time.Time
}

// Open reads the secret, trying again until ctx ends: at boot the instance's
// role may not be there yet.
func Open[T comparable](ctx context.Context, config aws.Config, arn string) (*Secret[T], error) {
	s := &Secret[T]{client: secretsmanager.NewFromConfig(config), arn: arn}
	for wait := 100 * time.Millisecond; ; wait = min(2*wait, 5*time.Second) {
		value, err := s.read(ctx)
		if err == nil {
			s.value, s.asked = value, time.Now()
			return s, nil
		}
		slog.Warn("secret: trying again", "arn", arn, "error", err)
		select {
		case <-ctx.Done():
			return nil, err
		case <-time.After(wait):
		}
	}
}

func (s *Secret[T]) read(ctx context.Context) (value T, err error) {
	out, err := s.client.GetSecretValue(ctx, &secretsmanager.GetSecretValueInput{SecretId: &s.arn})
	if err != nil {
		return value, fmt.Errorf("secret %s: %w", s.arn, err)
	}
	if json.Unmarshal([]byte(aws.ToString(out.SecretString)), &value) != nil {
		return value, fmt.Errorf("secret %s: it is not the JSON object that is expected", s.arn) // and no word of what it is
	}
	return value, nil
}

// Value is what was read last.
func (s *Secret[T]) Value() T {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.value
}

// Renewals ask no more often than this, each for no longer than renewTime.
const (
	renewEvery = 500 * time.Millisecond
	renewTime  = 3 * time.Second
)

// Renew is for who was refused with a value of the secret: it returns the present
// one, which is the same while the rotation has not come to the secret yet.
func (s *Secret[T]) Renew(ctx context.Context, refused T) (T, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.value != refused || time.Since(s.asked) < renewEvery {
		return s.value, nil
	}
	ctx, cancel := context.WithTimeout(ctx, renewTime)
	defer cancel()
	value, err := s.read(ctx)
	s.asked = time.Now()
	if err != nil {
		return s.value, err
	}
	if value != s.value {
		slog.Info("secret: it was rotated", "arn", s.arn)
	}
	s.value = value
	return value, nil
}
