// Package engine drives the real Pulumi engine over the stacks of the project,
// with the program inline and the local cloud for its aws provider. The state
// is kept in files; the committed stack files are read and never written.
// What a program registers passes a monitor: it refuses what the package order
// says that AWS refuses, whatever the order in which the engine would get to it.
package engine
