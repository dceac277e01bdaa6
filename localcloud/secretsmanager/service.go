package secretsmanager

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"newsfeed/localcloud/cloud"
	"newsfeed/localcloud/endpoint"
)

// Service is every secret of every region.
type Service struct {
	dir        string
	operations map[string]endpoint.Operation

	mu      sync.RWMutex
	secrets map[string]*secret // by ARN; one is replaced, never changed
}

// New returns a service with the secrets under dir, which it creates.
func New(dir string) (*Service, error) {
	s := &Service{dir: dir, secrets: map[string]*secret{}}
	s.operations = map[string]endpoint.Operation{
		"GetSecretValue": endpoint.Typed(s.getSecretValue),
		"DescribeSecret": endpoint.Typed(s.describeSecret),
		"ListSecrets":    endpoint.Typed(s.listSecrets),
		"PutSecretValue": endpoint.Typed(s.putSecretValue),
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	secrets, err := cloud.ReadAll[secret](dir)
	if err != nil {
		return nil, err
	}
	for _, sec := range secrets {
		s.secrets[sec.ARN] = sec
	}
	return s, nil
}

// ServeAWS implements endpoint.Service.
func (s *Service) ServeAWS(w http.ResponseWriter, r *http.Request, region string) {
	endpoint.ServeJSON(w, r, region, "1.1", s.operations)
}

// Status is how a secret is; its value is never told.
type Status struct {
	Region, Name, ARN string
	Versions          int
	Changed           time.Time
}

// Status returns every secret's, by region and name.
func (s *Service) Status() []Status {
	var all []Status
	for _, sec := range s.declared() {
		all = append(all, Status{sec.Region, sec.Name, sec.ARN, len(sec.Versions), sec.Changed})
	}
	return all
}

func (s *Service) declared() []*secret {
	s.mu.RLock()
	defer s.mu.RUnlock()
	var all []*secret
	for _, sec := range s.secrets {
		if sec.Declared {
			all = append(all, sec)
		}
	}
	slices.SortFunc(all, func(a, b *secret) int {
		return cmp.Or(cmp.Compare(a.Region, b.Region), cmp.Compare(a.Name, b.Name))
	})
	return all
}

// find returns the secret of the region that id means.
func (s *Service) find(region, id string) (*secret, error) {
	for _, sec := range s.declared() {
		if sec.Region == region && sec.named(id) {
			return sec, nil
		}
	}
	return nil, errNotFound
}

// change makes a change of a secret durable, then real. The secret is made
// when there is none of that ARN.
func (s *Service) change(region, arn string, edit func(*secret) error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	changed := &secret{ARN: arn, Region: region, Created: time.Now().UTC()}
	if old := s.secrets[arn]; old != nil {
		changed = old.clone()
	}
	if err := edit(changed); err != nil {
		return err
	}
	raw, err := json.Marshal(changed)
	if err != nil {
		return err
	}
	if err := cloud.WriteFile(s.path(arn), raw); err != nil {
		return err
	}
	s.secrets[arn] = changed
	return nil
}

func (s *Service) remove(arn string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := os.Remove(s.path(arn)); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	delete(s.secrets, arn)
	return nil
}

func (s *Service) path(arn string) string {
	sum := sha256.Sum256([]byte(arn))
	return filepath.Join(s.dir, hex.EncodeToString(sum[:8])+".json")
}
