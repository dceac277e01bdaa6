package iam

import (
	"cmp"
	"slices"
	"sync"
)

// census is which permissions of which role allowed something.
type census struct {
	mu   sync.RWMutex
	used map[Permission]bool
}

func (c *census) count(by []Permission) {
	for _, p := range by {
		c.mu.RLock()
		known := c.used[p]
		c.mu.RUnlock()
		if known {
			continue
		}
		c.mu.Lock()
		if c.used == nil {
			c.used = map[Permission]bool{}
		}
		c.used[p] = true
		c.mu.Unlock()
	}
}

// Permissions are all that the policies written into the role with that ARN
// allow, and those of AWS that are attached to it.
func (a *Account) Permissions(roleARN string) (all []Permission) {
	is := a.now().role(roleARN)
	if is == nil {
		return nil
	}
	for _, p := range is.policies {
		for i := range p.document.statements {
			s := &p.document.statements[i]
			if !s.deny {
				all = append(all, s.permissions(roleARN, p.name)...)
			}
		}
	}
	slices.SortFunc(all, func(a, b Permission) int {
		return cmp.Or(cmp.Compare(a.Policy, b.Policy), cmp.Compare(a.Sid, b.Sid), cmp.Compare(a.Action, b.Action),
			cmp.Compare(a.Resource, b.Resource))
	})
	return all
}

// Unused are the permissions of the role that have allowed nothing since the
// account was opened.
func (a *Account) Unused(roleARN string) []Permission {
	a.census.mu.RLock()
	defer a.census.mu.RUnlock()
	return slices.DeleteFunc(a.Permissions(roleARN), func(p Permission) bool { return a.census.used[p] })
}
