package iam

import (
	"fmt"
	"sync"

	"newsfeed/localcloud/clock"
	"newsfeed/localcloud/cloud"
)

// Config says what an account is read from and where it keeps its own key.
type Config struct {
	Dir    string // for the key behind temporary credentials; created when absent
	Number string // of the account
	Store  *cloud.Store
	Clock  *clock.Clock
}

// Account is the roles, policies and keys of the account. It is the endpoint's
// guard. Safe for concurrent use.
type Account struct {
	Config
	master []byte
	census census

	mu     sync.RWMutex
	read   *record
	at     uint64               // the store's count of changes when it was read
	parsed map[string]*document // by text
}

// Open returns the account of the store.
func Open(cfg Config) (*Account, error) {
	master, err := openMaster(cfg.Dir)
	if err != nil {
		return nil, fmt.Errorf("key of temporary credentials: %w", err)
	}
	return &Account{Config: cfg, master: master, parsed: map[string]*document{}}, nil
}

// now is the record as the store has it now.
func (a *Account) now() *record {
	at := a.Store.Changes()
	a.mu.RLock()
	r := a.read
	current := r != nil && a.at == at
	a.mu.RUnlock()
	if current {
		return r
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.read, a.at = read(a.Store, a.parsed), at
	return a.read
}

// Role returns the ARN of the role in an instance profile, which is named by its
// ARN or its name.
func (a *Account) Role(profile string) (arn string, err error) {
	r := a.now()
	is := r.roles[r.profiles[profile]]
	if is == nil {
		return "", fmt.Errorf("InvalidParameterValue: Value (%s) for parameter iamInstanceProfile is invalid. "+
			"Invalid IAM Instance Profile", profile)
	}
	return is.arn, nil
}

func (r *record) role(arn string) *role {
	for _, is := range r.roles {
		if is.arn == arn {
			return is
		}
	}
	return nil
}
