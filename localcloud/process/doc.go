// Package process runs the programs behind the local cloud: each in its own
// directory with its own log, ready when it says so, stopped gracefully and
// then by force, and never outliving the process that started it.
package process
