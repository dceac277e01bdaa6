// Package elb is the Application Load Balancer of the local cloud: balancers
// with one loopback address per subnet, listeners that forward, redirect or
// answer by themselves, and target groups with health checks, draining and
// fail-open as on AWS.
//
// Two things differ. A target is asked several times per interval until it
// passes for the first time, as the many nodes of an AWS balancer would.
// Authentication, network balancers, a forward to several groups and the
// conditions other than path-pattern and host-header are refused with an
// error; stickiness is ignored.
package elb
