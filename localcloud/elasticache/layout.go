package elasticache

import (
	"crypto/sha1"
	"encoding/hex"
	"fmt"
	"strings"
)

// slots is how many hash slots a Redis cluster has.
const slots = 16384

// busOffset is from a node's port to that of the cluster bus.
const busOffset = 10000

// redisID is the name that a node has among Redis's own: 40 hex digits.
func redisID(arn, name string) string {
	sum := sha1.Sum([]byte(arn + "/" + name))
	return hex.EncodeToString(sum[:])
}

// layout is nodes.conf of self in a group that is new: every node knows every
// other from the start, so that nothing has to spread.
func (g *group) layout(self *node) string {
	text := ""
	for i, s := range g.shards {
		from, to := i*slots/len(g.shards), (i+1)*slots/len(g.shards)-1
		for n, member := range s.nodes {
			flags, owns, epoch := "master -", fmt.Sprintf(" %d-%d", from, to), i+1
			if n > 0 {
				flags, owns, epoch = "slave "+s.nodes[0].id, "", 0 // it has none of its own
			}
			text += line(member, member == self, flags, epoch) + owns + "\n"
		}
	}
	return text + trailer(len(g.shards))
}

// joining is nodes.conf of a node that is to join a cluster that runs; nodes is
// what a member says of it. Primary is empty for a node of a new shard.
func joining(self *node, primary, nodes string, epoch int) string {
	text := ""
	for member := range strings.Lines(nodes) {
		text += strings.ReplaceAll(member, "myself,", "")
	}
	flags := "master -"
	if primary != "" {
		flags = "slave " + primary
	}
	return text + line(self, true, flags, 0) + "\n" + trailer(epoch)
}

// line is one of nodes.conf, up to the slots.
func line(n *node, self bool, flags string, epoch int) string {
	if self {
		flags = "myself," + flags
	}
	port := n.cfg.Port
	return fmt.Sprintf("%s %s:%d@%d %s 0 0 %d connected", n.id, n.cfg.Address, port, port+busOffset, flags, epoch)
}

func trailer(epoch int) string { return fmt.Sprintf("vars currentEpoch %d lastVoteEpoch 0\n", epoch) }
