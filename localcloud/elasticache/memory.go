package elasticache

import (
	"context"
	"fmt"
	"strconv"
	"strings"
)

// memoryScale is which part of a node's memory on AWS it has here.
const memoryScale = 32

// smallMemory is the GiB of the types that no rule gives, and largeMemory those
// of the size large of each family, which double with the size (ElastiCache user
// guide, Redis OSS node-type specific parameters: maxmemory).
var (
	smallMemory = map[string]float64{
		"t4g.micro": 0.5, "t4g.small": 1.37, "t4g.medium": 3.09,
		"t3.micro": 0.5, "t3.small": 1.37, "t3.medium": 3.09,
	}
	largeMemory = map[byte]float64{'m': 6.38, 'r': 13.07, 'c': 3.09}
)

const defaultNodeType = "cache.t4g.small"

// maxMemory is the bytes that a node of a type holds here.
func maxMemory(nodeType string) int64 {
	family, size, _ := strings.Cut(strings.TrimPrefix(nodeType, "cache."), ".")
	gib, small := smallMemory[family+"."+size]
	if !small && family != "" {
		gib = largeMemory[family[0]] * times(size)
	}
	if gib == 0 {
		return maxMemory(defaultNodeType)
	}
	return int64(gib*(1<<30)) / memoryScale
}

// times is how many of the size large a size is.
func times(size string) float64 {
	if size == "large" {
		return 1
	}
	n, err := strconv.ParseFloat("0"+strings.TrimSuffix(size, "xlarge"), 64)
	if err != nil {
		return 0
	}
	return 2 * max(n, 1)
}

// fits refuses to have so many shards of a type when the data need more: AWS
// scales in and down only where they fit (ElastiCache user guide, Scaling
// clusters; the words are ours).
func (g *group) fits(ctx context.Context, shards int, nodeType string) error {
	used := int64(0)
	for _, primary := range g.primaries(ctx) {
		bytes, err := primary.dataset(ctx)
		if err != nil {
			return err
		}
		used += bytes
	}
	if room := int64(shards) * maxMemory(nodeType); used > room {
		return fmt.Errorf("InvalidReplicationGroupState: the data take %d MiB, and %d shards of %s hold %d MiB: "+
			"delete some, or keep more shards or a larger type", used>>20, shards, nodeType, room>>20)
	}
	return nil
}

// dataset is the bytes that a server's keys take.
func (s *Server) dataset(ctx context.Context) (bytes int64, err error) {
	info, err := s.client.Info(ctx, "memory").Result()
	if err != nil {
		return 0, err
	}
	for field := range strings.Lines(info) {
		if value, ok := strings.CutPrefix(strings.TrimSpace(field), "used_memory_dataset:"); ok {
			return strconv.ParseInt(value, 10, 64)
		}
	}
	return 0, fmt.Errorf("redis-server does not say what its data take")
}
