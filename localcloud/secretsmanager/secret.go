package secretsmanager

import (
	"bytes"
	"slices"
	"strings"
	"time"
)

const (
	current  = "AWSCURRENT"
	previous = "AWSPREVIOUS"
)

// secret is a secret and its versions. Versions may be declared, or brought
// back after a restart, before the secret itself is.
type secret struct {
	ARN         string
	Name        string
	Region      string
	Description string `json:",omitempty"`
	Declared    bool   // the secret itself, not only a version
	Created     time.Time
	Changed     time.Time
	Versions    []*version
}

type version struct {
	ID      string
	String  *string `json:",omitempty"`
	Binary  []byte  `json:",omitempty"`
	Stages  []string
	Created time.Time
}

func (v *version) same(o *version) bool {
	return bytes.Equal(v.Binary, o.Binary) && (v.String == nil) == (o.String == nil) &&
		(v.String == nil || *v.String == *o.String)
}

// named says whether id means this secret: its ARN, its ARN without the
// random end, or its name.
func (s *secret) named(id string) bool {
	return id == s.ARN || id == s.Name || strings.HasPrefix(id, "arn:") && len(s.ARN) == len(id)+7 && strings.HasPrefix(s.ARN, id+"-")
}

func (s *secret) version(id string) *version {
	for _, v := range s.Versions {
		if v.ID == id {
			return v
		}
	}
	return nil
}

func (s *secret) staged(stage string) *version {
	for _, v := range s.Versions {
		if slices.Contains(v.Stages, stage) {
			return v
		}
	}
	return nil
}

// add puts a version in place, and moves its stages to it. The version that
// was current becomes the previous one; one left without a stage can be asked
// for by its id.
func (s *secret) add(v *version) {
	stages := v.Stages
	v.Stages = nil
	s.Versions = append(s.Versions, v)
	for _, stage := range stages {
		if old := s.move(stage, v); stage == current && old != nil && old != v {
			s.move(previous, old)
		}
	}
	s.Changed = time.Now().UTC()
}

// move puts a stage on v, and returns the version that had it.
func (s *secret) move(stage string, v *version) *version {
	old := s.staged(stage)
	if old != nil {
		old.Stages = slices.DeleteFunc(old.Stages, func(s string) bool { return s == stage })
	}
	v.Stages = append(v.Stages, stage)
	return old
}

// clone lets a change be written to disk before it is real.
func (s *secret) clone() *secret {
	c := *s
	c.Versions = nil
	for _, v := range s.Versions {
		copied := *v
		copied.Stages = slices.Clone(v.Stages)
		c.Versions = append(c.Versions, &copied)
	}
	return &c
}
