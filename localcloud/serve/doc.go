// Package serve is the one process of the local cloud: the provider that the
// engine talks to, the services behind it, and a control endpoint for the
// command line. It outlives the command that started it, and brings every body
// back after a restart.
package serve
