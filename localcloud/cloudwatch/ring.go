package cloudwatch

// capacity is how many periods a ring keeps.
const capacity = 96

// perSketch is how many bins a sketch takes beside its own: its place in the map.
const perSketch = 10

// ring keeps the summaries of the last periods by their number.
type ring struct {
	slots    []slot // capacity of them, or none before the first value
	sketches map[int64]*sketch
}

// slot is a summary, packed: a store has a million of them.
type slot struct {
	period        int64
	sum, min, max float64
	count         float32
}

func (s slot) summary() summary {
	return summary{sum: s.sum, min: s.min, max: s.max, count: float64(s.count)}
}

// slot returns the place of a period, or nil when it is over.
func (r *ring) slot(period int64) *slot {
	if r.slots == nil {
		r.slots = make([]slot, capacity)
	}
	s := &r.slots[period%capacity]
	if s.period > period {
		return nil
	}
	if s.period < period {
		delete(r.sketches, s.period)
		*s = slot{period: period}
	}
	return s
}

// add notes values of a period. It tells how many bins of a sketch it took.
func (r *ring) add(period int64, values []float64, count float64) (bins int, ok bool) {
	s := r.slot(period)
	if s == nil {
		return 0, false
	}
	for _, v := range values {
		bins += r.keep(s, v, count)
		all := s.summary()
		all.add(v, count)
		s.sum, s.min, s.max, s.count = all.sum, all.min, all.max, float32(all.count)
	}
	return bins, true
}

// keep notes a value in the sketch of a period, which it has from the second
// value on that is not as the first.
func (r *ring) keep(s *slot, v, count float64) (bins int) {
	known := r.sketches[s.period]
	if known == nil {
		if s.count == 0 || s.min == v && s.max == v {
			return 0
		}
		known = &sketch{}
		before := s.summary()
		before.spread(known)
		if r.sketches == nil {
			r.sketches = map[int64]*sketch{}
		}
		r.sketches[s.period] = known
		bins = perSketch + len(known.bins)
	}
	had := len(known.bins)
	known.add(v, count)
	return bins + len(known.bins) - had
}

// merge notes what a statistic set says of a period.
func (r *ring) merge(period int64, set summary) bool {
	s := r.slot(period)
	if s == nil {
		return false
	}
	all := s.summary()
	all.sketch = r.sketches[period]
	all.merge(set)
	s.sum, s.min, s.max, s.count = all.sum, all.min, all.max, float32(all.count)
	if all.sketch != nil {
		if r.sketches == nil {
			r.sketches = map[int64]*sketch{}
		}
		r.sketches[period] = all.sketch
	}
	return true
}

// read sums up the periods from first until, not with, last.
func (r *ring) read(first, last int64) (all summary) {
	if r.slots == nil {
		return all
	}
	for period := max(first, last-capacity); period < last; period++ {
		if s := &r.slots[period%capacity]; s.period == period {
			one := s.summary()
			one.sketch = r.sketches[period]
			all.merge(one)
		}
	}
	return all
}

// forget drops the sketches of periods before one, and tells how many bins stay.
func (r *ring) forget(before int64) (bins int) {
	for period, s := range r.sketches {
		if period < before {
			delete(r.sketches, period)
		} else {
			bins += perSketch + len(s.bins)
		}
	}
	return bins
}
