package metrics

import (
	"context"
	"encoding/json"
	"io"
	"math/rand/v2"
	"slices"
	"sync"
	"time"
)

// Metric is a figure's name in CloudWatch.
type Metric string

// The figures that the app reports. Unit is Count unless units says otherwise.
const (
	FeedReadLatency    Metric = "FeedReadLatency"
	FeedReads          Metric = "FeedReads"
	CacheHits          Metric = "CacheHits"   // pages that the cache alone answered
	CacheMisses        Metric = "CacheMisses" // pages that took SQL
	StoriesPosted      Metric = "StoriesPosted"
	SignUps            Metric = "SignUps"
	PostToVisible      Metric = "PostToVisibleAge"
	FanoutInserts      Metric = "FanoutInserts"
	ReplicaLag         Metric = "ReplicaLag"
	ConnectionsInUse   Metric = "DatabaseConnectionsInUse"
	PoolWait           Metric = "DatabasePoolWait"
	OutboxBacklog      Metric = "OutboxBacklog"
	DailyActiveUsers   Metric = "DailyActiveUsers"
	MonthlyActiveUsers Metric = "MonthlyActiveUsers"
	LatePartitions     Metric = "LatePartitions" // must stay 0
	Served             Metric = "Served"         // requests answered, health checks excepted
	Faults             Metric = "Faults"         // of Served: 500, panics, time-outs inside
	FaultyUsers        Metric = "FaultyUsers"    // distinct users, or addresses, that met Faults
	Jobs               Metric = "Jobs"           // messages worked on to an end
	JobFaults          Metric = "JobFaults"      // of Jobs: failed by our own fault
	every                     = time.Minute
	mostSamples               = 100 // of one metric in one line
)

var units = map[Metric]string{FeedReadLatency: "Milliseconds", PostToVisible: "Milliseconds", ReplicaLag: "Milliseconds", PoolWait: "Milliseconds"}

// Set collects figures between two lines. A nil Set collects nothing. Its
// methods are safe for concurrent use.
type Set struct {
	always []Metric

	mu       sync.Mutex
	sums     map[Metric]float64
	samples  map[Metric]*reservoir
	distinct map[Metric]map[string]bool
}

// reservoir keeps an even choice of all samples.
type reservoir struct {
	seen int
	kept []float64
}

// NewSet returns an empty Set, which tells the sums of always even when they are 0.
func NewSet(always ...Metric) *Set {
	s := &Set{always: always}
	s.clear()
	return s
}

// clear starts afresh; s.mu is held.
func (s *Set) clear() {
	s.sums, s.samples, s.distinct = map[Metric]float64{}, map[Metric]*reservoir{}, map[Metric]map[string]bool{}
	for _, m := range s.always {
		s.sums[m] = 0
	}
}

// mostDistinct bounds what is kept to tell who was counted already.
const mostDistinct = 10_000

// Distinct counts who in a figure that is summed up, once a line.
func (s *Set) Distinct(m Metric, who string) {
	if s == nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	known := s.distinct[m]
	if known == nil {
		known = map[string]bool{}
		s.distinct[m] = known
	}
	if !known[who] && len(known) < mostDistinct {
		known[who] = true
		s.sums[m]++
	}
}

// Add adds to a figure that is summed up.
func (s *Set) Add(m Metric, n float64) {
	if s == nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sums[m] += n
}

// Observe notes one sample of a figure of which the distribution matters.
func (s *Set) Observe(m Metric, value float64) {
	if s == nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	r := s.samples[m]
	if r == nil {
		r = &reservoir{}
		s.samples[m] = r
	}
	r.seen++
	if len(r.kept) < mostSamples {
		r.kept = append(r.kept, value)
	} else if i := rand.IntN(r.seen); i < mostSamples {
		r.kept[i] = value
	}
}

// Took notes how long something has taken since begun.
func (s *Set) Took(m Metric, begun, now time.Time) {
	s.Observe(m, float64(now.Sub(begun).Microseconds())/1000)
}

// Run writes a line a minute, and a last one when ctx ends.
func (s *Set) Run(ctx context.Context, out io.Writer, region, group string) {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			s.Write(out, region, group, time.Now())
			return
		case now := <-tick.C:
			s.Write(out, region, group, now)
		}
	}
}

type definition struct {
	Name string
	Unit string
}

// Write writes what was collected since the last time; nothing when that is
// nothing.
func (s *Set) Write(out io.Writer, region, group string, now time.Time) error {
	s.mu.Lock()
	sums, samples := s.sums, s.samples
	s.clear()
	s.mu.Unlock()
	line := map[string]any{"Region": region, "Group": group}
	var names []Metric
	for m, v := range sums {
		line[string(m)], names = v, append(names, m)
	}
	for m, r := range samples {
		line[string(m)], names = r.kept, append(names, m)
	}
	if len(names) == 0 {
		return nil
	}
	slices.Sort(names)
	var definitions []definition
	for _, m := range names {
		unit := units[m]
		if unit == "" {
			unit = "Count"
		}
		definitions = append(definitions, definition{string(m), unit})
	}
	line["_aws"] = map[string]any{
		"Timestamp": now.UnixMilli(),
		"CloudWatchMetrics": []any{map[string]any{
			"Namespace": "NewsFeed", "Dimensions": [][]string{{"Region"}, {"Region", "Group"}}, "Metrics": definitions,
		}},
	}
	raw, err := json.Marshal(line)
	if err != nil {
		return err
	}
	_, err = out.Write(append(raw, '\n'))
	return err
}
