// Package cloud is what the services of the local cloud share: the record of
// every resource the program declared, the contract between the provider and
// the bodies that give some of those resources life, and the addresses.
//
// A record outlives the process: after a kill -9 or a reboot every body is
// brought back from it.
package cloud
