// Package autoscaling gives launch templates, groups, lifecycle hooks and
// scheduled actions a body, and answers EC2 Auto Scaling's API. Every instance
// is a machine of processes with a loopback address of its own: it runs the
// units that its user data writes, as systemd would. The group launches, judges
// and replaces instances as AWS does: hooks, health checks, instance
// maintenance policy, instance refresh with bake, alarms and rollback. What takes
// AWS minutes takes as long here, divided by the pace of the clock.
//
// The group's launch template version belongs to AWS, not to the program: a
// refresh moves it, and an update that declares the same version as before
// leaves it where it is.
//
// What it does not reproduce: the operating system below the units (of
// cloud-init it reads the files that are written), scaling policies (they are
// described, not acted on), warm pools, standby, scale-in protection,
// termination hooks, weights, Spot, maximum lifetime, checkpoints, instances of a
// refresh told apart by more than their launch template's version, and the
// service's own delay between a failed health check and what follows from it.
package autoscaling
