package cloudwatch

import (
	"math"
	"slices"
)

// sketch counts values in bins whose bounds grow by accuracy: what a percentile
// is read from, within half of that.
type sketch struct{ bins []bin }

type bin struct {
	key   int32 // the logarithm of the size, mirrored for negative values
	count float32
}

const (
	accuracy = 1.02
	maxBins  = 512
	// zeroKey is the bin of 0 and of what is next to nothing; sizes from 1e-9
	// on have positive keys.
	zeroKey = 0
	tiny    = 1e-9
)

var step = math.Log(accuracy)

func keyOf(v float64) int32 {
	size := math.Abs(v)
	if size < tiny {
		return zeroKey
	}
	key := 1 + int32(math.Round(math.Log(size/tiny)/step))
	if v < 0 {
		return -key
	}
	return key
}

func valueOf(key int32) float64 {
	switch {
	case key == zeroKey:
		return 0
	case key < 0:
		return -valueOf(-key)
	}
	return tiny * math.Exp(float64(key-1)*step)
}

func (s *sketch) add(v, count float64) { s.addBin(bin{keyOf(v), float32(count)}) }

func (s *sketch) addBin(b bin) {
	i, found := slices.BinarySearchFunc(s.bins, b.key, func(have bin, key int32) int { return int(have.key) - int(key) })
	if found {
		s.bins[i].count += b.count
		return
	}
	s.bins = slices.Insert(s.bins, i, b)
	if len(s.bins) > maxBins { // the smallest values lose their accuracy first
		s.bins[1].count += s.bins[0].count
		s.bins = slices.Delete(s.bins, 0, 1)
	}
}

func (s *sketch) merge(o *sketch) {
	for _, b := range o.bins {
		s.addBin(b)
	}
}

// quantile returns the value below which that share of all is.
func (s *sketch) quantile(share float64) float64 {
	total := 0.0
	for _, b := range s.bins {
		total += float64(b.count)
	}
	rank, seen := share*total, 0.0
	for _, b := range s.bins {
		if seen += float64(b.count); seen >= rank {
			return valueOf(b.key)
		}
	}
	return math.NaN()
}
