// Package boot is what an instance is given to start by itself, for good: units,
// scripts and settings as files of their own, and the cloud-config that writes
// them. Everything lands in /etc and /opt, so that a reboot needs no cloud-init.
//
// Nothing here is secret, for anybody who may describe a launch template can read
// it, and nothing depends on the region's role.
package boot
