package cloudwatch

import (
	"math"
	"slices"
	"strings"
	"sync"
	"time"
)

// The store is bounded, whatever arrives.
const (
	maxSeries = 5000
	maxTotal  = 1 << 20 // bins of all sketches, 8 bytes each
)

// series are the values of one metric of a region.
type series struct {
	region  string
	metric  Metric
	unit    string
	fine    ring // by minutes of AWS
	coarse  ring // by minutes of the wall
	written time.Time
	watched int // alarms that look at it: it is not given up for others
}

// store keeps the series of every region. Its methods are safe for concurrent
// use.
type store struct {
	tick time.Duration // a minute of AWS, here

	mu      sync.Mutex
	all     map[string]*series
	bins    int
	dropped int
}

func newStore(tick time.Duration) *store { return &store{tick: tick, all: map[string]*series{}} }

// number counts periods of a length since 1970.
func number(at time.Time, length time.Duration) int64 { return at.UnixNano() / int64(length) }

// The age and lead that CloudWatch takes a value at (PutMetricData in the API
// reference); older ones than capacity have no place here.
const (
	maxAge  = 14 * 24 * time.Hour
	maxLead = 2 * time.Hour
)

// sample is what arrived for a series: values, or a set that sums them up.
type sample struct {
	unit   string
	values []float64
	count  float64
	set    *summary
	at     time.Time
}

func (st *store) put(region string, m Metric, s sample, now time.Time) {
	st.mu.Lock()
	defer st.mu.Unlock()
	if !s.valid(now) {
		st.dropped++
		return
	}
	one := st.open(region, m)
	if s.unit != "" {
		one.unit = s.unit
	}
	one.written = now
	fine, coarse := number(s.at, st.tick), number(s.at, time.Minute)
	if s.set != nil {
		one.fine.merge(fine, *s.set)
		one.coarse.merge(coarse, *s.set)
		return
	}
	count := s.count
	if count == 0 {
		count = 1
	}
	a, kept := one.fine.add(fine, s.values, count)
	b, _ := one.coarse.add(coarse, s.values, count)
	if !kept {
		st.dropped++
	}
	if st.bins += a + b; st.bins > maxTotal {
		st.shed()
	}
}

func (s sample) valid(now time.Time) bool {
	for _, v := range s.values {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return false
		}
	}
	if s.set != nil && (s.set.count <= 0 || s.set.min > s.set.max) {
		return false
	}
	return s.at.Sub(now) <= maxLead && now.Sub(s.at) <= maxAge && s.at.UnixNano() >= 0 && s.count >= 0
}

// shed gives up the older half of all sketches: percentiles of then are
// missing.
func (st *store) shed() {
	now := time.Duration(math.MinInt64)
	for _, one := range st.all {
		now = max(now, time.Duration(one.written.UnixNano()))
	}
	for keep := int64(capacity / 2); keep > 0; keep /= 2 {
		st.bins = 0
		for _, one := range st.all {
			st.bins += one.fine.forget(int64(now/st.tick)-keep) + one.coarse.forget(int64(now/time.Minute)-keep)
		}
		if st.bins <= maxTotal/2 {
			return
		}
	}
}

// open finds a series or makes it. st.mu is held.
func (st *store) open(region string, m Metric) *series {
	key := m.key(region)
	one := st.all[key]
	if one == nil {
		if len(st.all) >= maxSeries {
			st.evict()
		}
		one = &series{region: region, metric: m}
		st.all[key] = one
	}
	return one
}

// evict gives up the series that nothing was written to for the longest time, and
// that no alarm watches: several at once, since finding them costs a look at all.
func (st *store) evict() {
	var idle []*series
	for _, one := range st.all {
		if one.watched == 0 {
			idle = append(idle, one)
		}
	}
	slices.SortFunc(idle, func(a, b *series) int { return a.written.Compare(b.written) })
	for _, one := range idle[:min(len(idle), maxSeries/16)] {
		delete(st.all, one.metric.key(one.region))
	}
}

// watch makes a series one that an alarm looks at; by is -1 when it no longer
// does.
func (st *store) watch(region string, m Metric, by int) {
	st.mu.Lock()
	defer st.mu.Unlock()
	st.open(region, m).watched += by
}

// window reads summaries of periods, the oldest first: so many of that many
// minutes of AWS, the last of which ends before the minute of that number. There
// is nothing in another unit than the one asked for, if any is.
func (st *store) window(key, unit string, end int64, minutes, periods int) []summary {
	out := make([]summary, max(periods, 0))
	st.mu.Lock()
	defer st.mu.Unlock()
	one := st.all[key]
	if one == nil || unit != "" && unit != one.unit {
		return out
	}
	for i := range out {
		first := end - int64((periods-i)*minutes)
		out[i] = one.fine.read(first, first+int64(minutes))
	}
	return out
}

// between reads summaries by the wall clock, from a time on, the oldest first.
func (st *store) between(key string, from time.Time, period time.Duration, periods int) []summary {
	out := make([]summary, periods)
	st.mu.Lock()
	defer st.mu.Unlock()
	one := st.all[key]
	if one == nil {
		return out
	}
	length, r := time.Minute, &one.coarse
	if period < time.Minute {
		length, r = st.tick, &one.fine
	}
	for i := range out {
		start := from.Add(time.Duration(i) * period)
		out[i] = r.read(ceil(start, length), ceil(start.Add(period), length))
	}
	return out
}

// ceil is the number of the first period that begins at that time or later.
func ceil(at time.Time, length time.Duration) int64 {
	return (at.UnixNano() + int64(length) - 1) / int64(length)
}

// seen tells whether a metric has ever had a value.
func (st *store) seen(region string, m Metric) bool {
	st.mu.Lock()
	defer st.mu.Unlock()
	one := st.all[m.key(region)]
	return one != nil && !one.written.IsZero()
}

// list returns the series of a region that have had a value, by their key.
func (st *store) list(region string) []*series {
	st.mu.Lock()
	defer st.mu.Unlock()
	var all []*series
	for _, one := range st.all {
		if one.region == region && !one.written.IsZero() {
			all = append(all, one)
		}
	}
	slices.SortFunc(all, func(a, b *series) int { return strings.Compare(a.metric.key(""), b.metric.key("")) })
	return all
}

func (st *store) unitOf(key string) string {
	st.mu.Lock()
	defer st.mu.Unlock()
	if one := st.all[key]; one != nil && one.unit != "" {
		return one.unit
	}
	return "None"
}
