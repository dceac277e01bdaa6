package s3

import (
	"cmp"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// corsRule is one rule as the program declares it.
type corsRule struct {
	AllowedOrigins []string `json:"allowedOrigins"`
	AllowedMethods []string `json:"allowedMethods"`
	AllowedHeaders []string `json:"allowedHeaders"`
	ExposeHeaders  []string `json:"exposeHeaders"`
	MaxAgeSeconds  int      `json:"maxAgeSeconds"`
}

// allowOrigin adds the headers that let a page of another origin read the
// answer, when a rule of the bucket allows it.
func (s *Service) allowOrigin(w http.ResponseWriter, r *http.Request, bucket string) bool {
	origin := r.Header.Get("Origin")
	if origin == "" {
		return false
	}
	method, headers := r.Method, ""
	if r.Method == http.MethodOptions {
		method, headers = r.Header.Get("Access-Control-Request-Method"), r.Header.Get("Access-Control-Request-Headers")
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	known := cmp.Or(s.aliases[origin], origin)
	for _, rule := range s.cors[bucket] {
		if rule.allows(known, method, headers) {
			rule.answer(w.Header(), origin, headers)
			return true
		}
	}
	return false
}

func (rule *corsRule) allows(origin, method, headers string) bool {
	if !matches(rule.AllowedOrigins, origin) || !slices.Contains(rule.AllowedMethods, method) {
		return false
	}
	for header := range strings.SplitSeq(strings.ToLower(headers), ",") {
		if header = strings.TrimSpace(header); header != "" && !matches(rule.AllowedHeaders, header) {
			return false
		}
	}
	return true
}

func (rule *corsRule) answer(h http.Header, origin, headers string) {
	if slices.Contains(rule.AllowedOrigins, "*") {
		h.Set("Access-Control-Allow-Origin", "*")
	} else {
		h.Set("Access-Control-Allow-Origin", origin)
		h.Set("Access-Control-Allow-Credentials", "true")
	}
	h.Set("Vary", "Origin, Access-Control-Request-Headers, Access-Control-Request-Method")
	h.Set("Access-Control-Allow-Methods", strings.Join(rule.AllowedMethods, ", "))
	if headers != "" {
		h.Set("Access-Control-Allow-Headers", headers)
	}
	if len(rule.ExposeHeaders) > 0 {
		h.Set("Access-Control-Expose-Headers", strings.Join(rule.ExposeHeaders, ", "))
	}
	if rule.MaxAgeSeconds > 0 {
		h.Set("Access-Control-Max-Age", strconv.Itoa(rule.MaxAgeSeconds))
	}
}

// matches says whether a pattern, with one * at most, covers s in any case.
func matches(patterns []string, s string) bool {
	return slices.ContainsFunc(patterns, func(p string) bool {
		head, tail, wild := strings.Cut(strings.ToLower(p), "*")
		s := strings.ToLower(s)
		if !wild {
			return s == head
		}
		return len(s) >= len(head)+len(tail) && strings.HasPrefix(s, head) && strings.HasSuffix(s, tail)
	})
}
