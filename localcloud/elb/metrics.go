package elb

import (
	"math/rand/v2"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

type metrics struct {
	requests, elb5xx, elb502, elb503, elb504, target5xx, refused, latency atomic.Int64

	mu    sync.Mutex
	times []time.Duration // a fair choice of those since the last look
	timed int             // how many there were
}

// mostTimes bounds the choice.
const mostTimes = 1000

// failed counts an answer of the balancer itself.
func (m *metrics) failed(code int) {
	m.elb5xx.Add(1)
	switch code {
	case http.StatusBadGateway:
		m.elb502.Add(1)
	case http.StatusServiceUnavailable:
		m.elb503.Add(1)
	case http.StatusGatewayTimeout:
		m.elb504.Add(1)
	}
}

// responded notes how long a target took to the headers of its answer.
func (m *metrics) responded(d time.Duration) {
	m.latency.Add(int64(d))
	m.mu.Lock()
	defer m.mu.Unlock()
	m.timed++
	if len(m.times) < mostTimes {
		m.times = append(m.times, d)
	} else if i := rand.IntN(m.timed); i < mostTimes {
		m.times[i] = d
	}
}

// Counts are the totals of a target group since this process began; CloudWatch
// has the same by the names in the comments.
type Counts struct {
	Requests  int64         `json:"requests"`   // RequestCount: a target was chosen
	ELB5xx    int64         `json:"elb_5xx"`    // HTTPCode_ELB_5XX_Count: answered by the balancer
	ELB502    int64         `json:"elb_502"`    // HTTPCode_ELB_502_Count
	ELB503    int64         `json:"elb_503"`    // HTTPCode_ELB_503_Count
	ELB504    int64         `json:"elb_504"`    // HTTPCode_ELB_504_Count
	Target5xx int64         `json:"target_5xx"` // HTTPCode_Target_5XX_Count
	Refused   int64         `json:"refused"`    // TargetConnectionErrorCount
	Latency   time.Duration `json:"latency_ns"` // sum of TargetResponseTime, to the headers of the answer
}

// Counts returns the totals of a target group; zeros when it doesn't exist.
func (s *Service) Counts(targetGroupARN string) Counts {
	g, err := s.group(targetGroupARN)
	if err != nil {
		return Counts{}
	}
	return g.metrics.counts()
}

func (m *metrics) counts() Counts {
	return Counts{Requests: m.requests.Load(), ELB5xx: m.elb5xx.Load(), ELB502: m.elb502.Load(), ELB503: m.elb503.Load(),
		ELB504: m.elb504.Load(), Target5xx: m.target5xx.Load(), Refused: m.refused.Load(),
		Latency: time.Duration(m.latency.Load())}
}

// TakeTimes returns a fair choice of the response times of a target group since
// it was last called, and how many there were.
func (s *Service) TakeTimes(targetGroupARN string) (times []time.Duration, of int) {
	g, err := s.group(targetGroupARN)
	if err != nil {
		return nil, 0
	}
	g.metrics.mu.Lock()
	defer g.metrics.mu.Unlock()
	times, of = g.metrics.times, g.metrics.timed
	g.metrics.times, g.metrics.timed = nil, 0
	return times, of
}
