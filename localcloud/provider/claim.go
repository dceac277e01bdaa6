package provider

import "newsfeed/localcloud/cloud"

// claim refuses what AWS would for what else is there, and records a new
// resource before its body is made: a crash in between leaves a record to find
// the body by, and nobody else gets its name.
func (p *Provider) claim(r, old *cloud.Resource) error {
	p.claiming.Lock()
	defer p.claiming.Unlock()
	if !p.lenient.Load() {
		for _, refused := range []error{unchangeable(r, old), lacking(p.store, r), taken(p.store, r, old)} {
			if refused != nil {
				return refused
			}
		}
	}
	if old != nil {
		return nil
	}
	return p.store.Put(r)
}
