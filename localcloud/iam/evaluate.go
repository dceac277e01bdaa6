package iam

import (
	"slices"
	"strings"
)

// principal is who makes a request.
type principal struct {
	arn     string // of a role's session or a user: whom messages name
	role    string // its role's ARN; a user's own
	account string
	service string // set for a service of AWS, which has no identity's policies
}

// request is one action on one resource.
type request struct {
	who      principal
	action   string // as messages write it
	resource string
	keys     keys
}

// identityPolicy is a policy of a role.
type identityPolicy struct {
	name     string
	document *document
}

// Permission is what a policy of a role allows: one of a statement's actions on
// one of its resources, each as it is written there, in lower case the action.
type Permission struct{ Role, Policy, Sid, Action, Resource string }

// verdict is how a request was decided.
type verdict struct {
	denial string       // why not, in AWS's words; "" is allowed
	by     []Permission // of the identity that allow it
}

// evaluate decides within one account, as the IAM user guide has it
// (reference_policies_evaluation-logic_policy-eval-basics): a deny anywhere ends
// it; otherwise one allow is enough, in the identity's policies or in the
// resource's. A KMS key is apart: its own policy must allow the principal, or
// hand the decision to the account's IAM policies by allowing the account (KMS
// developer guide, key-policies).
func (r *request) evaluate(identity []identityPolicy, resource *document, isKey bool) verdict {
	for _, p := range identity {
		if slices.ContainsFunc(p.document.statements, func(s statement) bool { return s.deny && r.matches(&s) }) {
			return verdict{denial: "with an explicit deny in an identity-based policy"}
		}
	}
	direct, delegated, denied := r.onResource(resource)
	if denied {
		return verdict{denial: "with an explicit deny in a resource-based policy"}
	}
	var by []Permission
	for _, p := range identity {
		by = append(by, r.allowedBy(p)...)
	}
	switch {
	case direct, len(by) > 0 && (delegated || !isKey):
		return verdict{by: by}
	case r.who.service != "", isKey && !delegated:
		return verdict{denial: "because no resource-based policy allows the " + r.action + " action"}
	}
	return verdict{denial: "because no identity-based policy allows the " + r.action + " action"}
}

// onResource says what a resource's policy has to say: it may allow the principal
// itself, or its account, and deny.
func (r *request) onResource(d *document) (direct, delegated, denied bool) {
	if d == nil {
		return false, false, false
	}
	for i := range d.statements {
		s := &d.statements[i]
		if s.who == nil || !r.matches(s) {
			continue
		}
		itself, account := s.who.match(r.who)
		if s.deny {
			denied = denied || itself || account
			continue
		}
		direct, delegated = direct || itself, delegated || account
	}
	return direct, delegated, denied
}

func (r *request) matches(s *statement) bool {
	return s.actions.match(strings.ToLower(r.action)) && s.resources.match(r.resource) && r.meets(s)
}

func (r *request) meets(s *statement) bool {
	return !slices.ContainsFunc(s.conditions, func(c condition) bool { return !c.holds(r.keys) })
}

// match says whether a statement is about the principal itself, and whether about
// its account. A role and its session are the same (IAM user guide,
// reference_policies_elements_principal). A deny of the account denies everybody
// in it; sources are silent on that, and it is the stricter reading.
func (p *principals) match(who principal) (itself, account bool) {
	if who.service != "" {
		return (p.anyone || slices.Contains(p.services, who.service)) != p.not, false
	}
	itself = p.anyone || slices.Contains(p.arns, who.arn) || slices.Contains(p.arns, who.role)
	account = slices.Contains(p.accounts, who.account)
	if p.not {
		return !itself && !account, false
	}
	return itself, account
}

// allowedBy returns the permissions of a policy that allow the request.
func (r *request) allowedBy(p identityPolicy) (by []Permission) {
	action := strings.ToLower(r.action)
	for i := range p.document.statements {
		s := &p.document.statements[i]
		if s.deny || !r.matches(s) {
			continue
		}
		for _, of := range s.permissions(r.who.role, p.name) {
			if like(of.Action, action) != s.actions.not && like(of.Resource, r.resource) != s.resources.not {
				by = append(by, of)
			}
		}
	}
	return by
}

// permissions are every action of the statement on every resource of it.
func (s *statement) permissions(role, policy string) (all []Permission) {
	for _, action := range s.actions.list {
		for _, resource := range s.resources.list {
			all = append(all, Permission{role, policy, s.sid, action, resource})
		}
	}
	return all
}
