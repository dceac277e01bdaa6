// Package route53 is the DNS of the local cloud: an authoritative server over
// UDP and TCP for the records that the program declares, with failover,
// latency, weighted and multivalue routing, aliases to balancers, and health
// checks that decide what is answered.
//
// Where AWS probes from many regions, here one prober does, and it looks names
// up here: a name outside of the declared zones fails. As on AWS, health
// checks don't verify certificates, a new health check counts as healthy, and
// when nothing is healthy all is answered as if everything were.
package route53
