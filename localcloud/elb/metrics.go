package elb

import (
	"sync/atomic"
	"time"
)

type metrics struct{ requests, elb5xx, target5xx, refused, latency atomic.Int64 }

// Counts are the totals of a target group since this process began; CloudWatch
// has the same by the names in the comments.
type Counts struct {
	Requests  int64         `json:"requests"`   // RequestCount: a target was chosen
	ELB5xx    int64         `json:"elb_5xx"`    // HTTPCode_ELB_5XX_Count: answered by the balancer
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
	return Counts{m.requests.Load(), m.elb5xx.Load(), m.target5xx.Load(), m.refused.Load(), time.Duration(m.latency.Load())}
}
