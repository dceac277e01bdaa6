// Package autoscaling gives launch templates and groups a body: every instance
// is one process of the app, with a loopback address of its own and the
// environment that user data writes. An instance whose process ends, or that
// fails its target group's health check, is replaced; a new version of the
// launch template rolls the group, one healthy instance at a time.
//
// What it does not reproduce: the operating system below the app (of cloud-init
// it reads feed.env and the unit's commands), scaling policies and schedules,
// Spot interruptions, instance types.
package autoscaling
