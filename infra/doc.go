// Package infra declares the whole AWS architecture of newsfeed: two stacks of
// one program, seoul and tokyo, with one architectural noun per file.
//
// Start with Deploy in infra.go, which reads like the diagram; config.go says
// what may be configured and strategy.go what a stack holds. Every component is
// a Pulumi ComponentResource made by New<Noun>, takes plain Go values where a
// value is known up front, and exposes only what another component uses.
package infra
