package mysql_test

import (
	"math"
	"testing"
	"time"

	"newsfeed/app/mysql"
)

// simulate runs the hourly job over days, with rate(day) stories a day that come
// five times as fast at noon as at midnight, and returns the partitions that are over.
func simulate(days int, perPartition float64, rate func(day int) float64) (untils, rows []int64) {
	const hour = int64(time.Hour / time.Millisecond)
	start := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC).UnixMilli()
	now := start
	_, untils = mysql.Layout(nil, nil, now, perPartition)
	rows = make([]int64, len(untils))
	current := 0
	for h := range int64(days) * 24 {
		now = start + h*hour
		for untils[current] <= now {
			current++
		}
		daily := 1 + 2.0/3*math.Sin(2*math.Pi*float64(h%24-6)/24)
		rows[current] += int64(rate(int(h/24)) / 24 * daily)
		keep, bounds := mysql.Layout(untils, rows, now, perPartition)
		for untils[len(untils)-1] > keep {
			untils, rows = untils[:len(untils)-1], rows[:len(rows)-1]
		}
		for _, b := range bounds {
			untils, rows = append(untils, b), append(rows, 0)
		}
		if current >= len(untils) || untils[len(untils)-1] < now+7*24*hour {
			panic("no partitions ahead")
		}
	}
	return untils[:current], rows[:current]
}

func TestPartitionsFollowTheVolume(t *testing.T) {
	t.Parallel()
	const size = 10e6
	for name, c := range map[string]struct {
		rate func(day int) float64
		// settling is how many days around a change of the rate don't count.
		changes []int
	}{
		"a steady day's worth":                        {rate: func(int) float64 { return 10e6 }},
		"a small site":                                {rate: func(int) float64 { return 5e5 }},
		"a huge one":                                  {rate: func(int) float64 { return 150e6 }},
		"a month of ten times the month before":       {rate: func(d int) float64 { return []float64{2e6, 20e6, 2e6}[min(d/30, 2)] }, changes: []int{30, 60}},
		"growth of a tenth a week":                    {rate: func(d int) float64 { return 3e6 * math.Pow(1.1, float64(d)/7) }},
		"a sale: three days of twenty times the rest": {rate: func(d int) float64 { return map[bool]float64{true: 40e6, false: 2e6}[d/3 == 15] }, changes: []int{45, 48}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			untils, rows := simulate(120, size, c.rate)
			start := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC).UnixMilli()
			least, most := math.Inf(1), 0.0
			for i := 1; i < len(untils); i++ {
				from, to := float64(untils[i-1]-start)/864e5, float64(untils[i]-start)/864e5
				if from < 2 {
					continue // before the rate was known
				}
				settled := true
				for _, change := range c.changes {
					settled = settled && (to <= float64(change) || from >= float64(change)+1)
				}
				if !settled {
					continue
				}
				least, most = min(least, float64(rows[i])), max(most, float64(rows[i]))
			}
			t.Logf("%d partitions of %.1f to %.1f million stories", len(untils), least/1e6, most/1e6)
			if most > 2.5*size {
				t.Errorf("a partition holds %.1f million", most/1e6)
			}
			if most > 16*least {
				t.Errorf("the largest holds %.0f times the smallest", most/least)
			}
		})
	}
}
