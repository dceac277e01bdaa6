package elb

import (
	"context"
	"crypto/tls"
	"fmt"
	"strings"
	"sync"

	"newsfeed/localcloud/acm"
	"newsfeed/localcloud/cloud"
)

const (
	balancerType    = "aws:lb/loadBalancer:LoadBalancer"
	groupType       = "aws:lb/targetGroup:TargetGroup"
	listenerType    = "aws:lb/listener:Listener"
	ruleType        = "aws:lb/listenerRule:ListenerRule"
	certificateType = "aws:acm/certificate:Certificate"
)

// Service holds every balancer, listener and target group of both regions.
// Its methods are safe for concurrent use.
type Service struct {
	store     *cloud.Store
	addresses *cloud.Addresses
	issue     func(names ...string) (*tls.Certificate, error)

	ctx      context.Context // ends at Close
	end      context.CancelFunc
	retiring sync.WaitGroup // servers that finish what they had accepted

	mu        sync.RWMutex
	balancers map[string]*balancer // these four by ARN
	listeners map[string]*listener
	rules     map[string]*rule
	groups    map[string]*group
}

// New returns a service without balancers. Certificates are kept under dir.
func New(store *cloud.Store, addresses *cloud.Addresses, authority *acm.Authority, dir string) *Service {
	ctx, end := context.WithCancel(context.Background())
	return &Service{
		store: store, addresses: addresses, issue: issuer(authority, dir), ctx: ctx, end: end,
		balancers: map[string]*balancer{}, listeners: map[string]*listener{},
		rules: map[string]*rule{}, groups: map[string]*group{},
	}
}

// Bodies returns what gives the resource types of this service their life.
// The order in which resources of different types are applied doesn't matter.
func (s *Service) Bodies() map[string]cloud.Body {
	return map[string]cloud.Body{
		balancerType: balancers{s},
		groupType:    groups{s},
		listenerType: listeners{s},
		ruleType:     rules{s},
	}
}

// Close ends every connection and health check. Records and leases stay, so
// that a later process brings the same balancers back.
func (s *Service) Close() {
	s.end()
	s.mu.Lock()
	for _, l := range s.listeners {
		l.close()
	}
	for _, g := range s.groups {
		g.close()
	}
	s.mu.Unlock()
	s.retiring.Wait()
}

func (s *Service) group(arn string) (*group, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if g := s.groups[arn]; g != nil {
		return g, nil
	}
	return nil, fmt.Errorf("target group %s: it does not exist", arn)
}

// setSuffix gives a resource the part of its ARN that CloudWatch uses as a
// dimension: app/name/hash or targetgroup/name/hash.
func setSuffix(r *cloud.Resource) {
	_, suffix, found := strings.Cut(r.String("arn"), ":loadbalancer/")
	if !found {
		_, suffix, found = strings.Cut(r.String("arn"), ":targetgroup/")
		suffix = "targetgroup/" + suffix
	}
	if found && r.String("arnSuffix") == "" {
		r.Outputs["arnSuffix"] = suffix
	}
}
