// Package boot is what an instance is given to start by itself, for good: units,
// scripts and settings as files of their own, and the cloud-config that writes
// them. Everything lands in /etc and /opt, so that a reboot needs no cloud-init.
//
// Nothing here is secret, for anybody who may describe a launch template can read
// it, and nothing depends on the region's role.
//
// The tests run all of it under a real systemd, and cloud-init judges the
// cloud-config. They do not reproduce cloud-init's own run, the journal, the order
// of a whole system's boot (network-online.target is there at once), Amazon Linux
// (systemd has the same version there, 252) and arm64; S3, dnf, the agent and the
// AWS CLI are stand-ins.
package boot
