// Package inmem is the whole product in the memory of one process: for a first
// look without any store, and as the plain model that tests hold the real one
// against. It is simple on purpose: one lock, and every feed is found by
// looking at all stories.
package inmem
