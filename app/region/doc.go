// Package region decides whether this region may write. The lease in its own
// database says who does; the peer region's word that it writes under a higher
// epoch says that our database is stale. Each region watches the other. Who asks
// is told by Watcher alone, so that what the decision rests on may change here.
// It does not stop a writer that is cut off and alive.
package region
