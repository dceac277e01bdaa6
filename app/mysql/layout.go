package mysql

import "time"

// Partitions are made this far ahead, and hold about this many stories each: at
// a mean rate of 116 a second, a day's.
const (
	partitionsAhead  = 7 * 24 * time.Hour
	partitionStories = 10_000_000
)

// lengths are those that a partition may have: within three times of each other,
// and so are the partitions' sizes.
var lengths = []time.Duration{28 * day, 14 * day, 7 * day, 3 * day, day, 12 * time.Hour, 6 * time.Hour, 3 * time.Hour, time.Hour}

const day = 24 * time.Hour

// storiesPerDay is the rate of the last day, by the partitions' own sizes; known
// says whether there is a partition of which both ends are known.
func storiesPerDay(parts []partition, now time.Time) (perDay float64, known bool) {
	to := now.UnixMilli()
	from := to - day.Milliseconds()
	var rows, covered float64
	for i := 1; i < len(parts); i++ {
		begin, end := parts[i-1].until, min(parts[i].until, to)
		if overlap := end - max(begin, from); overlap > 0 {
			rows += float64(parts[i].rows) * float64(overlap) / float64(end-begin)
			covered += float64(overlap)
		}
	}
	if covered == 0 {
		return 0, false
	}
	return rows / covered * float64(day.Milliseconds()), true
}

// settled is how far ahead of now partitions are left alone: other instances'
// clocks may be ahead.
const settled = time.Hour

// layout plans the partitions above keep. perDay is how many partitions a day's
// stories fill. Planned ones stay as they are while they fit: from a quarter of
// the size to twice.
func layout(parts []partition, now time.Time, perDay float64) (keep int64, bounds []int64) {
	keep = now.UTC().Truncate(day).UnixMilli()
	for i, p := range parts {
		begun := i == 0 || parts[i-1].until < now.Add(settled).UnixMilli()
		if begun || fits(p.until-parts[i-1].until, perDay) {
			keep = p.until
			continue
		}
		break
	}
	for last := keep; last <= now.Add(partitionsAhead).UnixMilli(); {
		last += lengthFor(perDay).Milliseconds()
		bounds = append(bounds, last)
	}
	return keep, bounds
}

func fits(ms int64, perDay float64) bool {
	length := time.Duration(ms) * time.Millisecond
	filled := float64(length) / float64(day) * perDay
	return filled <= 2 && (filled >= 0.25 || length >= lengths[0])
}

// lengthFor is the greatest length that holds no more than one partition's stories.
func lengthFor(perDay float64) time.Duration {
	for _, d := range lengths {
		if float64(d)*perDay <= float64(day) {
			return d
		}
	}
	return lengths[len(lengths)-1]
}
