// Package frontdoor is a user on the internet: plain HTTP on one fixed local
// address, which looks the domain up in the local Route 53, keeps the answer
// for its TTL, and speaks HTTPS to the balancer that it names, verifying the
// certificate. A failover therefore reaches the user when it would on AWS.
//
// A browser has no certificate of the domain for a loopback address, so the
// page is served over plain HTTP. The app must not notice: Origin and Referer
// that name the front door are rewritten to the domain, Location back, and
// cookies lose Secure and Domain. Chrome and Firefox do send Secure cookies to
// loopback addresses, Safari and most HTTP libraries do not; nothing leaves
// this machine either way.
package frontdoor
