package sqs

import (
	"cmp"
	"net/http"
	"net/url"
	"os"
	"path"
	"slices"
	"strings"
	"sync"

	"newsfeed/localcloud/endpoint"
)

// Service is every queue of every region.
type Service struct {
	dir        string
	operations map[string]endpoint.Operation

	mu       sync.RWMutex
	queues   map[address]*queue
	redrives map[string]redrive // declared apart from their queue, by its URL
}

type address struct{ region, name string }

// New returns a service whose journals are under dir, which it creates. A
// queue and its messages are there once its resource was applied.
func New(dir string) (*Service, error) {
	s := &Service{dir: dir, queues: map[address]*queue{}, redrives: map[string]redrive{}}
	s.operations = s.table()
	return s, os.MkdirAll(dir, 0o700)
}

// ServeAWS implements endpoint.Service.
func (s *Service) ServeAWS(w http.ResponseWriter, r *http.Request, region string) {
	endpoint.ServeJSON(w, r, region, "1.0", s.operations)
}

// Status is how a queue is, as CloudWatch would see it.
type Status struct {
	Region, Name, URL string

	Visible  int // ApproximateNumberOfMessagesVisible
	InFlight int // ApproximateNumberOfMessagesNotVisible
	Delayed  int // ApproximateNumberOfMessagesDelayed

	OldestAge float64 // ApproximateAgeOfOldestMessage: seconds in this queue; 0 when it is empty
}

// Status returns every queue's, by region and name.
func (s *Service) Status() []Status {
	s.mu.RLock()
	defer s.mu.RUnlock()
	var all []Status
	for _, q := range s.queues {
		all = append(all, q.status())
	}
	slices.SortFunc(all, func(a, b Status) int {
		return cmp.Or(cmp.Compare(a.Region, b.Region), cmp.Compare(a.Name, b.Name))
	})
	return all
}

func (q *queue) status() Status {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.settle()
	s := Status{
		Region: q.config.region, Name: q.config.name, URL: q.config.url,
		Visible: len(q.ready), InFlight: q.inFlight, Delayed: len(q.hidden) - q.inFlight,
	}
	if oldest := q.arrivals.Front(); oldest != nil {
		s.OldestAge = float64(now()-oldest.Value.(*message).Arrived) / 1000
	}
	return s
}

// find returns the queue that a URL names in the region asked. Only the
// path's last part and, where it has one, the region in the host count: a
// client may hold a URL of the local endpoint.
func (s *Service) find(region, queueURL string) (*queue, error) {
	if queueURL == "" {
		return nil, missing("QueueUrl")
	}
	u, err := url.Parse(queueURL)
	if err != nil {
		return nil, errNoQueue
	}
	if host := strings.Split(u.Host, "."); len(host) > 2 && host[0] == "sqs" && host[1] != region {
		return nil, errNoQueue
	}
	return s.lookup(address{region, path.Base(u.Path)})
}

func (s *Service) lookup(a address) (*queue, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if q := s.queues[a]; q != nil {
		return q, nil
	}
	return nil, errNoQueue
}

// settings returns a queue's config and its redrive policy, with the
// dead-letter queue when there is one to move messages to.
func (s *Service) settings(q *queue) (c config, dead *queue) {
	q.mu.Lock()
	c = q.config
	q.mu.Unlock()
	s.mu.RLock()
	defer s.mu.RUnlock()
	if r, ok := s.redrives[c.url]; ok {
		c.redrive = r
	}
	parts := strings.Split(c.redrive.target, ":") // arn:aws:sqs:region:account:name
	if len(parts) == 6 {
		dead = s.queues[address{parts[3], parts[5]}]
	}
	return c, dead
}
