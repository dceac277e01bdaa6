// Package region decides whether this region may write. The database's lease
// says who writes; the peer region's word that it writes under a higher epoch
// says that our database is stale. Each region watches the other.
package region
