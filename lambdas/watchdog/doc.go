// Command watchdog is the Lambda with which each region looks at the other once
// a minute: it asks the peer's /healthz/region and the page that users open, and
// writes what it saw as metrics (CloudWatch embedded metric format) of the
// namespace NewsFeed, with the region that looks as their dimension.
//
// It judges nothing and changes nothing: alarms do the one, people the other.
package main
