package elb

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strings"
	"time"

	"newsfeed/localcloud/cloud"
)

const defaultIdle = 60 * time.Second

// routes is what a listener does with requests, at one point in time.
type routes struct {
	tls      *tls.Config
	rules    []*rule // by priority
	fallback action
	idle     time.Duration // the balancer's idle timeout
}

func (rt *routes) serve(s *Service, w http.ResponseWriter, r *http.Request) {
	chosen := &rt.fallback
	for _, rule := range rt.rules {
		if rule.matches(r) {
			chosen = &rule.action
			break
		}
	}
	chosen.serve(s, w, r, rt.idle)
}

// groups returns the ARNs of every target group that is forwarded to.
func (rt *routes) groups() []string {
	var arns []string
	for _, a := range append([]*rule{{action: rt.fallback}}, rt.rules...) {
		if arn := a.action.target(); arn != "" && !slices.Contains(arns, arn) {
			arns = append(arns, arn)
		}
	}
	return arns
}

// rule is a listener rule: all of its conditions must hold, each by any of
// its patterns.
type rule struct {
	arn, listener string
	priority      int
	hosts, paths  []string // empty: any
	action        action
}

// rules is the body of aws:lb/listenerRule:ListenerRule.
type rules struct{ *Service }

func (s rules) Apply(_ context.Context, r, _ *cloud.Resource) error {
	next, err := parseRule(r)
	if err != nil {
		return fmt.Errorf("listener rule %s: %w", r.String("arn"), err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if next.priority == 0 { // AWS takes the next one that is free
		for _, other := range s.rulesOf(next.listener) {
			next.priority = max(next.priority, other.priority)
		}
		next.priority++
		r.Outputs["priority"] = float64(next.priority)
	}
	s.rules[next.arn] = next
	return s.refreshNamed(next.listener)
}

func (s rules) Remove(_ context.Context, r *cloud.Resource) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.rules, r.String("arn"))
	return s.refreshNamed(r.String("listenerArn"))
}

// refreshNamed refreshes the listener of that ARN, if it exists. s.mu is held.
func (s *Service) refreshNamed(arn string) error {
	if l := s.listeners[arn]; l != nil {
		return s.refresh(l)
	}
	return nil
}

// rulesOf returns the rules of a listener by priority. s.mu is held.
func (s *Service) rulesOf(listenerARN string) []*rule {
	var found []*rule
	for _, r := range s.rules {
		if r.listener == listenerARN {
			found = append(found, r)
		}
	}
	slices.SortFunc(found, func(a, b *rule) int { return a.priority - b.priority })
	return found
}

func parseRule(r *cloud.Resource) (*rule, error) {
	out := &rule{arn: r.String("arn"), listener: r.String("listenerArn"), priority: r.Int("priority", 0)}
	var actions []action
	if err := r.Decode("actions", &actions); err != nil {
		return nil, fmt.Errorf("actions: %w", err)
	}
	var err error
	if out.action, err = final(actions); err != nil {
		return nil, fmt.Errorf("actions: %w", err)
	}
	var conditions []map[string]any
	if err := r.Decode("conditions", &conditions); err != nil {
		return nil, fmt.Errorf("conditions: %w", err)
	}
	for _, condition := range conditions {
		for kind, block := range condition {
			values := (&cloud.Resource{Outputs: asMap(block)}).Strings("values")
			switch {
			case kind == "hostHeader":
				out.hosts = append(out.hosts, values...)
			case kind == "pathPattern":
				out.paths = append(out.paths, values...)
			case block != nil:
				return nil, fmt.Errorf("condition %s: the local cloud knows pathPattern and hostHeader", kind)
			}
		}
	}
	return out, nil
}

func asMap(v any) map[string]any {
	m, _ := v.(map[string]any)
	return m
}

func (r *rule) matches(req *http.Request) bool {
	host := req.Host
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	return matchAny(r.hosts, strings.ToLower(host), strings.ToLower) &&
		matchAny(r.paths, req.URL.EscapedPath(), func(p string) string { return p })
}

func matchAny(patterns []string, s string, fold func(string) string) bool {
	return len(patterns) == 0 ||
		slices.ContainsFunc(patterns, func(p string) bool { return wildcard(fold(p), s) })
}

// wildcard matches s against a pattern in which * stands for any characters,
// slashes included, and ? for exactly one.
func wildcard(pattern, s string) bool {
	star, resume, i := -1, 0, 0
	for j := 0; j < len(s); {
		switch {
		case i < len(pattern) && pattern[i] == '*':
			star, resume = i, j
			i++
		case i < len(pattern) && (pattern[i] == '?' || pattern[i] == s[j]):
			i++
			j++
		case star >= 0:
			resume++
			i, j = star+1, resume
		default:
			return false
		}
	}
	return strings.Trim(pattern[i:], "*") == ""
}
