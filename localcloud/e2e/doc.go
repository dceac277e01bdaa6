// Package e2e tests the whole: both regions up on this machine, from the
// command line a user has, with real processes and over real sockets. It uses
// its own directory, ports and address blocks, so that it runs beside a
// 'make up' that someone left running.
//
// NEWSFEED_DRILLS=all adds the failovers from the strategies that 'make test'
// leaves out for the time they take.
package e2e
