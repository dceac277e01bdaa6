package main

import (
	"math"
	"slices"
	"time"
)

// rounds is how many slices each side of a comparison gets.
const rounds = 8

// slice is how long one of them lasts.
func (b *bench) slice() time.Duration { return time.Duration(b.Seconds) * time.Second / rounds }

// rates are several measurements of several things, made in turn: a slow moment
// of the machine hits all alike.
type rates [][]float64

// interleave measures each f n times, in turn.
func interleave(n int, f ...func() (float64, error)) (rates, error) {
	r := make(rates, len(f))
	for range n {
		for i := range f {
			rate, err := f[i]()
			if err != nil {
				return nil, err
			}
			r[i] = append(r[i], rate)
		}
	}
	return r, nil
}

func (r rates) median(i int) float64 { return middle(r[i]) }

// ratio is the median of the rounds' own ratios.
func (r rates) ratio(i, j int) float64 {
	ratios := make([]float64, len(r[i]))
	for k := range ratios {
		ratios[k] = r[i][k] / r[j][k]
	}
	return round(middle(ratios), 3)
}

func middle(values []float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	return (sorted[(len(sorted)-1)/2] + sorted[len(sorted)/2]) / 2
}

func round(v float64, digits int) float64 {
	p := math.Pow10(digits)
	return math.Round(v*p) / p
}
