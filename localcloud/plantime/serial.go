package plantime

import "newsfeed/localcloud/order"

// must says whether AWS itself has before ready when it makes after: the
// independent statement that the program's own dependencies are held to.
func must(before, after *Node) bool {
	if !after.Custom || !before.Custom {
		return true // components take no time
	}
	return order.Precedes(kind(before), kind(after))
}

func kind(n *Node) string { return order.Kind(n.Type) }
