package secretsmanager

import (
	"context"
	"encoding/base64"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"newsfeed/localcloud/cloud"
)

// Bodies returns what gives secrets and their versions life.
func (s *Service) Bodies() map[string]cloud.Body {
	return map[string]cloud.Body{
		"aws:secretsmanager/secret:Secret":               secretBody{s},
		"aws:secretsmanager/secretVersion:SecretVersion": versionBody{s},
	}
}

type secretBody struct{ *Service }

func (s secretBody) Apply(_ context.Context, r, _ *cloud.Resource) error {
	arn, name := r.ID, r.String("name")
	for _, other := range s.declared() {
		if other.Region == r.Region && other.Name == name && other.ARN != arn {
			return fmt.Errorf("secret %s: ResourceExistsException: there is one of that name in %s already", name, r.Region)
		}
	}
	return s.change(r.Region, arn, func(sec *secret) error {
		sec.Declared, sec.Name, sec.Description = true, name, r.String("description")
		if sec.Changed.IsZero() {
			sec.Changed = time.Now().UTC()
		}
		return nil
	})
}

// Remove deletes the secret with every version of it.
func (s secretBody) Remove(_ context.Context, r *cloud.Resource) error {
	return s.remove(r.ID)
}

type versionBody struct{ *Service }

// Apply adds the version, once: after a restart, or after a later version was
// put by the API, it changes nothing.
func (s versionBody) Apply(_ context.Context, r, _ *cloud.Resource) error {
	arn := r.String("secretId")
	id := r.String("versionId")
	if id == "" {
		id = uuid.NewString()
	}
	v := &version{ID: id, Stages: r.Strings("versionStages"), Created: time.Now().UTC()}
	if len(v.Stages) == 0 {
		v.Stages = []string{current}
	}
	if text, ok := r.Outputs["secretString"].(string); ok && text != "" {
		v.String = &text
	} else {
		var err error
		if v.Binary, err = base64.StdEncoding.DecodeString(r.String("secretBinary")); err != nil {
			return fmt.Errorf("secret %s: secretBinary: %w", arn, err)
		}
	}
	err := s.change(r.Region, s.arn(r.Region, arn), func(sec *secret) error {
		if sec.version(id) == nil {
			sec.add(v)
		}
		v = sec.version(id)
		return nil
	})
	if err != nil {
		return fmt.Errorf("secret %s: %w", arn, err)
	}
	r.Outputs["versionId"] = id
	return nil
}

// arn returns the ARN of a secret that may be declared by its name.
func (s *Service) arn(region, id string) string {
	if !strings.HasPrefix(id, "arn:") {
		if sec, err := s.find(region, id); err == nil {
			return sec.ARN
		}
	}
	return id
}

// Remove deletes a version that is no longer current. The current one stays
// until its secret goes, as on AWS.
func (s versionBody) Remove(_ context.Context, r *cloud.Resource) error {
	arn, id := s.arn(r.Region, r.String("secretId")), r.String("versionId")
	s.mu.RLock()
	sec := s.secrets[arn]
	s.mu.RUnlock()
	if sec == nil {
		return nil
	}
	return s.change(r.Region, arn, func(sec *secret) error {
		sec.Versions = slices.DeleteFunc(sec.Versions, func(v *version) bool {
			return v.ID == id && !slices.Contains(v.Stages, current)
		})
		return nil
	})
}
